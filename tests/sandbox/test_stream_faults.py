"""A subscription that goes wrong while it runs, or when it begins: every way in which the real one is known to."""

import queue
import threading
import time
from typing import Any

import avro.errors
import grpc
import pytest

from tests.sandbox.eventbus import CUSTOM, EARLIEST, KEEPALIVE_S, EventBus, advance, decoded, failure, fired, ids, published, refused, until
from tests.support.sandbox import Control, Refused

ENDS = [
    ("unavailable", {}, "INTERNAL", "service.unavailable"),
    ("unavailable", {"code": "UNAVAILABLE"}, "UNAVAILABLE", None),
    ("reset", {}, "UNAVAILABLE", None),
    ("unauthenticated", {}, "UNAUTHENTICATED", "service.auth.error"),
    ("expired_session", {}, "UNAUTHENTICATED", "service.auth.error"),
    ("throttle", {}, "RESOURCE_EXHAUSTED", "service.protection.stream.limit.triggered"),
    ("delivery_limit", {}, "RESOURCE_EXHAUSTED", "subscription.limit.exceeded"),
]


@pytest.mark.parametrize(("fault", "more", "status", "suffix"), ENDS)
def test_it_ends_an_open_stream_the_moment_it_is_set(
    bus: EventBus, control: Control, fault: str, more: Any, status: str, suffix: str | None
) -> None:
    stream = bus.listening(control)
    began = time.monotonic()
    made = control.fault("pubsub", "Subscribe", fault, count=1, **more)
    assert refused(stream) == (status, suffix)
    assert time.monotonic() - began < KEEPALIVE_S
    assert fired(control, made) == 1
    assert control.calls("pubsub")[-1]["fault"] == fault
    sent = published(control)
    bus.login()
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(1)) == sent


@pytest.mark.parametrize(("fault", "more", "status", "suffix"), ENDS)
def test_it_refuses_a_new_stream_as_long_as_it_is_set(
    bus: EventBus, control: Control, fault: str, more: Any, status: str, suffix: str | None
) -> None:
    made = control.fault("pubsub", "*", fault, **more)
    assert [refused(bus.subscribe()) for _ in range(2)] == [(status, suffix)] * 2
    control.clear_faults(made)
    bus.login()
    assert bus.listening(control).call.is_active()


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


def test_a_fault_takes_any_code_of_salesforces_table(bus: EventBus, control: Control) -> None:
    for suffix, status in map(str.split, CODES.strip().splitlines()):
        made = control.fault("pubsub", "Subscribe", "unavailable", count=1, code=suffix)
        error = failure(bus.subscribe())
        trailers = dict(error.trailing_metadata())
        assert (error.code().name, trailers["error-code"]) == (status, f"sfdc.platform.eventbus.grpc.{suffix}")
        assert error.details().endswith(f". rpcId: {trailers['rpc-id']}")
        assert (trailers["type"], fired(control, made)) == ("Subscribe", 1)


@pytest.mark.parametrize("code", ["", "OK", "service", "sfdc.platform.eventbus.grpc.service.unavailable", "unavailable", "14"])
def test_a_fault_takes_no_other_code(control: Control, code: str) -> None:
    with pytest.raises(Refused, match="code"):
        control.fault("pubsub", "Subscribe", "unavailable", code=code)


@pytest.mark.parametrize("status", ["UNAVAILABLE", "INTERNAL", "CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED"])
def test_a_fault_takes_a_status_for_the_bare_failure_of_a_proxy(bus: EventBus, control: Control, status: str) -> None:
    text = "Received RST_STREAM with code 0 (Call ended without gRPC status)"
    control.fault("pubsub", "Subscribe", "unavailable", count=1, code=status, message=text)
    error = failure(bus.subscribe())
    trailers = {"error-code", "rpc-id", "type"} & dict(error.trailing_metadata()).keys()
    assert (error.code().name, error.details(), trailers) == (status, text, set())


def test_a_refusal_has_no_trailers_and_an_error_has(bus: EventBus, control: Control) -> None:
    control.fault("pubsub", "Subscribe", "refuse", count=1)
    assert refused(bus.subscribe()) == ("UNAVAILABLE", None)
    control.fault("pubsub", "Subscribe", "error_before", count=1)
    assert refused(bus.subscribe()) == ("INTERNAL", "service.unavailable")
    rows = [(row["status"], row["fault"]) for row in control.calls("pubsub")]
    assert rows == [("UNAVAILABLE", "refuse"), ("INTERNAL", "error_before")]


