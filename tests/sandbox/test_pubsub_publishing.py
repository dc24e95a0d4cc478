"""Publishing: who may, a stream of requests with its answers, quiet and end, and faults on the way."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.sandbox.eventbus import (
    EARLIEST,
    KEEPALIVE_S,
    MESSAGES,
    ORDER,
    SWEEP_S,
    EventBus,
    advance,
    failure,
    fired,
    ids,
    published,
    refused,
)  # fmt: skip
from tests.support import sandbox as sandboxes
from tests.support.sandbox import Control, Refused, Running

OTHER = "/event/Other__e"
UNAVAILABLE = ("INTERNAL", "service.unavailable")


class Press:
    """A PublishStream whose requests a test sends one by one; its user must be free to publish."""

    def __init__(self, bus: EventBus, topic: str = "") -> None:
        self.topic = topic or bus.topic
        self.schema_id = bus.ask("GetTopic", topic_name=self.topic).schema_id
        self._payload = bus.event(self.schema_id, OrderId__c=ORDER).payload
        self.stream = bus.open("PublishStream")

    def made(self, *names: str) -> list[Any]:
        return [MESSAGES["ProducerEvent"](id=each, schema_id=self.schema_id, payload=self._payload) for each in names]

    def send(self, *names: str, topic: str | None = None) -> None:
        self.stream.send(topic_name=self.topic if topic is None else topic, events=self.made(*names))

    def keys(self) -> list[str]:
        """Of the next answer."""
        return [each.correlation_key for each in next(self.stream).results]


@pytest.fixture
def press(bus: EventBus, free: Control) -> Iterator[Press]:
    made = Press(bus)
    yield made
    made.stream.call.cancel()


def test_only_who_may_create_the_event_may_publish(bus: EventBus, control: Control) -> None:
    good = bus.event(event_id="mine", OrderId__c=ORDER)
    sent = {"topic_name": bus.topic, "events": [good, MESSAGES["ProducerEvent"](id="bad", schema_id=good.schema_id, payload=b"\xff")]}
    assert refused(lambda: bus.ask("Publish", **sent)) == ("PERMISSION_DENIED", "topic.meta.permission")
    control.ask("POST", "permissions", {"enforce": False})
    results = bus.ask("Publish", **sent).results
    assert [each.correlation_key for each in results] == ["mine", "bad"]
    assert [(bool(each.error.msg), len(each.replay_id)) for each in results] == [(False, 10), (True, 0)]
    assert bus.subscribe(replay_preset=EARLIEST).events(1)[0].event.payload == good.payload


def test_it_answers_each_request_and_ends_when_the_client_hangs_up(bus: EventBus, press: Press, control: Control) -> None:
    press.send("a", "b")
    press.send("c", topic="")
    assert [press.keys(), press.keys()] == [["a", "b"], ["c"]]
    press.stream.hang_up()
    assert list(press.stream) == []
    assert press.stream.call.code() is grpc.StatusCode.OK
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(3)) == ["a", "b", "c"]
    assert [row["status"] for row in control.calls("pubsub") if row["operation"] == "PublishStream"] == ["OPEN", "OK"]


def test_it_ends_when_nothing_was_sent_at_all(press: Press) -> None:
    press.stream.hang_up()
    assert list(press.stream) == []
    assert press.stream.call.code() is grpc.StatusCode.OK


def test_it_says_that_it_is_alive_when_it_was_quiet(press: Press, control: Control) -> None:
    press.send("a")
    assert press.keys() == ["a"]
    for _ in range(2):
        advance(control, KEEPALIVE_S)
        quiet = next(press.stream)
        assert ([*quiet.results], quiet.schema_id, bool(quiet.rpc_id)) == ([], press.schema_id, True)
    press.send("b")
    assert press.keys() == ["b"]


def test_it_ends_a_stream_on_which_nobody_publishes(press: Press, control: Control) -> None:
    for name in ("a", "b"):
        press.send(name)
        while press.keys() != [name]:
            pass
        # twice that is more than a publisher may be quiet
        advance(control, SWEEP_S * 0.6)
    advance(control, SWEEP_S * 0.4)
    error = failure(press.stream)
    trailers = dict(error.trailing_metadata())
    assert (error.code().name, trailers["error-code"]) == ("CANCELLED", "sfdc.platform.eventbus.grpc.publish.stream.sweeper.timeout")
    assert f"the timeout period of {SWEEP_S} seconds" in error.details()


@pytest.mark.parametrize(("names", "topic", "suffix"), [
    (["b"], OTHER, "publish.topic.mismatch"),
    ([], None, "publish.event.count.invalid"),
])  # fmt: skip
def test_it_ends_a_stream_over_a_wrong_request(press: Press, names: list[str], topic: str | None, suffix: str) -> None:
    press.send("a")
    press.send(*names, topic=topic)
    assert press.keys() == ["a"]
    error = failure(press.stream)
    trailers = dict(error.trailing_metadata())
    assert (error.code().name, trailers["type"]) == ("INVALID_ARGUMENT", "PublishStream")
    assert trailers["error-code"] == f"sfdc.platform.eventbus.grpc.{suffix}"


@pytest.mark.parametrize(("fault", "status", "suffix"), [
    ("unavailable", *UNAVAILABLE), ("throttle", "RESOURCE_EXHAUSTED", "service.protection.stream.limit.triggered"),
    ("expired_session", "UNAUTHENTICATED", "service.auth.error"), ("reset", "UNAVAILABLE", None),
])  # fmt: skip
def test_it_meets_a_fault_at_the_next_request(
    bus: EventBus, press: Press, control: Control, fault: str, status: str, suffix: str | None
) -> None:
    press.send("a")
    assert press.keys() == ["a"]
    made = control.fault("pubsub", "PublishStream", fault, count=1)
    press.send("never")
    assert refused(press.stream) == (status, suffix)
    assert (fired(control, made), control.calls("pubsub")[-1]["fault"]) == (1, fault)
    bus.login()
    stream = bus.listening(control, ask=2, replay_preset=EARLIEST)
    assert ids(next(stream).events) == ["a"]
    advance(control, KEEPALIVE_S)
    assert not next(stream).events


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox whose org has a second event, Other__e: a copy of it all, with one file more in the project."""
    folder: Path = tmp_path_factory.mktemp("two")
    for name in ("sandbox", "salesforce"):
        shutil.copytree(sandboxes.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    objects = folder / "salesforce" / "force-app" / "main" / "default" / "objects"
    shutil.copytree(objects / "OrderProvisionRequested__e", objects / "Other__e")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandboxes, "ROOT", folder)
        running = sandboxes.start(folder / "own")
    yield running
    assert running.stop() == 0


