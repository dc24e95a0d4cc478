"""The queue as a doorbell: a queue that is away is left alone for a moment and told of once, for the rows are the truth."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from huey import Huey

from console import log

_log = log.logger(__name__)
T = TypeVar("T")
PAUSE_S = 1.0  # between two looks of a worker at a queue that is away
QUIET_S = 5.0  # how long nobody rings at it
TROUBLES: tuple[type[Exception], ...] = (sqlite3.Error, OSError)


class Away(Exception):
    """The queue does not answer, or did not a moment ago and is not asked now."""


class Doorbell(Huey):  # type: ignore[misc]
    """A Huey that only rings: nothing is scheduled, nothing is revoked, and nobody waits long for it."""

    def __init__(self, name: str, troubles: tuple[type[Exception], ...] = (), **options: Any) -> None:
        self._troubles = TROUBLES + troubles
        self._away, self._quiet_until = False, 0.0
        self._consumer: Any = None
        super().__init__(name, results=False, **options)

    def enqueue(self, task: Any) -> Any:
        """Ring; Away at once where the queue did not answer a moment ago, so that a page does not wait for it again and again."""
        if time.monotonic() < self._quiet_until:
            raise Away
        return self._ask(lambda: super(Doorbell, self).enqueue(task))

    def dequeue(self) -> Any:
        """The next ring, or None. Huey would ask a queue that is away twenty times a second, with a stack trace each."""
        try:
            return self._ask(super().dequeue)
        except Away:
            time.sleep(PAUSE_S)
            return None

    def read_schedule(self, timestamp: Any = None) -> list[Any]:
        """Delays are columns of the job."""
        return []

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        """What need not be done any more, the row tells."""
        return False

    def delete(self, key: Any) -> bool:
        """After each task Huey forgets a revocation; there is none, and forgetting it would cost a write to the queue."""
        return False

    def create_consumer(self, **options: Any) -> Any:
        self._consumer = super().create_consumer(**options)
        return self._consumer

    def stopping(self) -> bool:
        """Whether this process's consumer was told to stop: what runs should come to a good place and hand back the rest."""
        return self._consumer is not None and bool(self._consumer.stop_flag.is_set())

    def _ask(self, what: Callable[[], T]) -> T:
        try:
            answer = what()
        except self._troubles as error:
            self._missed(error)
            raise Away from error
        if self._away:
            self._away, self._quiet_until = False, 0.0
            _log.info("queue_reachable")
        return answer

    def _missed(self, error: Exception) -> None:
        self._quiet_until = time.monotonic() + QUIET_S
        if not self._away:
            self._away = True
            _log.warning("queue_unreachable", error_class=type(error).__name__)
