"""Pub/Sub over its real wire: schemas, replay, flow control, keepalive, refusals with trailers, and faults of single events."""

import queue
import time
from typing import Any

import grpc
import pytest

from sandbox.salesforce import avro, events
from sandbox.salesforce.event_log import RETENTION_S
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as pb_grpc
from sandbox.salesforce.pubsub.stream import GARBAGE
from tests.sandbox.bus import ADMIN, ORDER, PACE, Bus, Stream, opened, trailers, uuids


def test_it_publishes_a_schema_that_reads_the_events(bus: Bus) -> None:
    topic = bus.stub.GetTopic(pb.TopicRequest(topic_name=events.TOPIC), metadata=bus.metadata())
    assert (topic.topic_name, topic.can_subscribe, topic.can_publish) == (events.TOPIC, True, False)
    assert len(topic.schema_id) == 22
    held = bus.stub.GetSchema(pb.SchemaRequest(schema_id=topic.schema_id), metadata=bus.metadata())
    stream = opened(bus.subscribe())
    uuid = bus.publish()[0]
    event = stream.events(1)[0]
    assert (event.event.id, event.event.schema_id) == (uuid, topic.schema_id)
    record = avro.decode(held.schema_json, event.event.payload)
    assert list(record)[:2] == ["CreatedDate", "CreatedById"]
    assert (record["OrderId__c"], record["IdemKey__c"]) == (ORDER, "key-0")
    assert abs(record["CreatedDate"] / 1000 - time.time()) < 60
    with bus.store.reading() as view:
        assert [row["uuid"] for row in events.about(view, ORDER)] == [uuid]


def test_it_speaks_tls(bus: Bus) -> None:
    credentials = grpc.ssl_channel_credentials(bus.identity.ca_file.read_bytes())
    with grpc.secure_channel(f"localhost:{bus.settings.ports.pubsub}", credentials) as channel:
        topic = pb_grpc.PubSubStub(channel).GetTopic(pb.TopicRequest(topic_name=events.TOPIC), metadata=bus.metadata(), timeout=10)
    assert topic.rpc_id


def test_replay_ids_have_ten_bytes_grow_and_leave_gaps(bus: Bus) -> None:
    bus.publish(5)
    ids = [event.replay_id for event in bus.subscribe(preset="EARLIEST").events(5)]
    counters = [int.from_bytes(each[:8], "big") for each in ids]
    assert all(len(each) == 10 and each.endswith(b"\0\0") for each in ids)
    assert all(later - earlier >= 2 for earlier, later in zip(counters, counters[1:], strict=False))


def test_it_resumes_strictly_after_a_replay_id_of_ten_or_eight_bytes(bus: Bus) -> None:
    sent = bus.publish(4)
    second = bus.subscribe(preset="EARLIEST").events(4)[1].replay_id
    for given in (second, second[:8]):
        assert uuids(bus.subscribe(preset="CUSTOM", replay_id=given).events(2)) == sent[2:]


def test_latest_means_nothing_retained_and_earliest_the_window(bus: Bus) -> None:
    old = bus.publish(2)
    bus.advance_s = RETENTION_S + 60
    assert not opened(bus.subscribe(preset="EARLIEST")).call.done()
    bus.advance_s = 0
    assert uuids(bus.subscribe(preset="EARLIEST").events(2)) == old
    stream = opened(bus.subscribe(preset="LATEST"))
    new = bus.publish()
    assert uuids(stream.events(1)) == new


def test_events_of_an_undone_block_are_never_seen(bus: Bus) -> None:
    stream = opened(bus.subscribe())

    def undone() -> None:
        with bus.store.write():
            bus.publish()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    sent = bus.publish()
    assert uuids(stream.events(1)) == sent


def test_it_gives_no_more_than_was_asked_for(bus: Bus) -> None:
    sent = bus.publish(5)
    stream = bus.subscribe(ask=2, preset="EARLIEST")
    first = next(stream.call)
    assert (uuids(first.events), first.pending_num_requested) == (sent[:2], 0)
    assert first.latest_replay_id == first.events[-1].replay_id
    stream.ask(2)
    assert uuids(next(stream.call).events) == sent[2:4]
    stream.ask(3)
    last = next(stream.call)
    assert (uuids(last.events), last.pending_num_requested) == (sent[4:], 2)


def test_more_than_a_hundred_outstanding_is_a_hundred(bus: Bus) -> None:
    bus.publish(130)
    stream = bus.subscribe(ask=5000, preset="EARLIEST")
    first = next(stream.call)
    assert (len(first.events), first.pending_num_requested) == (100, 0)


