"""A stream of publish requests: answers, quiet, its end, and faults on the way."""

import queue
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox.salesforce import avro, events
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.settings import SandboxSettings
from sandbox.wire import UnknownName
from tests.sandbox.bus import ADMIN, ORDER, PACE, Bus, Stream, trailers, uuids


class Press:
    """A PublishStream of an administrator whose requests a test sends one by one."""

    def __init__(self, bus: Bus) -> None:
        self.schema_id = events.topic(bus.store, events.TOPIC)["schema_id"]
        self._payload = avro.encode(
            events.schema_text(bus.store, self.schema_id), {"CreatedDate": 1, "CreatedById": ADMIN, "OrderId__c": ORDER}
        )
        self._sent: queue.Queue[Any] = queue.Queue()
        self.call = bus.stub.PublishStream(iter(self._sent.get, None), metadata=bus.metadata(ADMIN), timeout=20)

    def request(self, *ids: str, topic: str = events.TOPIC) -> Any:
        made = [pb.ProducerEvent(id=each, schema_id=self.schema_id, payload=self._payload) for each in ids]
        return pb.PublishRequest(topic_name=topic, events=made)

    def send(self, *ids: str, topic: str = events.TOPIC) -> None:
        self._sent.put(self.request(*ids, topic=topic))

    def hang_up(self) -> None:
        self._sent.put(None)

    def keys(self) -> list[str]:
        """Of the next answer."""
        return [each.correlation_key for each in next(self.call).results]

    def refusal(self) -> Any:
        with pytest.raises(grpc.RpcError) as caught:
            for _ in self.call:
                pass
        return caught.value


@pytest.fixture
def press(bus: Bus) -> Iterator[Press]:
    made = Press(bus)
    yield made
    made.hang_up()
    made.call.cancel()


def code(error: Any) -> tuple[str, str]:
    return error.code().name, trailers(error).get("error-code", "").removeprefix("sfdc.platform.eventbus.grpc.")


def test_it_answers_each_request_and_ends_when_the_client_hangs_up(bus: Bus, press: Press) -> None:
    press.send("a", "b")
    press.send("c", topic="")
    assert [press.keys(), press.keys()] == [["a", "b"], ["c"]]
    press.hang_up()
    assert list(press.call) == []
    assert press.call.code() is grpc.StatusCode.OK
    assert uuids(bus.subscribe(preset="EARLIEST").events(3)) == ["a", "b", "c"]
    rows = [(row["operation"], row["status"]) for row in bus.wire.calls("pubsub")]
    assert rows[:2] == [("PublishStream", "OPEN"), ("PublishStream", "OK")]


def test_it_ends_when_nothing_was_sent_at_all(press: Press) -> None:
    press.hang_up()
    assert list(press.call) == []
    assert press.call.code() is grpc.StatusCode.OK


def test_it_says_that_it_is_alive_when_it_was_quiet(press: Press) -> None:
    press.send("a")
    assert press.keys() == ["a"]
    quiet = [next(press.call), next(press.call)]
    assert [(list(each.results), each.schema_id, bool(each.rpc_id)) for each in quiet] == [([], press.schema_id, True)] * 2
    press.send("b")
    assert press.keys() == ["b"]


def test_it_ends_a_stream_on_which_nobody_publishes(press: Press) -> None:
    press.send("a")
    began = time.monotonic()
    error = press.refusal()
    assert time.monotonic() - began >= PACE.sweep
    assert code(error) == ("CANCELLED", "publish.stream.sweeper.timeout")
    assert f"the timeout period of {PACE.sweep:g} seconds" in error.details()


@pytest.mark.parametrize(("ids", "topic", "suffix"), [
    (["b"], "/event/Other__e", "publish.topic.mismatch"),
    ([], events.TOPIC, "publish.event.count.invalid"),
])  # fmt: skip
def test_it_ends_a_stream_over_a_wrong_request(press: Press, ids: list[str], topic: str, suffix: str) -> None:
    press.send("a")
    press.send(*ids, topic=topic)
    assert press.keys() == ["a"]
    error = press.refusal()
    assert (code(error), trailers(error)["type"]) == (("INVALID_ARGUMENT", suffix), "PublishStream")