def test_each_topic_has_its_own_events_and_keeps_them_from_who_has_no_rights(two: Running) -> None:
    bus, control = EventBus(two.info["salesforce"]), two.control
    control.ask("POST", "permissions", {"enforce": False})
    press, ours, schema_id = Press(bus), published(control), bus.ask("GetTopic", topic_name=OTHER).schema_id
    press.send("wrong schema", topic=OTHER)
    assert next(press.stream).results[0].error.msg
    press.schema_id = schema_id
    press.send("theirs", topic=OTHER)
    assert press.keys() == ["theirs"]
    streams = [bus.open("Subscribe", topic_name=name, replay_preset=EARLIEST, num_requested=5) for name in (bus.topic, OTHER)]
    assert [ids(next(stream).events) for stream in streams] == [ours, ["theirs"]]
    control.ask("POST", "permissions", {"enforce": True})
    calls = (
        lambda: bus.ask("GetTopic", topic_name=OTHER),
        lambda: bus.ask("GetSchema", schema_id=schema_id),
        lambda: bus.open("Subscribe", topic_name=OTHER, num_requested=1),
    )
    codes = ("topic.meta.permission", "schema.meta.permission", "subscription.topic.cannot.subscribe")
    assert [refused(call) for call in calls] == [("PERMISSION_DENIED", each) for each in codes]
    bus.close()


def test_a_publisher_may_not_get_to_know_what_it_published(bus: EventBus, press: Press, control: Control) -> None:
    control.fault("pubsub", "PublishStream", "error_after", count=1)
    press.send("a")
    assert refused(press.stream) == UNAVAILABLE
    control.fault("pubsub", "Publish", "timeout_after", count=1, delay_ms=5_000)
    error = failure(lambda: bus.ask("Publish", timeout=0.2, topic_name=bus.topic, events=press.made("b")))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(2)) == ["a", "b"]
    with pytest.raises(Refused, match="never fires"):
        control.fault("pubsub", "Subscribe", "timeout_after")


def test_the_allocation_of_an_hour_is_used_up(bus: EventBus, press: Press, control: Control) -> None:
    made = control.fault("pubsub", "*", "limit_exceeded", count=1)
    press.send("a", "b")
    results = next(press.stream).results
    assert [(each.correlation_key, each.replay_id, each.error.msg.split(":")[0]) for each in results] == [
        ("a", b"", "LIMIT_EXCEEDED"), ("b", b"", "LIMIT_EXCEEDED"),
    ]  # fmt: skip
    press.send("c")
    assert (press.keys(), fired(control, made)) == (["c"], 1)
    assert ids(bus.subscribe(replay_preset=EARLIEST).events(1)) == ["c"]


def test_faults_of_a_subscription_are_refused(control: Control) -> None:
    for fault in ("silent", "delivery_limit", "replay_expired", "drop_event"):
        with pytest.raises(Refused, match="never fires"):
            control.fault("pubsub", "PublishStream", fault)