def test_it_keeps_alive_while_asked_and_closes_cleanly_when_not(bus: Bus) -> None:
    stream = bus.subscribe(ask=1)
    empty = [next(stream.call), next(stream.call)]
    assert [(list(each.events), each.pending_num_requested) for each in empty] == [([], 1), ([], 1)]
    assert len(empty[0].latest_replay_id) == 10
    bus.publish()
    assert len(stream.events(1)) == 1
    assert list(stream.call) == []
    assert stream.call.code() is grpc.StatusCode.OK


def test_the_open_questions_can_be_answered_the_other_way(bus: Bus) -> None:
    other = {"idle_stream": "fails", "empty_answer_s": 270, "quiet_publisher_s": 70, "unknown_topic_status": "PERMISSION_DENIED"}
    bus.store.put("sf#behaviour", "now", other)
    bus.publish()
    stream, began = bus.subscribe(ask=1, preset="EARLIEST"), time.monotonic()
    error = stream.refusal()
    assert (error.code(), trailers(error)) == (grpc.StatusCode.UNAVAILABLE, {})
    assert time.monotonic() - began >= PACE.idle
    began = time.monotonic()
    assert not next(bus.subscribe().call).events
    assert time.monotonic() - began >= PACE.keepalive * 270 / 60
    with pytest.raises(grpc.RpcError) as caught:
        next(bus.stub.PublishStream(iter(queue.Queue().get, None), metadata=bus.metadata(ADMIN), timeout=10))
    assert trailers(caught.value)["error-code"].endswith("publish.stream.sweeper.timeout")
    unknown: Any = Stream(bus, pb.FetchRequest(topic_name="/event/Nothing__e", num_requested=1)).refusal()
    assert (unknown.code().name, trailers(unknown)["error-code"][-15:]) == ("PERMISSION_DENIED", "topic.not.found")


