"""The order of all events and which of them are still there, kept in memory so that a subscriber never waits for a writer."""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

from sandbox.store import Doc, Store

KIND = "sf#events"
# real counters are in the millions when one first meets them
FIRST = 1_104_717
RETENTION_S = 72 * 3600
# expired events are thrown away when there are more of them than this; the real purge may be late, too
LATE_PURGE = 20_000
_TAIL = b"\0\0"


class Corrupted(ValueError):
    """The replay id is malformed, expired, or of another stream: Salesforce has one answer for all three."""


@dataclass(frozen=True, slots=True)
class Event:
    counter: int
    uuid: str
    schema_id: str
    payload: bytes
    at: float
    dropped: bool

    @property
    def replay_id(self) -> bytes:
        return replay_id(self.counter)


def replay_id(counter: int) -> bytes:
    """Eight bytes, big-endian, and two zero bytes."""
    return counter.to_bytes(8, "big") + _TAIL


def event(key: str, doc: Doc) -> Event:
    return Event(int(key), doc["uuid"], doc["schema_id"], base64.b64decode(doc["payload"]), doc["at"], doc["dropped"])


class Log:
    """Follows the store, which only tells whole commits, in their order; rings whoever listens when something came."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._bells: dict[object, Callable[[], None]] = {}
        # grows when the past was replaced: streams that were opened before are of another world
        self.epoch = 0
        self.start([])

    # -- told by the store

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        with self._lock:
            self.epoch += 1
            self._counters: list[int] = []
            self._ats: list[float] = []
            self._events: list[Event] = []
            for key, doc in docs:
                self._append(event(key, doc))
        self.ring()

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        with self._lock:
            for key, doc in docs:
                if doc is not None:
                    self._take(event(key, doc))
        self.ring()

    def _take(self, one: Event) -> None:
        at = bisect_left(self._counters, one.counter)
        if at == len(self._counters):
            self._append(one)
        elif self._counters[at] == one.counter:
            self._events[at] = one

    def _append(self, one: Event) -> None:
        self._counters.append(one.counter)
        self._events.append(one)
        # never falls, even when the clock was set back: it is searched in halves
        self._ats.append(max(one.at, self._ats[-1] if self._ats else one.at))

    # -- for subscribers

    def listen(self, key: object, ring: Callable[[], None]) -> None:
        """Calls `ring` (from any thread) whenever events may have come."""
        with self._lock:
            self._bells[key] = ring

    def leave(self, key: object) -> None:
        with self._lock:
            self._bells.pop(key, None)

    def ring(self) -> None:
        for bell in list(self._bells.values()):
            bell()

    def tip(self) -> int:
        """The counter of the newest event."""
        with self._lock:
            return self._counters[-1] if self._counters else FIRST

    def horizon(self, now: float) -> int:
        """The counter after which everything is still retained."""
        with self._lock:
            gone = bisect_left(self._ats, now - RETENTION_S)
            return self._counters[gone - 1] if gone else FIRST

    def position(self, replay: bytes, now: float) -> int:
        """The counter behind a replay id of 8 or 10 bytes, of an event or a mark. Raises Corrupted."""
        if len(replay) not in (8, 10) or (len(replay) == 10 and not replay.endswith(_TAIL)):
            raise Corrupted("malformed")
        counter = int.from_bytes(replay[:8], "big")
        oldest = self.horizon(now)
        if counter > self.tip() + 1 or counter < oldest or (counter == oldest and oldest != FIRST):
            raise Corrupted("expired, or of another stream")
        return counter

    def mark(self, counter: int, now: float) -> bytes:
        """A replay id with which to go on after this counter. Behind an event that is retained no more lies one that no event has."""
        oldest = self.horizon(now)
        return replay_id(counter + 1 if counter == oldest != FIRST else counter)

    def after(self, counter: int, limit: int) -> list[Event]:
        with self._lock:
            start = bisect_right(self._counters, counter)
            return self._events[start : start + limit]

    # -- what changes events

    def drop(self, one: Event) -> None:
        """This event is lost for everybody and for good."""
        doc = self._store.get(KIND, str(one.counter))
        if doc:
            self._store.put(KIND, str(one.counter), {**doc, "dropped": True})

    def purge(self, now: float) -> None:
        """Throws expired events away when there are many; the newest of them stays, as the mark of the horizon."""
        with self._lock:
            expired = bisect_left(self._ats, now - RETENTION_S) - 1
            if expired <= LATE_PURGE:
                return
            gone = self._counters[:expired]
            for held in (self._counters, self._ats, self._events):
                del held[:expired]
        with self._store.write():
            for counter in gone:
                self._store.drop(KIND, str(counter))


_LOGS: WeakKeyDictionary[Store, Log] = WeakKeyDictionary()
_LOGS_LOCK = Lock()


def log(store: Store) -> Log:
    """The one log of a store: publishers and subscribers meet there."""
    with _LOGS_LOCK:
        held = _LOGS.get(store)
        made = _LOGS.setdefault(store, held or Log(store))
    if held is None:
        # not under our lock: a publisher may hold the store's already
        store.follow(KIND, made)
    return made
