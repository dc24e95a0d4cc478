"""The queue as a doorbell: hears signed rings only, and leaves a queue that is away alone for a moment, for the rows are the truth."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from huey import Huey
from huey.exceptions import HueyException
from huey.serializer import Serializer, SignedSerializer

from console import log

_log = log.logger(__name__)
T = TypeVar("T")
PAUSE_S = 1.0  # between two looks of a worker at a queue that is away
QUIET_S = 5.0  # how long nobody rings at it
TROUBLES: tuple[type[Exception], ...] = (sqlite3.Error, OSError)


class Away(Exception):
    """The queue does not answer, or did not a moment ago and is not asked now."""


class Forged(Exception):
    """A message that nobody signed who has a key of this installation."""


class Signed(Serializer):  # type: ignore[misc]
    """A message is a pickle: whoever may write one may run anything. So none is opened before its signature has been verified.

    The first key signs, all verify: what was rung under a former key is still heard."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signers = [SignedSerializer(secret=key, salt="console.queue") for key in keys]

    def serialize(self, data: Any) -> Any:
        return self._signers[0].serialize(data)

    def deserialize(self, data: Any) -> Any:
        for signer in self._signers:
            with suppress(ValueError, TypeError):  # what Huey says of a signature that is missing or wrong, or of what is no bytes
                return signer.deserialize(data)
        raise Forged


class Doorbell(Huey):  # type: ignore[misc]
    """A Huey that only rings: nothing is scheduled, nothing is revoked, and nobody waits long for it."""

    def __init__(self, name: str, keys: Sequence[str], troubles: tuple[type[Exception], ...] = (), **options: Any) -> None:
        self._troubles = TROUBLES + troubles
        self._away, self._quiet_until = False, 0.0
        self._consumer: Any = None
        super().__init__(name, results=False, serializer=Signed(keys), **options)

    def enqueue(self, task: Any) -> Any:
        """Ring; Away at once where the queue did not answer a moment ago, so that a page does not wait for it again and again."""
        if time.monotonic() < self._quiet_until:
            raise Away
        return self._ask(lambda: super(Doorbell, self).enqueue(task))

    def dequeue(self) -> Any:
        """The next ring, or None. Huey would ask a queue that is away twenty times a second, with a stack trace each."""
        try:
            message = self._ask(self.storage.dequeue)
        except Away:
            time.sleep(PAUSE_S)
            return None
        return None if message is None else self._understood(message)

    def _understood(self, message: Any) -> Any:
        """The task, or None for what is not ours or not known to this version: if it mattered, the sweeper rings again."""
        try:
            return self.deserialize_task(message)
        except (Forged, HueyException) as error:
            _log.warning("queue_message_refused", error_class=type(error).__name__)
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
