"""A client that shares nothing with the sandbox but the public protocol: its messages, Apache's Avro, TLS by the CA file."""

import time
from collections.abc import Callable
from typing import Any

import avro.errors
import avro.schema
import pytest

from tests.sandbox.eventbus import CUSTOM, EARLIEST, MESSAGES, EventBus, decoded, refused
from tests.support.sandbox import Control, Running

ORDER = "801SB0000000007AAA"


@pytest.mark.parametrize("plain", [False, True])
def test_it_reads_events_with_apache_avro(sandbox: Running, control: Control, plain: bool) -> None:
    eventbus = EventBus(sandbox.info["salesforce"], plain)
    stream = eventbus.listening(control)
    control.publish(OrderId__c=ORDER, IdemKey__c="注文-7")
    event = stream.events(1)[0].event
    schema = eventbus.schema(event.schema_id)
    assert isinstance(schema, avro.schema.RecordSchema)
    assert schema.fullname == "com.sforce.eventbus.OrderProvisionRequested__e"
    assert [field.name for field in schema.fields[:2]] == ["CreatedDate", "CreatedById"]
    record = decoded(schema, event.payload)
    assert (record["OrderId__c"], record["IdemKey__c"]) == (ORDER, "注文-7")
    assert record["CreatedById"].startswith("005")
    eventbus.close()


def test_it_publishes_what_apache_avro_wrote(eventbus: EventBus, control: Control, free: Control) -> None:
    stream = eventbus.listening(control)
    sent = [eventbus.event(event_id="mine", OrderId__c=ORDER, IdemKey__c=None), eventbus.event(IdemKey__c="b")]
    answer = eventbus.ask("Publish", topic_name=eventbus.topic, events=sent)
    assert (answer.schema_id, bool(answer.rpc_id)) == (sent[0].schema_id, True)
    seen = stream.events(2)
    # an id of one's own comes back, another is made up
    assert [each.correlation_key for each in answer.results] == [each.event.id for each in seen]
    assert (seen[0].event.id, len(seen[1].event.id)) == ("mine", 36)
    assert [each.replay_id for each in answer.results] == [each.replay_id for each in seen]
    assert [each.event.payload for each in seen] == [each.payload for each in sent]
    assert decoded(eventbus.schema(seen[0].event.schema_id), seen[0].event.payload)["OrderId__c"] == ORDER


def test_it_reads_events_of_two_schemas(eventbus: EventBus, control: Control, free: Control) -> None:
    stream = eventbus.listening(control)
    control.publish(IdemKey__c="before")
    control.fault("pubsub", "Subscribe", "schema_change")
    control.publish(IdemKey__c="after")
    old, new = (each.event for each in stream.events(2))
    assert len({old.schema_id, new.schema_id, eventbus.ask("GetTopic", topic_name=eventbus.topic).schema_id}) == 2
    before, after = (decoded(eventbus.schema(each.schema_id), each.payload) for each in (old, new))
    assert (before["IdemKey__c"], after["IdemKey__c"]) == ("before", "after")
    assert after.keys() > before.keys()
    with pytest.raises((avro.errors.AvroException, AssertionError)):
        decoded(eventbus.schema(old.schema_id), new.payload)
    # a publisher that has not heard of it yet
    answer = eventbus.ask("Publish", topic_name=eventbus.topic, events=[eventbus.event(old.schema_id, IdemKey__c="late")])
    event = stream.events(1)[0].event
    assert (answer.schema_id, event.schema_id) == (old.schema_id, old.schema_id)
    assert decoded(eventbus.schema(event.schema_id), event.payload)["IdemKey__c"] == "late"


def test_it_resumes_after_an_event_over_a_new_connection(eventbus: EventBus, sandbox: Running, control: Control) -> None:
    stream = eventbus.listening(control)
    for key in "abc":
        control.publish(IdemKey__c=key)
    first, *others = stream.events(3)
    again = EventBus(sandbox.info["salesforce"])
    resumed = again.subscribe(replay_preset=CUSTOM, replay_id=first.replay_id)
    assert [each.event.id for each in resumed.events(2)] == [each.event.id for each in others]
    again.close()


def test_it_publishes_batches_without_waiting(eventbus: EventBus, control: Control, free: Control) -> None:
    stream = eventbus.listening(control)
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=[eventbus.event(event_id="1"), eventbus.event(event_id="2")])
    press.send(events=[eventbus.event(event_id="3")])
    press.send(topic_name=eventbus.topic, events=[eventbus.event(event_id="4")])
    press.hang_up()
    answers = list(press)
    assert [[result.correlation_key for result in each.results] for each in answers] == [["1", "2"], ["3"], ["4"]]
    assert len({each.rpc_id for each in answers}) == 1
    assert press.call.code().name == "OK"
    assert [each.event.id for each in stream.events(4)] == ["1", "2", "3", "4"]


def test_it_serves_no_managed_subscriptions(eventbus: EventBus) -> None:
    managed = eventbus.open("ManagedSubscribe", developer_name="Mine", num_requested=1)
    assert refused(managed) == ("UNIMPLEMENTED", None)


def took(eventbus: EventBus, control: Control, batch: list[Any], batches: int) -> float:
    """Seconds from the first request of a publisher to the last event at a subscriber that asks for more at half."""
    stream = eventbus.listening(control)
    began = time.monotonic()
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=batch)
    for _ in range(batches - 1):
        press.send(events=batch)
    press.hang_up()
    seen: list[str] = []
    while len(seen) < batches * len(batch):
        answer = next(stream)
        seen += [each.event.id for each in answer.events]
        if answer.pending_num_requested <= 50:
            stream.send(num_requested=100)
    seconds = time.monotonic() - began
    assert [each.correlation_key for answer in press for each in answer.results] == seen
    stream.hang_up()
    return seconds


def test_it_gives_two_thousand_events_a_second_while_they_come(eventbus: EventBus, control: Control, free: Control) -> None:
    """Published in batches and received at the same time, over TLS; up to three tries, since others work on the machine too."""
    one = eventbus.event(IdemKey__c="k")
    batch = [MESSAGES["ProducerEvent"](schema_id=one.schema_id, payload=one.payload)] * 200
    assert any(4_000 / took(eventbus, control, batch, 20) >= 2_000 for _ in range(3))


def test_its_72_hours_follow_the_clock(eventbus: EventBus, sandbox: Running, control: Control, days: Callable[[float], None]) -> None:
    stream = eventbus.listening(control)
    control.publish(IdemKey__c="old")
    old = stream.events(1)[0]
    days(2.9)
    newer = EventBus(sandbox.info["salesforce"])
    resumed = newer.subscribe(replay_preset=CUSTOM, replay_id=old.replay_id)
    control.publish(IdemKey__c="new")
    new = resumed.events(1)[0]
    days(0.2)
    newest = EventBus(sandbox.info["salesforce"])
    lost = newest.subscribe(replay_preset=CUSTOM, replay_id=old.replay_id)
    assert refused(lost) == ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")
    assert newest.subscribe(replay_preset=EARLIEST).events(1)[0].event.id == new.event.id
    for each in (newer, newest):
        each.close()
