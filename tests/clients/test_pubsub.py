"""The event stream over gRPC, with the sandbox on the other side."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console.clients.pubsub import Batch, Event, PubSub
from console.clients.salesforce import Salesforce
from console.errors import Misconfigured, ReplayLost, Unavailable
from tests.clients.connected import salesforce
from tests.support.sandbox import Control, Running


@pytest.fixture(scope="module")
def org(sandbox: Running) -> Salesforce:
    return salesforce(sandbox.info)


@pytest.fixture
def bus(sandbox: Running, org: Salesforce) -> Callable[..., PubSub]:
    door = sandbox.info["salesforce"]

    def make(**changes: Any) -> PubSub:
        wanted = {"endpoint": door["pubsub_endpoint"], "session": org.session, "renew": org.renew, "ca_file": door["ca_file"]}
        return PubSub(**(wanted | {"watchdog_s": 10.0} | changes))

    return make


@pytest.fixture
def topic(sandbox: Running) -> str:
    return str(sandbox.info["salesforce"]["topic"])


class Reading:
    """A subscription read in a thread of its own until it ends."""

    def __init__(self, pubsub: PubSub, topic: str, replay_id: bytes | None = None, preset: str = "LATEST") -> None:
        self.pubsub, self.batches, self.failure = pubsub, [], None
        self._ask = lambda: pubsub.batches(topic, replay_id=replay_id, preset=preset)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    batches: list[Batch]
    failure: Exception | None

    def _read(self) -> None:
        try:
            for batch in self._ask():
                self.batches.append(batch)
        except Exception as failure:  # the test looks at it
            self.failure = failure

    @property
    def events(self) -> list[Event]:
        return [event for batch in list(self.batches) for event in batch.events]

    def until(self, seen: Callable[["Reading"], object], seconds: float = 8.0) -> "Reading":
        limit = time.monotonic() + seconds
        while not seen(self):
            assert time.monotonic() < limit, (self.failure, self.batches)
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        self.pubsub.stop()
        self._thread.join(5)
        assert not self._thread.is_alive()


@pytest.fixture
def reading(topic: str) -> Iterator[Callable[..., Reading]]:
    running: list[Reading] = []

    def start(pubsub: PubSub, **changes: Any) -> Reading:
        running.append(Reading(pubsub, **({"topic": topic} | changes)))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def alive(each: Reading) -> bool:
    return bool(each.batches)


def test_it_hears_an_event_and_a_sign_of_life(bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control) -> None:
    heard = reading(bus()).until(alive)
    assert heard.batches[0].events == ()
    assert heard.batches[0].latest_replay_id
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="key-1")
    (event,) = heard.until(lambda each: each.events).events
    assert event.fields
    assert (event.fields["OrderId__c"], event.fields["IdemKey__c"]) == ("801000000000001AAA", "key-1")
    assert len(event.replay_id) == 10
    assert event.uuid
    assert event.problem == ""


def test_it_goes_on_after_the_position_it_is_given(bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control) -> None:
    first = reading(bus()).until(alive)
    for number in range(130):
        control.publish(OrderId__c="801000000000001AAA", IdemKey__c=f"run-{number}")
    first.until(lambda each: len(each.events) == 130)
    first.stop()
    assert first.failure is None
    middle = first.events[64].replay_id
    rest = reading(bus(), replay_id=middle).until(lambda each: len(each.events) == 65)
    assert [event.uuid for event in rest.events] == [event.uuid for event in first.events[65:]]
    everything = reading(bus(), preset="EARLIEST").until(lambda each: len(each.events) >= 130)
    assert {event.uuid for event in first.events} <= {event.uuid for event in everything.events}


def test_it_hands_out_what_it_cannot_decode(bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control) -> None:
    heard = reading(bus()).until(alive)
    control.fault("pubsub", "Subscribe", "bad_payload", count=1)
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="bad")
    (event,) = heard.until(lambda each: each.events).events
    assert (event.fields, event.problem) == (None, "undecodable")
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="good")
    assert heard.until(lambda each: len(each.events) == 2).events[1].problem == ""


def test_it_hears_a_doubled_event_twice_with_one_id(bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control) -> None:
    heard = reading(bus()).until(alive)
    control.fault("pubsub", "Subscribe", "duplicate_event", count=1)
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="twice")
    first, second = heard.until(lambda each: len(each.events) == 2).events
    assert first.uuid == second.uuid


def test_it_holds_the_stream_while_a_schema_cannot_be_had(
    bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control
) -> None:
    heard = reading(bus()).until(alive)
    control.fault("pubsub", "GetSchema", "error_before", count=1)
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="held")
    heard.until(lambda each: each.failure)
    assert type(heard.failure) is Unavailable
    assert heard.events == []


def test_it_renews_a_dead_session(bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control, org: Salesforce) -> None:
    before = org.session()
    control.fault("pubsub", "Subscribe", "expired_session", count=1)
    heard = reading(bus()).until(lambda each: each.failure)
    assert isinstance(heard.failure, Unavailable)
    assert heard.failure.code == "unauthenticated"
    assert org.session() != before
    reading(bus()).until(alive)


def test_it_says_when_its_position_is_lost(bus: Callable[..., PubSub], reading: Callable[..., Reading]) -> None:
    heard = reading(bus(), replay_id=b"garbage").until(lambda each: each.failure)
    assert isinstance(heard.failure, ReplayLost)


@pytest.mark.parametrize(
    "wrong", [{"ca_file": None}, {"ca_file": "/nowhere.pem"}, {"endpoint": "example.com:443", "plaintext": True}], ids=str
)
def test_it_says_when_it_is_not_set_up(bus: Callable[..., PubSub], reading: Callable[..., Reading], wrong: dict[str, Any]) -> None:
    assert isinstance(reading(bus(**wrong)).until(lambda each: each.failure).failure, Misconfigured)


def test_it_says_when_the_topic_is_unknown(bus: Callable[..., PubSub], reading: Callable[..., Reading]) -> None:
    heard = reading(bus(), topic="/event/Nothing__e").until(lambda each: each.failure)
    assert isinstance(heard.failure, Misconfigured)


def test_it_takes_a_door_that_is_shut_for_passing(bus: Callable[..., PubSub], reading: Callable[..., Reading]) -> None:
    heard = reading(bus(endpoint="localhost:9")).until(lambda each: each.failure)
    assert type(heard.failure) is Unavailable


def test_it_gives_up_on_silence(bus: Callable[..., PubSub], reading: Callable[..., Reading]) -> None:
    heard = reading(bus(watchdog_s=0.02)).until(lambda each: each.failure)
    assert isinstance(heard.failure, Unavailable)
    assert heard.failure.code == "silent"


def test_it_speaks_plainly_on_this_machine(
    sandbox: Running, bus: Callable[..., PubSub], reading: Callable[..., Reading], control: Control
) -> None:
    heard = reading(bus(endpoint=sandbox.info["salesforce"]["pubsub_plain_endpoint"], plaintext=True)).until(alive)
    control.publish(OrderId__c="801000000000001AAA", IdemKey__c="plain")
    heard.until(lambda each: each.events)