def test_only_an_expired_session_needs_a_new_login(bus: EventBus, control: Control) -> None:
    for fault in ("unauthenticated", "expired_session"):
        stream = bus.listening(control)
        control.fault("pubsub", "Subscribe", fault, count=1)
        sent = published(control)
        assert refused(stream) == ("UNAUTHENTICATED", "service.auth.error")
        if fault == "unauthenticated":
            assert bus.ask("GetTopic", topic_name=bus.topic).rpc_id
    assert refused(lambda: bus.ask("GetTopic", topic_name=bus.topic)) == ("UNAUTHENTICATED", "service.auth.error")
    bus.login()
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(2))[1:] == sent


def test_a_silent_stream_stays_open_and_says_nothing(bus: EventBus, control: Control) -> None:
    stream, told = bus.listening(control), queue.SimpleQueue[Any]()
    threading.Thread(target=lambda: told.put(failure(map(told.put, stream)))).start()
    control.fault("pubsub", "Subscribe", "silent", count=1)
    until(lambda: len(control.calls("pubsub")) == 2)
    assert [(row["status"], row["fault"]) for row in control.calls("pubsub")] == [("OPEN", None), (None, "silent")]
    (sent,) = published(control)
    other = bus.listening(control, replay_preset=EARLIEST)
    assert ids(other.events(1)) == [sent]
    for _ in range(3):
        # the other one says each time that it is alive
        advance(control, KEEPALIVE_S)
        assert not next(other).events
    assert (stream.call.is_active(), told.empty()) == (True, True)
    stream.call.cancel()
    assert told.get(timeout=10).code() is grpc.StatusCode.CANCELLED


def test_a_schema_changes_for_events_from_now_on(bus: EventBus, control: Control) -> None:
    stream = bus.listening(control)
    published(control)
    made = control.fault("pubsub", "Subscribe", "schema_change")
    published(control)
    old, new = (each.event for each in stream.events(2))
    assert (fired(control, made), old.schema_id != new.schema_id) == (1, True)
    assert bus.ask("GetTopic", topic_name=bus.topic).schema_id == new.schema_id
    first, second = (decoded(bus.schema(each.schema_id), each.payload) for each in (old, new))
    assert set(second) - set(first) == {"Sandbox_Added_1__c"}
    assert (second["Sandbox_Added_1__c"], second["IdemKey__c"]) == ("added", "key-0")
    with pytest.raises((avro.errors.AvroException, AssertionError)):
        decoded(bus.schema(old.schema_id), new.payload)
    control.fault("pubsub", "*", "schema_change")
    published(control)
    assert stream.events(1)[0].event.schema_id not in (old.schema_id, new.schema_id)


def test_a_changed_schema_is_part_of_the_state_that_is_put_back(bus: EventBus, control: Control) -> None:
    usual = bus.ask("GetTopic", topic_name=bus.topic).schema_id
    control.ask("POST", "snapshot", {"name": "schema"})
    control.fault("pubsub", "*", "schema_change")
    control.clear_faults()
    assert bus.ask("GetTopic", topic_name=bus.topic).schema_id != usual
    control.ask("POST", "restore", {"name": "schema"})
    assert bus.ask("GetTopic", topic_name=bus.topic).schema_id == usual
    published(control)
    event = bus.subscribe(replay_preset=EARLIEST).events(1)[0].event
    assert "Sandbox_Added_1__c" not in decoded(bus.schema(usual), event.payload)


def test_an_expired_replay_id_is_refused_once_and_only_when_one_is_sent(bus: EventBus, control: Control) -> None:
    sent = published(control, 2)
    position = bus.subscribe(replay_preset=EARLIEST).events(2)[0].replay_id
    control.fault("pubsub", "Subscribe", "replay_expired", count=1)
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(2)) == sent
    again = {"replay_preset": CUSTOM, "replay_id": position}
    assert refused(bus.subscribe(**again)) == ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")
    assert ids(bus.subscribe(**again).events(1)) == sent[1:]


def test_a_call_can_be_slow_or_never_answered(bus: EventBus, control: Control) -> None:
    control.fault("pubsub", "GetTopic", "slow", count=1, delay_ms=200)
    began = time.monotonic()
    assert bus.ask("GetTopic", topic_name=bus.topic).rpc_id
    assert time.monotonic() - began >= 0.2
    control.fault("pubsub", "GetTopic", "timeout_before", count=1, delay_ms=5_000)
    error = failure(lambda: bus.ask("GetTopic", timeout=0.2, topic_name=bus.topic))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "fault", ["drop_event", "duplicate_event", "bad_payload", "silent", "schema_change", "replay_expired", "delivery_limit"]
)
def test_faults_of_a_stream_are_refused_elsewhere(control: Control, fault: str) -> None:
    for operation in ("GetSchema", "GetTopic", "Publish"):
        with pytest.raises(Refused, match="never fires"):
            control.fault("pubsub", operation, fault)
    assert control.faults() == []


def test_a_schema_change_takes_no_chance(control: Control) -> None:
    with pytest.raises(Refused, match="at once"):
        control.fault("pubsub", "Subscribe", "schema_change", probability=0.5)
