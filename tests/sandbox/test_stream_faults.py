"""A subscription that goes wrong while it runs, or when it begins: every way in which the real one is known to."""

import time
from typing import Any

import grpc
import pytest

from sandbox.salesforce import avro, events
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.wire import UnknownName
from tests.sandbox.bus import PACE, Bus, Stream, opened, trailers, uuids

ENDS = [
    ("unavailable", {}, "INTERNAL", "service.unavailable"),
    ("unavailable", {"code": "UNAVAILABLE"}, "UNAVAILABLE", None),
    ("reset", {}, "UNAVAILABLE", None),
    ("unauthenticated", {}, "UNAUTHENTICATED", "service.auth.error"),
    ("expired_session", {}, "UNAUTHENTICATED", "service.auth.error"),
    ("throttle", {}, "RESOURCE_EXHAUSTED", "service.protection.stream.limit.triggered"),
    ("delivery_limit", {}, "RESOURCE_EXHAUSTED", "subscription.limit.exceeded"),
]


def described(error: Any) -> tuple[str, str | None]:
    return error.code().name, trailers(error).get("error-code", "").removeprefix("sfdc.platform.eventbus.grpc.") or None


@pytest.mark.parametrize(("fault", "more", "status", "suffix"), ENDS)
def test_it_ends_an_open_stream_the_moment_it_is_set(bus: Bus, fault: str, more: Any, status: str, suffix: str | None) -> None:
    stream = opened(bus.subscribe())
    began = time.monotonic()
    made = bus.wire.set_fault("pubsub", "Subscribe", fault, count=1, **more)
    assert described(stream.refusal()) == (status, suffix)
    assert time.monotonic() - began < 1
    assert made.fired == 1
    assert bus.wire.calls("pubsub")[-1]["fault"] == fault
    sent = bus.publish()
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == sent


@pytest.mark.parametrize(("fault", "more", "status", "suffix"), ENDS)
def test_it_refuses_a_new_stream_as_long_as_it_is_set(bus: Bus, fault: str, more: Any, status: str, suffix: str | None) -> None:
    made = bus.wire.set_fault("pubsub", "*", fault, **more)
    assert [described(bus.subscribe().refusal()) for _ in range(2)] == [(status, suffix)] * 2
    bus.wire.clear_faults(made.id)
    opened(bus.subscribe())


CODES = """
service.unavailable INTERNAL
service.auth.error UNAUTHENTICATED
service.auth.headers.invalid UNAUTHENTICATED
service.auth.refresh.invalid UNAUTHENTICATED
service.protection.stream.limit.triggered RESOURCE_EXHAUSTED
service.protection.triggered RESOURCE_EXHAUSTED
service.tenant.license PERMISSION_DENIED
concurrent.client.limit.exceeded RESOURCE_EXHAUSTED
topic.not.found NOT_FOUND
topic.meta.permission PERMISSION_DENIED
topic.validation.empty INVALID_ARGUMENT
topic.api.unavailable UNAVAILABLE
schema.meta.permission PERMISSION_DENIED
schema.validation.failed INVALID_ARGUMENT
schema.api.unavailable UNAVAILABLE
subscription.fetch.replayid.corrupted INVALID_ARGUMENT
subscription.fetch.replayid.validation.failed INVALID_ARGUMENT
subscription.fetch.requested.events.invalid INVALID_ARGUMENT
subscription.fetch.replay.repeated INTERNAL
subscription.fetch.overflow RESOURCE_EXHAUSTED
subscription.fetch.topic.mismatch INVALID_ARGUMENT
subscription.fetch.request.invalid INVALID_ARGUMENT
subscription.limit.exceeded RESOURCE_EXHAUSTED
subscription.topic.cannot.subscribe PERMISSION_DENIED
subscription.internal.error INTERNAL
publish.event.count.invalid INVALID_ARGUMENT
publish.topic.mismatch INVALID_ARGUMENT
publish.topic.validation.empty INVALID_ARGUMENT
publish.auth.refresh.invalid INVALID_ARGUMENT
publish.stream.sweeper.timeout CANCELLED
"""


def test_a_fault_takes_any_code_of_salesforces_table(bus: Bus) -> None:
    for suffix, status in map(str.split, CODES.strip().splitlines()):
        bus.wire.set_fault("pubsub", "Subscribe", "unavailable", count=1, code=suffix)
        error: Any = bus.subscribe().refusal()
        assert described(error) == (status, suffix)
        assert error.details().endswith(f". rpcId: {trailers(error)['rpc-id']}")
        assert trailers(error)["type"] == "Subscribe"


@pytest.mark.parametrize("status", ["UNAVAILABLE", "INTERNAL", "CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED"])
def test_a_fault_takes_a_status_for_the_bare_failure_of_a_proxy(bus: Bus, status: str) -> None:
    text = "Received RST_STREAM with code 0 (Call ended without gRPC status)"
    bus.wire.set_fault("pubsub", "Subscribe", "unavailable", count=1, code=status, message=text)
    error: Any = bus.subscribe().refusal()
    assert (described(error), error.details()) == ((status, None), text)


def test_only_an_expired_session_needs_a_new_login(bus: Bus) -> None:
    metadata = bus.metadata()
    for fault, status in (("unauthenticated", None), ("expired_session", "UNAUTHENTICATED")):
        stream = opened(bus.subscribe())
        bus.wire.set_fault("pubsub", "Subscribe", fault, count=1)
        stream.refusal()
        topic = pb.TopicRequest(topic_name=events.TOPIC)
        if status is None:
            assert bus.stub.GetTopic(topic, metadata=metadata).rpc_id
        else:
            with pytest.raises(grpc.RpcError) as caught:
                bus.stub.GetTopic(topic, metadata=metadata)
            assert caught.value.code().name == status


