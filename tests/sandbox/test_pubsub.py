"""What a subscriber gets: schemas, replay, flow control, single events that go wrong, and the refusals of a wrong beginning."""

import time
from typing import Any

import avro.errors
import pytest

from tests.sandbox.eventbus import (
    CUSTOM,
    EARLIEST,
    KEEPALIVE_S,
    ORDER,
    EventBus,
    advance,
    decoded,
    failure,
    fired,
    ids,
    published,
    refused,
    until,
)
from tests.support.sandbox import Control

RETENTION_S = 72 * 3600
CORRUPTED = ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")


def test_it_publishes_a_schema_that_reads_the_event_of_an_approved_order(bus: EventBus, control: Control, key: str) -> None:
    topic = bus.ask("GetTopic", topic_name=bus.topic)
    assert (topic.topic_name, topic.can_subscribe, topic.can_publish) == (bus.topic, True, False)
    assert len(topic.schema_id) == 22
    stream, order = bus.listening(control), bus.rest.place(key)
    uuid = control.approve(order)["event_uuid"]
    event = stream.events(1)[0].event
    assert (event.id, event.schema_id) == (uuid, topic.schema_id)
    record = decoded(bus.schema(topic.schema_id), event.payload)
    assert list(record)[:2] == ["CreatedDate", "CreatedById"]
    assert (record["OrderId__c"], record["IdemKey__c"]) == (order, key)
    assert abs(record["CreatedDate"] / 1000 - time.time()) < 60
    assert [each["uuid"] for each in control.truth(order)["orders"][0]["events"]] == [uuid]


def test_replay_ids_have_ten_bytes_grow_and_leave_gaps(bus: EventBus, control: Control) -> None:
    published(control, 5)
    found = [event.replay_id for event in bus.subscribe(replay_preset=EARLIEST).events(5)]
    counters = [int.from_bytes(each[:8], "big") for each in found]
    assert all(len(each) == 10 and each.endswith(b"\0\0") for each in found)
    assert all(later - earlier >= 2 for earlier, later in zip(counters, counters[1:], strict=False))


def test_it_resumes_strictly_after_a_replay_id_of_ten_or_eight_bytes(bus: EventBus, control: Control) -> None:
    sent = published(control, 4)
    second = bus.subscribe(replay_preset=EARLIEST).events(4)[1].replay_id
    for given in (second, second[:8]):
        assert ids(bus.subscribe(replay_preset=CUSTOM, replay_id=given).events(2)) == sent[2:]


def test_latest_means_nothing_retained_and_earliest_the_window(bus: EventBus, control: Control) -> None:
    old = published(control, 2)
    advance(control, RETENTION_S + 60)
    bus.login()
    late = bus.listening(control, replay_preset=EARLIEST)
    advance(control, KEEPALIVE_S)
    assert not next(late).events
    assert late.call.is_active()
    advance(control, -RETENTION_S - 60 - KEEPALIVE_S)
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(2)) == old
    stream = bus.listening(control)
    advance(control, KEEPALIVE_S)
    assert not next(stream).events
    new = published(control)
    assert ids(stream.events(1)) == new


def test_events_of_an_undone_call_are_never_seen(bus: EventBus, control: Control, free: Control, key: str) -> None:
    order, stream = bus.rest.place(key), bus.listening(control)
    url = "/services/data/v63.0/sobjects/Order"
    approve = {"method": "PATCH", "url": f"{url}/{order}", "referenceId": "a", "body": {"Status": "Approved"}}
    nobodys = {"method": "PATCH", "url": f"{url}/{ORDER}", "referenceId": "b", "body": {"Status": "Approved"}}
    undone = bus.rest.post("composite", {"allOrNone": True, "compositeRequest": [approve, nobodys]}).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in undone] == [400, 404]
    assert control.truth(order)["orders"][0]["salesforce"]["Status"] == "Pending Review"
    assert bus.rest.post("composite", {"allOrNone": True, "compositeRequest": [approve]}).status_code == 200
    (told,) = control.truth(order)["orders"][0]["events"]
    assert ids(stream.events(1)) == [told["uuid"]]


def test_it_gives_no_more_than_was_asked_for(bus: EventBus, control: Control) -> None:
    sent = published(control, 5)
    stream = bus.subscribe(2, replay_preset=EARLIEST)
    first = next(stream)
    assert (ids(first.events), first.pending_num_requested) == (sent[:2], 0)
    assert first.latest_replay_id == first.events[-1].replay_id
    stream.send(num_requested=2)
    assert ids(next(stream).events) == sent[2:4]
    stream.send(num_requested=3)
    last = next(stream)
    assert (ids(last.events), last.pending_num_requested) == (sent[4:], 2)


def test_more_than_a_hundred_outstanding_is_a_hundred(bus: EventBus, control: Control) -> None:
    control.ask("POST", "publish", {"count": 130})
    first = next(bus.subscribe(5000, replay_preset=EARLIEST))
    assert (len(first.events), first.pending_num_requested) == (100, 0)


