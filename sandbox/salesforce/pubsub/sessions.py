"""Which open streams stand on which session: a stream ends when somebody ends its session, not when that only grew old."""

from collections.abc import Callable
from threading import Lock

from sandbox import clock
from sandbox.salesforce.sessions import KIND
from sandbox.store import Doc, Store


class Watch:
    """Follows the sessions in the store. One that was idle for longer than `life_s` is merely forgotten: streams outlive it."""

    def __init__(self, store: Store, life_s: float) -> None:
        self._store, self._life_s = store, life_s
        self._lock = Lock()
        self._held: dict[str, tuple[str, Callable[[], None]]] = {}
        self._used: dict[str, float] = {}
        store.follow(KIND, self)

    # -- told by the store

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        """The past was replaced: streams end of themselves."""
        with self._lock:
            self._used = {token: doc["used_at"] for token, doc in docs}

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        for ring in [ring for token, doc in docs for ring in self._ended(token, doc)]:
            ring()

    def _ended(self, token: str, doc: Doc | None) -> list[Callable[[], None]]:
        with self._lock:
            if doc is not None:
                self._used[token] = doc["used_at"]
                return []
            used = self._used.pop(token, 0.0)
            if clock.now() - used > self._life_s:
                return []
            return [ring for held, ring in self._held.values() if held == token]

    # -- for streams

    def hold(self, stream: str, token: str, ring: Callable[[], None]) -> None:
        """Calls `ring` (from any thread) when the session is ended; a second call puts the stream on another session."""
        with self._lock:
            self._held[stream] = (token, ring)
            ended = token not in self._used
        if ended:
            ring()

    def leave(self, stream: str) -> None:
        with self._lock:
            self._held.pop(stream, None)
