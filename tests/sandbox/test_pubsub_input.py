"""What no good client sends to Pub/Sub: each is answered in the words of the real one or clearly, and everybody else goes on."""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from tests.sandbox.eventbus import CUSTOM, MESSAGES, RPCS, EventBus, refused
from tests.support.sandbox import Control, Running

NO_MESSAGE = b"\xff\xff\xff"
# one field that nobody knows, of 5 MB
HUGE = b"\x7a\x80\x80\xc0\x02" + bytes(5 << 20)
UNARY = ("GetTopic", "GetSchema", "Publish")
STREAMS = ("Subscribe", "PublishStream")


@pytest.fixture(scope="module")
def eventbus(sandbox: Running) -> Iterator[EventBus]:
    sandbox.control.ask("POST", "permissions", {"enforce": False})
    made = EventBus(sandbox.info["salesforce"])
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _lives(eventbus: EventBus, sandbox: Running) -> Iterator[None]:
    """After each of these the same connection still serves, and the sandbox had nothing to complain of."""
    yield
    assert eventbus.ask("GetTopic", topic_name=eventbus.topic).rpc_id
    assert "Traceback" not in (sandbox.dir / "sandbox.log").read_text()


@pytest.mark.parametrize(("sent", "status"), [(NO_MESSAGE, "INTERNAL"), (HUGE, "UNAVAILABLE")], ids=["malformed", "huge"])
def test_it_refuses_what_is_no_message_or_too_large(eventbus: EventBus, sent: bytes, status: str) -> None:
    for rpc in UNARY:
        assert refused(lambda rpc=rpc: eventbus.ask(rpc, raw=sent)) == (status, None)
    for rpc in STREAMS:
        stream = eventbus.open(rpc)
        stream.send(raw=sent)
        assert refused(stream) == (status, None)


def test_it_ends_an_open_stream_over_what_is_no_message(eventbus: EventBus, control: Control) -> None:
    stream = eventbus.listening(control)
    stream.send(raw=NO_MESSAGE)
    assert refused(stream) == ("INTERNAL", None)
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=[eventbus.event()])
    press.send(raw=HUGE)
    assert len(next(press).results) == 1
    assert refused(press) == ("UNAVAILABLE", None)


def test_it_knows_no_other_rpc(eventbus: EventBus) -> None:
    call = eventbus.channel.unary_unary("/eventbus.v1.PubSub/CommitReplay")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", metadata=eventbus.metadata(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("name", ["/event/Nothing__e", "/data/OrderChangeEvent", "event", "\n\0", "/event/注文__e", "x" * 20_000])
def test_it_knows_no_other_topic(eventbus: EventBus, name: str) -> None:
    assert refused(lambda: eventbus.ask("GetTopic", topic_name=name)) == ("NOT_FOUND", "topic.not.found")
    assert refused(eventbus.open("Subscribe", topic_name=name, num_requested=1)) == ("NOT_FOUND", "topic.not.found")
    assert refused(lambda: eventbus.ask("Publish", topic_name=name, events=[{}])) == ("NOT_FOUND", "topic.not.found")


def test_it_wants_a_topic_and_events(eventbus: EventBus) -> None:
    empty = ("INVALID_ARGUMENT", "publish.topic.validation.empty")
    assert refused(lambda: eventbus.ask("GetTopic")) == ("INVALID_ARGUMENT", "topic.validation.empty")
    assert refused(eventbus.open("Subscribe", num_requested=1)) == ("INVALID_ARGUMENT", "topic.validation.empty")
    assert refused(lambda: eventbus.ask("Publish", events=[eventbus.event()])) == empty
    assert refused(eventbus.open("PublishStream", events=[eventbus.event()])) == empty
    none = ("INVALID_ARGUMENT", "publish.event.count.invalid")
    assert refused(lambda: eventbus.ask("Publish", topic_name=eventbus.topic)) == none
    assert refused(eventbus.open("PublishStream", topic_name=eventbus.topic)) == none


@pytest.mark.parametrize("schema_id", ["", "x", "x" * 22, "5E5OtZj5_Gm6Vax9XMXH9A", "x" * 20_000, "\0"])
def test_it_knows_no_other_schema(eventbus: EventBus, schema_id: str) -> None:
    assert refused(lambda: eventbus.ask("GetSchema", schema_id=schema_id)) == ("INVALID_ARGUMENT", "schema.validation.failed")


@pytest.mark.parametrize("number", [0, -1, -(2**31)])
def test_it_wants_more_than_no_events_asked_for(eventbus: EventBus, control: Control, number: int) -> None:
    refusal = ("INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid")
    assert refused(eventbus.subscribe(number)) == refusal
    stream = eventbus.listening(control)
    stream.send(num_requested=number)
    assert refused(stream) == refusal


def test_it_gives_a_hundred_to_who_asks_for_more(eventbus: EventBus, control: Control) -> None:
    stream = eventbus.listening(control, ask=2**31 - 1)
    stream.send(num_requested=2**31 - 1)
    control.publish(IdemKey__c="one of them")
    assert next(stream).pending_num_requested == 99
    stream.call.cancel()