def test_it_ends_when_the_client_hangs_up(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    stream.hang_up()
    list(stream.call)
    assert stream.call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(("first", "status", "suffix"), [
    ({"num_requested": 0}, "INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid"),
    ({"topic_name": "/event/Nothing__e"}, "NOT_FOUND", "topic.not.found"),
    ({"topic_name": ""}, "INVALID_ARGUMENT", "topic.validation.empty"),
    ({"replay_preset": "CUSTOM"}, "INVALID_ARGUMENT", "subscription.fetch.replayid.validation.failed"),
    ({"replay_preset": "CUSTOM", "replay_id": b"abc"}, "INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted"),
    ({"replay_preset": "CUSTOM", "replay_id": b"\xff" * 8}, "INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted"),
    ({"replay_preset": "CUSTOM", "replay_id": (1).to_bytes(8, "big")}, "INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted"),
])  # fmt: skip
def test_it_refuses_a_wrong_first_request(bus: Bus, first: dict[str, Any], status: str, suffix: str) -> None:
    error: Any = Stream(bus, pb.FetchRequest(**{"topic_name": events.TOPIC, "num_requested": 1, **first})).refusal()
    assert error.code().name == status
    given = trailers(error)
    assert (given["error-code"], given["type"]) == (f"sfdc.platform.eventbus.grpc.{suffix}", "Subscribe")
    assert error.details().endswith(f"rpcId: {given['rpc-id']}")


def test_a_replay_id_older_than_72_hours_is_corrupted(bus: Bus) -> None:
    bus.publish(2)
    old = bus.subscribe(preset="EARLIEST").events(2)[1].replay_id
    bus.advance_s = RETENTION_S + 60
    assert trailers(bus.subscribe(preset="CUSTOM", replay_id=old).refusal())["error-code"].endswith("replayid.corrupted")


def test_an_empty_answer_never_tells_an_id_that_is_refused_later(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    bus.publish(2)
    bus.advance_s = RETENTION_S + 60
    monkeypatch.setattr("sandbox.clock._clock.ahead_s", bus.advance_s)
    told = [next(bus.subscribe(preset=preset).call).latest_replay_id for preset in ("EARLIEST", "LATEST")]
    sent = bus.publish(2)
    for replay_id in told:
        assert uuids(bus.subscribe(preset="CUSTOM", replay_id=replay_id).events(2)) == sent


def test_it_refuses_another_topic_mid_stream(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    stream.ask(1, topic="/event/Other__e")
    assert trailers(stream.refusal())["error-code"].endswith("topic.mismatch")


@pytest.mark.parametrize(("name", "value", "suffix"), [
    ("accesstoken", "nobody's", "service.auth.error"),
    ("tenantid", "00D000000000000AAA", "service.auth.error"),
    ("instanceurl", "https://elsewhere.example", "service.auth.error"),
    ("tenantid", " ", "service.auth.headers.invalid"),
])  # fmt: skip
def test_it_refuses_strangers(bus: Bus, name: str, value: str, suffix: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        bus.stub.GetTopic(pb.TopicRequest(topic_name=events.TOPIC), metadata=bus.metadata(**{name: value}))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert trailers(error)["error-code"].endswith(suffix)


def test_only_who_may_create_the_event_may_publish(bus: Bus) -> None:
    text = events.schema_text(bus.store, events.topic(bus.store, events.TOPIC)["schema_id"])
    payload = avro.encode(text, {"CreatedDate": 1, "CreatedById": ADMIN, "OrderId__c": ORDER})
    good = pb.ProducerEvent(id="mine", schema_id=avro.schema_id(text), payload=payload)
    bad = pb.ProducerEvent(id="bad", schema_id=good.schema_id, payload=b"\xff")
    request = pb.PublishRequest(topic_name=events.TOPIC, events=[good, bad])
    with pytest.raises(grpc.RpcError) as caught:
        bus.stub.Publish(request, metadata=bus.metadata())
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    results = bus.stub.Publish(request, metadata=bus.metadata(ADMIN)).results
    assert [each.correlation_key for each in results] == ["mine", "bad"]
    assert [(bool(each.error.msg), len(each.replay_id)) for each in results] == [(False, 10), (True, 0)]
    assert bus.subscribe(preset="EARLIEST").events(1)[0].event.payload == payload


def test_a_dropped_event_is_never_delivered_to_anybody(bus: Bus) -> None:
    fault = bus.wire.set_fault("pubsub", "Subscribe", "drop_event", count=1)
    stream = opened(bus.subscribe())
    sent = bus.publish(2)
    assert uuids(stream.events(1)) == sent[1:]
    assert fault.fired == 1
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == sent[1:]


def test_a_duplicated_event_comes_twice_and_a_bad_payload_does_not_decode(bus: Bus) -> None:
    bus.wire.set_fault("pubsub", "Subscribe", "duplicate_event", count=1)
    stream = opened(bus.subscribe(ask=1))
    sent = bus.publish(2)
    stream.ask(2)
    assert uuids(stream.events(3)) == [sent[0], sent[0], sent[1]]
    bus.wire.set_fault("pubsub", "Subscribe", "bad_payload", count=1)
    stream.ask(1)
    bus.publish()
    bad = stream.events(1)[0].event
    assert bad.payload == GARBAGE
    with pytest.raises(ValueError, match="not a record"):
        avro.decode(events.schema_text(bus.store, bad.schema_id), bad.payload)


def test_a_session_expires_mid_stream_and_a_new_one_goes_on(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    bus.wire.set_fault("pubsub", "Subscribe", "expired_session", count=1)
    sent = bus.publish()
    error: Any = stream.refusal()
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert trailers(error)["error-code"].endswith("service.auth.error")
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == sent


def test_a_refusal_has_no_trailers_and_an_error_has(bus: Bus) -> None:
    bus.wire.set_fault("pubsub", "Subscribe", "refuse", count=1)
    refused: Any = bus.subscribe().refusal()
    assert (refused.code(), trailers(refused)) == (grpc.StatusCode.UNAVAILABLE, {})
    bus.wire.set_fault("pubsub", "Subscribe", "error_before", count=1)
    failed: Any = bus.subscribe().refusal()
    assert failed.code() is grpc.StatusCode.INTERNAL
    assert trailers(failed)["error-code"].endswith("service.unavailable")
    assert [(row["status"], row["fault"]) for row in bus.wire.calls("pubsub")] == [("UNAVAILABLE", "refuse"), ("INTERNAL", "error_before")]


def test_the_port_can_be_shut_and_opened_again(bus: Bus) -> None:
    stream = opened(bus.subscribe())
    bus.server.close()
    assert stream.refusal().code() is grpc.StatusCode.UNAVAILABLE
    bus.server.open()
    sent = bus.publish()
    with grpc.insecure_channel(f"127.0.0.1:{bus.settings.ports.pubsub_plain}") as channel:
        bus.stub = pb_grpc.PubSubStub(channel)
        assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == sent


def test_the_journal_shows_an_open_stream_with_its_correlation_id(bus: Bus) -> None:
    call = bus.stub.GetTopic(pb.TopicRequest(topic_name=events.TOPIC), metadata=[*bus.metadata(), ("x-client-trace-id", "trace-1")])
    opened(bus.subscribe())
    assert call.rpc_id
    rows = [(row["operation"], row["status"], row["correlation_id"]) for row in bus.wire.calls("pubsub")]
    assert rows == [("GetTopic", "OK", "trace-1"), ("Subscribe", "OPEN", None)]


def test_many_streams_at_once_each_get_every_event(bus: Bus) -> None:
    streams = [bus.subscribe(ask=3) for _ in range(60)]
    for stream in streams:
        opened(stream)
    sent = bus.publish(3)
    assert all(uuids(stream.events(3)) == sent for stream in streams)
