"""What will happen without being asked for: activations, renewals, ends. Noted with the change that causes it, done when it is due."""

import heapq
from collections.abc import Callable, Mapping

from sandbox import clock
from sandbox.store import Doc, Store

KIND = "gigs_due"
# the store, the id of the object, and the moment at which it was due
Deeds = Mapping[str, Callable[[Store, str, float], None]]


def note(store: Store, deed: str, key: str, at: float) -> None:
    """To be called in the write block of the change; a second note for the same deed and object replaces the first."""
    store.put(KIND, f"{deed} {key}", {"deed": deed, "id": key, "at": at})


def forget(store: Store, deed: str, key: str) -> None:
    store.drop(KIND, f"{deed} {key}")


class Diary:
    """Knows the next moment without looking through all notes, so that asking costs nothing while nothing is due."""

    def __init__(self, store: Store, deeds: Deeds) -> None:
        self._store, self._deeds = store, deeds
        self._queue: list[tuple[float, str]] = []
        store.follow(KIND, self)

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        self._queue = [(doc["at"], key) for key, doc in docs]
        heapq.heapify(self._queue)

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        for key, doc in docs:
            if doc is not None:
                heapq.heappush(self._queue, (doc["at"], key))

    def catch_up(self) -> None:
        """Does everything that is due, in order; what it causes may be due as well."""
        while (first := self._first()) and first[0] <= clock.now():
            with self._store.write():
                self._do(*first)

    def _first(self) -> tuple[float, str] | None:
        """The next one; what was done, replaced or forgotten leaves the queue here."""
        with self._store.reading() as view:
            while self._queue and (view.get(KIND, self._queue[0][1]) or {"at": None})["at"] != self._queue[0][0]:
                heapq.heappop(self._queue)
            return self._queue[0] if self._queue else None

    def _do(self, at: float, key: str) -> None:
        noted = self._store.get(KIND, key)
        if noted and noted["at"] == at:
            self._store.drop(KIND, key)
            self._deeds[noted["deed"]](self._store, noted["id"], at)
