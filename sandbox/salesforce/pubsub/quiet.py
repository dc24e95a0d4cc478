"""Time as streams see it: the clock of the sandbox, which rings when somebody moves it, and how long a side has said nothing."""

import time
from collections.abc import Callable
from threading import Lock

from sandbox import clock
from sandbox.store import Doc, Store


class Clockwork:
    """Follows the clock in the store, and is set before anybody hears it ring.

    `worlds` grows when the past was replaced: streams that were opened before are of another world.
    """

    def __init__(self, store: Store) -> None:
        self._lock = Lock()
        self._bells: dict[str, Callable[[], None]] = {}
        self._ahead_s = 0.0
        self.worlds = 0
        store.follow(clock.KIND, self)

    # -- told by the store

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        self.worlds += 1
        self.change([*docs] or [(clock.KEY, None)])

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        kept = dict(docs)[clock.KEY]
        self._ahead_s = float(kept["ahead_s"]) if kept else 0.0
        with self._lock:
            bells = [*self._bells.values()]
        for ring in bells:
            ring()

    # -- for streams

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead_s

    def ticks(self) -> float:
        """Seconds that never jump but by what was added to the clock."""
        return time.monotonic() + self._ahead_s

    def listen(self, stream: str, ring: Callable[[], None]) -> None:
        """Calls `ring` (from any thread) whenever the clock was moved."""
        with self._lock:
            self._bells[stream] = ring

    def leave(self, stream: str) -> None:
        with self._lock:
            self._bells.pop(stream, None)


class Quiet:
    """Since when a side has said nothing; a clock that was set back begins it anew."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._ticks, self._since = clockwork.ticks, clockwork.ticks()

    def broken(self) -> None:
        """Something was said."""
        self._since = self._ticks()

    def lasted_s(self) -> float:
        now = self._ticks()
        self._since = min(self._since, now)
        return now - self._since
