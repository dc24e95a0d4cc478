"""Access tokens of the org: who holds which, and when one has been idle for too long."""

import string

from sandbox import clock
from sandbox.chance import letters
from sandbox.store import Doc, Store

KIND = "sf#sessions"
ALPHABET = string.ascii_letters + string.digits + "._"


class Sessions:
    """Kept in the store, so that every door (REST, Pub/Sub) sees the same ones. `life_s` counts from the last use."""

    def __init__(self, store: Store, org_id: str, life_s: float) -> None:
        self._store, self._org15, self._life_s = store, org_id[:15], life_s

    def open(self, user_id: str) -> str:
        """A new token: the 15-character org id, an exclamation mark, 96 opaque characters."""
        with self._store.write():
            self._forget_the_dead()
            token = f"{self._org15}!{letters(self._store, 'session', 96, ALPHABET)}"
            self._store.put(KIND, token, {"user_id": user_id, "used_at": clock.now()})
        return token

    def user(self, token: str) -> str | None:
        """The user id behind a token that is alive; using it keeps it alive."""
        session = self._store.get(KIND, token)
        if session is None or _idle(session) > self._life_s:
            return None
        if _idle(session) > self._life_s / 20:
            self._use(token)
        return str(session["user_id"])

    def _use(self, token: str) -> None:
        with self._store.write():
            session = self._store.get(KIND, token)
            # one that was ended meanwhile stays ended
            if session is not None:
                self._store.put(KIND, token, {**session, "used_at": clock.now()})

    def of(self, user_id: str) -> str | None:
        """The token of a session that the user has already."""
        return next((token for token in self._store.keys(KIND)[::-1] if self.user(token) == user_id), None)

    def end(self, token: str) -> bool:
        """Whether there was such a session."""
        with self._store.write():
            alive = self.user(token) is not None
            self._store.drop(KIND, token)
            return alive

    def end_all(self) -> None:
        """Every token is invalid from now on, as after a revocation by an administrator."""
        with self._store.write():
            for token in self._store.keys(KIND):
                self._store.drop(KIND, token)

    def _forget_the_dead(self) -> None:
        for token in self._store.keys(KIND):
            session = self._store.get(KIND, token)
            if session and _idle(session) > self._life_s:
                self._store.drop(KIND, token)


def _idle(session: Doc) -> float:
    return clock.now() - float(session["used_at"])