@pytest.mark.parametrize("replay_id", [b"", b"\0", bytes(7), bytes(9), bytes(11), bytes(4096), b"\xff" * 8, b"\xff" * 10])
def test_it_takes_no_other_replay_id(eventbus: EventBus, replay_id: bytes) -> None:
    kind = "corrupted" if replay_id else "validation.failed"
    stream = eventbus.subscribe(replay_preset=CUSTOM, replay_id=replay_id)
    assert refused(stream) == ("INVALID_ARGUMENT", f"subscription.fetch.replayid.{kind}")


def test_it_knows_no_other_preset(eventbus: EventBus) -> None:
    assert refused(eventbus.subscribe(replay_preset=7)) == ("INVALID_ARGUMENT", "subscription.fetch.request.invalid")


def bad(eventbus: EventBus) -> dict[str, Any]:
    """Events that cannot be published, by what is wrong with them."""
    good = eventbus.event(OrderId__c="801", IdemKey__c="k")

    def but(**other: Any) -> Any:
        return MESSAGES["ProducerEvent"](**{"id": "bad", "schema_id": good.schema_id, "payload": good.payload} | other)

    return {
        "no schema": but(schema_id=""), "unknown schema": but(schema_id="x" * 5000), "long id": but(id="x" * 37),
        "nothing": but(payload=b""), "cut": but(payload=good.payload[:-1]), "more": but(payload=good.payload + b"\0"),
        "branch from the end": but(payload=good.payload.replace(b"\x02\x02k", b"\x01\x02k")),
        "third branch": but(payload=good.payload.replace(b"\x02\x02k", b"\x04\x02k")),
        "no text": but(payload=good.payload.replace(b"\x02\x02k", b"\x02\x02\xff")),
        "endless": but(payload=b"\xff" * 16), "container": but(payload=b"Obj\x01" + good.payload),
        "too large": but(payload=bytes(2 << 20)),
    }  # fmt: skip


def test_it_publishes_the_others_of_a_request(eventbus: EventBus, control: Control) -> None:
    stream, wrong = eventbus.listening(control), bad(eventbus)
    sent = [eventbus.event(event_id="first"), *wrong.values(), eventbus.event(event_id="last")]
    first, *refusals, last = eventbus.ask("Publish", topic_name=eventbus.topic, events=sent).results
    assert (first.correlation_key, last.correlation_key) == ("first", "last")
    for name, event, result in zip(wrong, wrong.values(), refusals, strict=True):
        assert (result.error.code, bool(result.error.msg), result.replay_id) == (1, True, b""), name
        assert result.correlation_key == event.id, name
    assert [each.event.id for each in stream.events(2)] == ["first", "last"]
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=sent)
    assert sum(bool(result.replay_id) for result in next(press).results) == 2
    press.send(events=[eventbus.event()])
    assert next(press).results[0].replay_id
    press.hang_up()
    assert list(press) == []


def test_it_publishes_nearly_a_megabyte_and_splits_what_it_delivers(eventbus: EventBus, control: Control) -> None:
    stream = eventbus.listening(control)
    large = [eventbus.event(event_id=str(number), IdemKey__c="x" * 900_000) for number in range(4)]
    for four in (large, large):
        assert all(each.replay_id for each in eventbus.ask("Publish", topic_name=eventbus.topic, events=four).results)
    answers = [next(stream)]
    while sum(len(each.events) for each in answers) < 8:
        answers.append(next(stream))
    assert max(each.ByteSize() for each in answers) <= 3 * 2**20 + 1000
    assert [each.event.id for answer in answers for each in answer.events] == [each.id for each in large * 2]


def test_it_takes_events_of_many_publishers_in_order(eventbus: EventBus, control: Control) -> None:
    stream, event = eventbus.listening(control), eventbus.event()

    def publish(who: int) -> None:
        for turn in range(5):
            batch = [
                MESSAGES["ProducerEvent"](id=f"{who}-{turn}-{at}", schema_id=event.schema_id, payload=event.payload) for at in range(5)
            ]
            assert all(each.replay_id for each in eventbus.ask("Publish", topic_name=eventbus.topic, events=batch).results)

    threads = [threading.Thread(target=publish, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    seen = []
    while len(seen) < 200:
        seen += [each.event.id for each in stream.events(1)]
        stream.send(num_requested=100)
    for thread in threads:
        thread.join()
    for who in range(8):
        assert [each for each in seen if each.startswith(f"{who}-")] == [f"{who}-{turn}-{at}" for turn in range(5) for at in range(5)]


def test_it_outlives_clients_that_go_away(eventbus: EventBus, sandbox: Running, control: Control) -> None:
    for _ in range(3):
        rude = EventBus(sandbox.info["salesforce"], plain=True)
        streams = [rude.subscribe() for _ in range(20)]
        presses = [rude.open("PublishStream", topic_name=rude.topic, events=[rude.event()]) for _ in range(5)]
        next(presses[0])
        streams[0].call.cancel()
        rude.close()
    stream = eventbus.listening(control)
    control.publish(IdemKey__c="after")
    assert stream.events(1)
    assert set(RPCS) >= {row["operation"] for row in control.calls("pubsub")}