@pytest.mark.parametrize(("first", "status", "suffix"), [
    ({"num_requested": 0}, "INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid"),
    ({"topic_name": "/event/Nothing__e"}, "NOT_FOUND", "topic.not.found"),
    ({"topic_name": ""}, "INVALID_ARGUMENT", "topic.validation.empty"),
    ({"replay_preset": CUSTOM}, "INVALID_ARGUMENT", "subscription.fetch.replayid.validation.failed"),
    ({"replay_preset": CUSTOM, "replay_id": b"abc"}, *CORRUPTED),
    ({"replay_preset": CUSTOM, "replay_id": b"\xff" * 8}, *CORRUPTED),
    ({"replay_preset": CUSTOM, "replay_id": (1).to_bytes(8, "big")}, *CORRUPTED),
])  # fmt: skip
def test_it_refuses_a_wrong_first_request(eventbus: EventBus, first: dict[str, Any], status: str, suffix: str) -> None:
    error = failure(eventbus.open("Subscribe", **{"topic_name": eventbus.topic, "num_requested": 1, **first}))
    assert error.code().name == status
    trailers = dict(error.trailing_metadata())
    assert (trailers["error-code"], trailers["type"]) == (f"sfdc.platform.eventbus.grpc.{suffix}", "Subscribe")
    assert error.details().endswith(f"rpcId: {trailers['rpc-id']}")


def test_a_replay_id_older_than_72_hours_is_corrupted(bus: EventBus, control: Control) -> None:
    published(control, 2)
    old = bus.subscribe(replay_preset=EARLIEST).events(2)[1].replay_id
    advance(control, RETENTION_S + 60)
    bus.login()
    assert refused(bus.subscribe(replay_preset=CUSTOM, replay_id=old)) == CORRUPTED


def test_an_empty_answer_never_tells_an_id_that_is_refused_later(bus: EventBus, control: Control) -> None:
    published(control, 2)
    early = bus.listening(control)
    advance(control, RETENTION_S + 60)
    bus.login()
    streams = [early, *(bus.listening(control, replay_preset=preset) for preset in (EARLIEST, 0))]
    advance(control, KEEPALIVE_S)
    told = [next(stream) for stream in streams]
    assert [[*each.events] for each in told] == [[], [], []]
    sent = published(control, 2)
    for each in told:
        assert ids(bus.subscribe(replay_preset=CUSTOM, replay_id=each.latest_replay_id).events(2)) == sent


def test_it_throws_expired_events_away_when_there_are_many(bus: EventBus, control: Control) -> None:
    """More than twenty thousand; the newest of them stays, as the mark of where the retained ones begin."""
    expired = control.ask("POST", "publish", {"count": 20_100})["event_uuids"]
    advance(control, RETENTION_S + 3600)
    (new,) = published(control)
    bus.login()
    assert ids(next(bus.subscribe(replay_preset=EARLIEST)).events) == [new]
    advance(control, -RETENTION_S - 3600)
    assert ids(next(bus.subscribe(replay_preset=EARLIEST)).events) == [expired[-1], new]


def test_it_refuses_another_topic_mid_stream(bus: EventBus, control: Control) -> None:
    stream = bus.listening(control)
    stream.send(num_requested=1, topic_name="/event/Other__e")
    assert refused(stream) == ("INVALID_ARGUMENT", "subscription.fetch.topic.mismatch")


def test_a_dropped_event_is_never_delivered_to_anybody(bus: EventBus, control: Control) -> None:
    fault = control.fault("pubsub", "Subscribe", "drop_event", count=1)
    stream = bus.listening(control)
    sent = published(control, 2)
    assert ids(stream.events(1)) == sent[1:]
    assert fired(control, fault) == 1
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(1)) == sent[1:]


def test_a_duplicated_event_comes_twice_and_a_bad_payload_does_not_decode(bus: EventBus, control: Control) -> None:
    control.fault("pubsub", "Subscribe", "duplicate_event", count=1)
    stream = bus.listening(control, ask=1)
    sent = published(control, 2)
    stream.send(num_requested=2)
    assert ids(stream.events(3)) == [sent[0], sent[0], sent[1]]
    control.fault("pubsub", "Subscribe", "bad_payload", count=1)
    stream.send(num_requested=1)
    published(control)
    bad = stream.events(1)[0].event
    with pytest.raises((avro.errors.AvroException, AssertionError)):
        decoded(bus.schema(bad.schema_id), bad.payload)


def test_many_streams_at_once_each_get_every_event(bus: EventBus, control: Control) -> None:
    streams = [bus.subscribe(3) for _ in range(60)]
    until(lambda: len(control.calls("pubsub")) == len(streams))
    sent = published(control, 3)
    assert all(ids(stream.events(3)) == sent for stream in streams)


def test_it_reaches_two_thousand_events_a_second(bus: EventBus, control: Control) -> None:
    """To one subscriber that asks for a hundred at a time; the bench says how far above it is."""
    count = 4_000
    control.ask("POST", "publish", {"count": count})
    stream = bus.subscribe(replay_preset=EARLIEST)
    began, seen = time.monotonic(), 0
    while seen < count:
        seen += len(next(stream).events)
        stream.send(num_requested=100)
    assert seen / (time.monotonic() - began) >= 2_000
