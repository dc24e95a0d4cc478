"""Time that a fault takes: a connection that is held, and an effect that happens after its answer was lost."""

import threading
import time
from collections.abc import Callable

from sandbox.faults import Fault


class Late:
    """`hold_ms` counts for a fault that names no delay of its own."""

    def __init__(self, hold_ms: int) -> None:
        self._hold_ms = hold_ms
        self._lock = threading.Lock()
        self._due: set[threading.Timer] = set()

    def seconds(self, fault: Fault, share: float = 1.0) -> float:
        """The delay that was ordered; without one the usual time, or a share of it."""
        return (self._hold_ms * share if fault.delay_ms is None else fault.delay_ms) / 1000

    def hold(self, fault: Fault, share: float = 1.0) -> None:
        time.sleep(self.seconds(fault, share))

    def do(self, fault: Fault, work: Callable[[], object]) -> None:
        """Does it when the delay is over, in a thread of its own."""

        def act() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._due.discard(timer)

        timer = threading.Timer(self.seconds(fault), act)
        timer.daemon = True
        with self._lock:
            self._due.add(timer)
        timer.start()

    def pending(self) -> int:
        """Effects that are still to happen."""
        with self._lock:
            return len(self._due)

    def cancel(self) -> None:
        """They never happen: the world in which they were asked for is gone."""
        with self._lock:
            for timer in self._due:
                timer.cancel()
            self._due.clear()