@pytest.mark.parametrize(("fault", "status", "suffix"), [
    ("unavailable", "INTERNAL", "service.unavailable"), ("throttle", "RESOURCE_EXHAUSTED", "service.protection.stream.limit.triggered"),
    ("expired_session", "UNAUTHENTICATED", "service.auth.error"), ("reset", "UNAVAILABLE", ""),
])  # fmt: skip
def test_it_meets_a_fault_at_the_next_request(bus: Bus, press: Press, fault: str, status: str, suffix: str) -> None:
    press.send("a")
    assert press.keys() == ["a"]
    made = bus.wire.set_fault("pubsub", "PublishStream", fault, count=1)
    press.send("never")
    assert code(press.refusal()) == (status, suffix)
    assert (made.fired, bus.wire.calls("pubsub")[-1]["fault"]) == (1, fault)
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == ["a"]
    opened = bus.subscribe(preset="EARLIEST", ask=2)
    assert [len(next(opened.call).events), len(next(opened.call).events)] == [1, 0]


@pytest.fixture
def two(settings: SandboxSettings, tmp_path: Path) -> Iterator[Bus]:
    """Of an org with a second event, Other__e."""
    project = shutil.copytree(settings.project_dir, tmp_path / "project", ignore=shutil.ignore_patterns("data"))
    objects = project / "force-app" / "main" / "default" / "objects"
    shutil.copytree(objects / events.EVENT, objects / "Other__e")
    made = Bus(replace(settings, project_dir=project), tmp_path)
    yield made
    made.close()


def test_each_topic_has_its_own_events(two: Bus) -> None:
    other = "/event/Other__e"
    press, ours = Press(two), two.publish()
    press.send("wrong schema", topic=other)
    assert next(press.call).results[0].error.msg
    press.schema_id = two.stub.GetTopic(pb.TopicRequest(topic_name=other), metadata=two.metadata(ADMIN)).schema_id
    press.send("theirs", topic=other)
    assert press.keys() == ["theirs"]
    asked = [pb.FetchRequest(topic_name=name, replay_preset="EARLIEST", num_requested=5) for name in (events.TOPIC, other)]
    assert [uuids(next(Stream(two, each, ADMIN).call).events) for each in asked] == [ours, ["theirs"]]
    press.hang_up()


def test_it_keeps_a_topic_from_who_has_no_rights_on_it(two: Bus) -> None:
    other = pb.TopicRequest(topic_name="/event/Other__e")
    schema_id = two.stub.GetTopic(other, metadata=two.metadata(ADMIN)).schema_id
    calls = (
        lambda: two.stub.GetTopic(other, metadata=two.metadata()),
        lambda: two.stub.GetSchema(pb.SchemaRequest(schema_id=schema_id), metadata=two.metadata()),
        lambda: next(Stream(two, pb.FetchRequest(topic_name=other.topic_name, num_requested=1)).call),
    )
    refusals = []
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        refusals.append(code(caught.value))
    codes = ("topic.meta.permission", "schema.meta.permission", "subscription.topic.cannot.subscribe")
    assert refusals == [("PERMISSION_DENIED", each) for each in codes]


def test_a_publisher_may_not_get_to_know_what_it_published(bus: Bus, press: Press) -> None:
    bus.wire.set_fault("pubsub", "PublishStream", "error_after", count=1)
    press.send("a")
    assert code(press.refusal()) == ("INTERNAL", "service.unavailable")
    bus.wire.set_fault("pubsub", "Publish", "timeout_after", count=1, delay_ms=5_000)
    with pytest.raises(grpc.RpcError) as caught:
        bus.stub.Publish(press.request("b"), metadata=bus.metadata(ADMIN), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert uuids(bus.subscribe(preset="EARLIEST").events(2)) == ["a", "b"]
    with pytest.raises(UnknownName, match="never fires"):
        bus.wire.set_fault("pubsub", "Subscribe", "timeout_after")


def test_the_allocation_of_an_hour_is_used_up(bus: Bus, press: Press) -> None:
    made = bus.wire.set_fault("pubsub", "*", "limit_exceeded", count=1)
    press.send("a", "b")
    results = next(press.call).results
    assert [(each.correlation_key, each.replay_id, each.error.msg.split(":")[0]) for each in results] == [
        ("a", b"", "LIMIT_EXCEEDED"), ("b", b"", "LIMIT_EXCEEDED"),
    ]  # fmt: skip
    press.send("c")
    assert (press.keys(), made.fired) == (["c"], 1)
    assert uuids(bus.subscribe(preset="EARLIEST").events(1)) == ["c"]


def test_faults_of_a_subscription_are_refused(bus: Bus) -> None:
    for fault in ("silent", "delivery_limit", "replay_expired", "drop_event"):
        with pytest.raises(UnknownName, match="never fires"):
            bus.wire.set_fault("pubsub", "PublishStream", fault)
