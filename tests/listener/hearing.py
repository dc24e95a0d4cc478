"""A listener in the test's own process against the sandbox's real stream: its waits are cut short, all else is as it is."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

from console import wiring
from console.clients.salesforce_ids import canonical_id
from console.models import Heartbeat, InboxEvent, Lease, StreamCursor
from console.models.base import db_now
from listener import Listener, Told
from tasks import Bell
from tests.proving import busy
from tests.support.processes import Process, eventually
from tests.support.sandbox import Control

ENDS_S = 5
_LONGEST_S = 0.3
_numbers = count(1)


class Impatient(threading.Event):
    """Nobody has an hour, nor a minute; the log tells how long was asked for."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(min(timeout or 0.0, _LONGEST_S))


class Hearing:
    """`listener` runs in a thread until `stop`."""

    def __init__(self, console: wiring.Console, control: Control) -> None:
        self.control, self.queue = control, wiring.queue(console.settings)
        self.listener = Listener(console, Bell(self.queue), Told())
        self.listener.stopping = Impatient()
        self._code: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self._code = self.listener.run()

    def start(self) -> Hearing:
        """Until its subscription stands: what is published from now on is heard."""
        self._thread.start()
        eventually(lambda: subscribers(self.control) == 1, what="a subscription")
        return self

    def stop(self) -> int | None:
        """Its exit code, after it was told to end if it has not yet ended."""
        self.listener.told.stop()
        return self.ended()

    def ended(self) -> int | None:
        """Its exit code, once it ends."""
        self._thread.join(ENDS_S * busy.factor())
        assert not self._thread.is_alive(), "the listener does not end"
        return self._code

    def rung(self) -> list[str]:
        """Names of the tasks that wait in its queue."""
        return [task.name for task in self.queue.pending()]

    @property
    def position(self) -> bytes | None:
        cursor = StreamCursor.of(self.listener.channel)
        return bytes(cursor.replay_id) if cursor else None


def publish(control: Control) -> str:
    """An event about an order that no org has; its key."""
    number = next(_numbers)
    control.publish(OrderId__c=canonical_id(f"801D1{number:010d}"), IdemKey__c=f"key-{number}")
    return f"key-{number}"


def settled(hearing: Hearing, control: Control) -> str:
    """It listens and has a position, that of the event with this key."""
    hearing.start()
    key = publish(control)
    await_recorded(key)
    return key


def recorded() -> list[str]:
    """Keys of the events in the inbox, in their order there."""
    return [row.idem_key for row in InboxEvent.select().order_by(InboxEvent.id)]


def await_recorded(*keys: str) -> None:
    """Until these events are in the inbox and nothing else."""
    eventually(lambda: len(recorded()) >= len(keys), what=f"{len(keys)} events")
    assert recorded() == list(keys)


def terminated(listener: Process) -> bool:
    """It has ended cleanly within five seconds of SIGTERM; nobody misses it, and the next one need not wait."""
    assert listener.terminate(ENDS_S * busy.factor()) == 0
    assert Heartbeat.select().count() == 0
    return Lease.select().where(Lease.owner.startswith("listener:") & (Lease.until > db_now())).count() == 0


def subscribers(control: Control) -> int:
    """How many subscriptions stand at this moment, as the sandbox sees it."""
    calls = [call for call in control.calls("pubsub") if call["operation"] == "Subscribe"]
    return len(_names(calls, {"OPEN"}) - _names(calls, {call["status"] for call in calls} - {"OPEN", None}))


def _names(calls: list[dict[str, Any]], states: set[str | None]) -> set[str]:
    return {call["correlation_id"] for call in calls if call["status"] in states}
