"""What single events may be: unreadable, doubled, lost, of a new or of an unknown schema. None of them stops the stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.models import InboxEvent, Job, Order
from console.services import reconciling
from console.wiring import Console
from tests.listener.hearing import Hearing, await_recorded, publish, settled
from tests.support import ordered
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running

Hears = Callable[..., Hearing]
Told = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def order(console: Console, sandbox: Running) -> Order:
    return ordered.place(console, *ordered.customer(console, sandbox))


def job_of(order: Order) -> Job:
    return eventually(lambda: Job.of_order(order.sf_order_id), what="a job")


def test_it_keeps_what_it_cannot_read_and_goes_on(hears: Hears, control: Control, order: Order) -> None:
    settled(hears(), control)
    control.fault("pubsub", "Subscribe", "bad_payload", count=1)
    publish(control)
    control.publish(OrderId__c=order.sf_order_id, IdemKey__c="a\0b")  # PostgreSQL would refuse the row
    control.publish(OrderId__c="nonsense", IdemKey__c="k")
    control.approve(order.sf_order_id)
    assert job_of(order).source == "stream"
    _settled, unreadable, refused, meaningless, good = InboxEvent.select().order_by(InboxEvent.id)
    assert (unreadable.state, bytes(unreadable.payload), unreadable.sf_order_id) == ("undecodable", b"\xff" * 16, "")
    assert (refused.state, b"a\0b" in bytes(refused.payload)) == ("undecodable", True)
    assert (meaningless.state, meaningless.reason, meaningless.fields["OrderId__c"]) == ("ignored", "bad_order_id", "nonsense")
    assert (good.state, good.sf_order_id) == ("recorded", order.sf_order_id)


def test_it_takes_a_doubled_event_once(hears: Hears, control: Control, order: Order) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", "duplicate_event", count=1)
    control.approve(order.sf_order_id)
    job_of(order)
    last = publish(control)
    eventually(lambda: InboxEvent.select().where(InboxEvent.idem_key == last).count(), what="the event after it")
    assert (InboxEvent.select().count(), Job.select().where(Job.sf_order_id == order.sf_order_id).count()) == (3, 1)
    assert control.faults()[0]["fired"] == 1
    assert first != last


def test_what_the_stream_lost_is_found_without_it(hears: Hears, control: Control, order: Order, console: Console) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", "drop_event", count=1)
    control.approve(order.sf_order_id)
    last = publish(control)
    await_recorded(first, last)
    assert Job.of_order(order.sf_order_id) is None
    reconciling.reconcile(console.upstreams, ordered.at_once(console.policy))
    assert job_of(order).source == "backfill"


def test_it_reads_old_and_new_events_when_the_schema_changes(hears: Hears, control: Control, told: Told) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", "schema_change")
    second = publish(control)
    await_recorded(first, second)
    old, new = (row.fields for row in InboxEvent.select().order_by(InboxEvent.id))
    assert len(new.keys() - old.keys()) == 1
    assert told("stream_lost") == []
    assert _fetched(control) == 2, "one call for each schema"


def _fetched(control: Control) -> int:
    return sum((call["operation"], call["status"]) == ("GetSchema", "OK") for call in control.calls("pubsub"))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "fault", ["error_before", "unavailable", "reset", "unauthenticated", "expired_session", "throttle", "misconfigured", "timeout_before"]
)
def test_it_holds_the_stream_while_a_schema_cannot_be_had(hears: Hears, control: Control, told: Told, fault: str) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", "schema_change")
    asked = control.fault("pubsub", "GetSchema", fault, count=2, **({"delay_ms": 100} if fault == "timeout_before" else {}))
    second, third = publish(control), publish(control)
    await_recorded(first, second, third)
    assert {row.state for row in InboxEvent.select()} == {"recorded"}, "nothing counts as unreadable for a reason that passes"
    assert next(each for each in control.faults() if each["id"] == asked)["fired"] == 2
    assert len(told("stream_lost") + told("stream_throttled")) == 2