def test_a_silent_stream_stays_open_and_says_nothing(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    bus.wire.set_fault("pubsub", "Subscribe", "silent", count=1)
    sent = bus.publish()
    time.sleep(3 * PACE.keepalive)
    assert stream.call.is_active()
    assert [(row["status"], row["fault"]) for row in bus.wire.calls("pubsub")] == [("OPEN", None), (None, "silent")]
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == sent
    stream.call.cancel()
    assert stream.refusal().code() is grpc.StatusCode.CANCELLED


def test_a_schema_changes_for_events_from_now_on(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    bus.publish()
    made = bus.wire.set_fault("pubsub", "Subscribe", "schema_change")
    bus.publish()
    old, new = (each.event for each in stream.events(2))
    assert (made.fired, old.schema_id != new.schema_id) == (1, True)
    topic = bus.stub.GetTopic(pb.TopicRequest(topic_name=events.TOPIC), metadata=bus.metadata())
    assert topic.schema_id == new.schema_id
    texts = [bus.stub.GetSchema(pb.SchemaRequest(schema_id=each.schema_id), metadata=bus.metadata()).schema_json for each in (old, new)]
    first, second = avro.decode(texts[0], old.payload), avro.decode(texts[1], new.payload)
    assert set(second) - set(first) == {"Sandbox_Added_1__c"}
    assert (second["Sandbox_Added_1__c"], second["IdemKey__c"]) == ("added", "key-0")
    with pytest.raises(ValueError, match="not a record"):
        avro.decode(texts[0], new.payload)
    bus.wire.set_fault("pubsub", "*", "schema_change")
    bus.publish()
    assert stream.events(1)[0].event.schema_id not in (old.schema_id, new.schema_id)


def test_an_expired_replay_id_is_refused_once_and_only_when_one_is_sent(bus: Bus) -> None:
    sent = bus.publish(2)
    position = bus.subscribe(preset="EARLIEST").events(2)[0].replay_id
    bus.wire.set_fault("pubsub", "Subscribe", "replay_expired", count=1)
    assert uuids(bus.subscribe(preset="EARLIEST").events(2)) == sent
    assert described(bus.subscribe(preset="CUSTOM", replay_id=position).refusal()) == (
        "INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted",
    )  # fmt: skip
    assert uuids(bus.subscribe(preset="CUSTOM", replay_id=position).events(1)) == sent[1:]


def test_a_call_can_be_slow_or_never_answered(bus: Bus) -> None:
    topic = pb.TopicRequest(topic_name=events.TOPIC)
    bus.wire.set_fault("pubsub", "GetTopic", "slow", count=1, delay_ms=200)
    began = time.monotonic()
    assert bus.stub.GetTopic(topic, metadata=bus.metadata()).rpc_id
    assert time.monotonic() - began >= 0.2
    bus.wire.set_fault("pubsub", "GetTopic", "timeout_before", count=1, delay_ms=5_000)
    with pytest.raises(grpc.RpcError) as caught:
        bus.stub.GetTopic(topic, metadata=bus.metadata(), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "fault", ["drop_event", "duplicate_event", "bad_payload", "silent", "schema_change", "replay_expired", "delivery_limit"]
)
def test_faults_of_a_stream_are_refused_elsewhere(bus: Bus, fault: str) -> None:
    for operation in ("GetSchema", "GetTopic", "Publish"):
        with pytest.raises(UnknownName, match="never fires"):
            bus.wire.set_fault("pubsub", operation, fault)
    assert bus.wire.faults() == []


def test_a_schema_change_takes_no_chance(bus: Bus) -> None:
    with pytest.raises(UnknownName, match="at once"):
        bus.wire.set_fault("pubsub", "Subscribe", "schema_change", probability=0.5)


def test_streams_of_a_world_that_was_put_back_end(bus: Bus, tmp_path: Any) -> None:
    bus.publish()
    bus.store.save(tmp_path / "saved.db")
    stream = opened(bus.subscribe())
    bus.publish(2)
    later = stream.events(2)[1].replay_id
    bus.store.restore(tmp_path / "saved.db")
    assert described(stream.refusal()) == ("INTERNAL", "service.unavailable")
    error = bus.subscribe(preset="CUSTOM", replay_id=later).refusal()
    assert described(error)[1] == "subscription.fetch.replayid.corrupted"
    assert len(bus.subscribe(preset="EARLIEST").events(1)) == 1


def test_it_throws_expired_events_away_when_there_are_many(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.salesforce.event_log.LATE_PURGE", 10)
    events.publish_many(bus.store, 30, None, "005")
    keys = bus.store.keys("sf#events")
    monkeypatch.setattr("sandbox.clock._clock.ahead_s", 73 * 3600.0)
    bus.publish()
    assert len(bus.store.keys("sf#events")) == 2
    assert bus.store.keys("sf#events")[0] == keys[-1]
    bus.advance_s = 73 * 3600.0
    assert len(bus.subscribe(preset="EARLIEST").events(1)) == 1


def test_it_reaches_two_thousand_events_a_second(bus: Bus) -> None:
    """To one subscriber that asks for a hundred at a time; the bench says how far above it is."""
    count = 4_000
    events.publish_many(bus.store, count, None, "005")
    stream: Stream = bus.subscribe(ask=100, preset="EARLIEST")
    began, seen = time.monotonic(), 0
    while seen < count:
        answer = next(stream.call)
        seen += len(answer.events)
        stream.ask(100)
    assert seen / (time.monotonic() - began) >= 2_000
