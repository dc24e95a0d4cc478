"""How long streams live: empty answers while it is quiet, the end of one that nobody uses, one that is left, and the line each leaves."""

import grpc
import requests

from tests.sandbox.eventbus import EARLIEST, IDLE_S, KEEPALIVE_S, SWEEP_S, EventBus, advance, failure, ids, published, refused, until
from tests.support.sandbox import Control


def ends(control: Control, rpc: str = "Subscribe") -> list[str | None]:
    """What the journal says of streams, in the order of its lines."""
    return [row["status"] for row in control.calls("pubsub") if row["operation"] == rpc]


def test_it_keeps_alive_while_asked_and_closes_cleanly_when_not(bus: EventBus, control: Control) -> None:
    stream, empty = bus.listening(control, ask=1), []
    for _ in range(2):
        advance(control, KEEPALIVE_S)
        empty.append(next(stream))
    assert [([*each.events], each.pending_num_requested) for each in empty] == [([], 1), ([], 1)]
    assert len(empty[0].latest_replay_id) == 10
    for _ in range(2):
        published(control)
        assert len(stream.events(1)) == 1
        # half of the time that it may ask for nothing
        advance(control, IDLE_S / 2)
        stream.send(num_requested=1)
    published(control)
    assert len(stream.events(1)) == 1
    advance(control, IDLE_S)
    assert list(stream) == []
    assert stream.call.code() is grpc.StatusCode.OK


def test_a_clock_that_was_set_back_keeps_no_stream_waiting(bus: EventBus, control: Control) -> None:
    stream = bus.listening(control)
    advance(control, 3600)
    assert not next(stream).events
    advance(control, -3600)
    # its quiet begins anew when it notices that
    for _ in range(2):
        advance(control, KEEPALIVE_S)
    assert not next(stream).events


def test_the_open_questions_can_be_answered_the_other_way(bus: EventBus, control: Control) -> None:
    other = {"idle_stream": "fails", "empty_answer_s": 270, "quiet_publisher_s": 70, "unknown_topic_status": "PERMISSION_DENIED"}
    assert requests.post(f"{bus.info['rest_plain_url']}/sandbox/behaviour", json=other, timeout=10).status_code == 200
    published(control)
    idle = bus.subscribe(1, replay_preset=EARLIEST)
    assert idle.events(1)
    advance(control, IDLE_S)
    assert refused(idle) == ("UNAVAILABLE", None)
    stream = bus.listening(control)
    # no empty answer after twice the usual quiet
    advance(control, 2 * KEEPALIVE_S)
    sent = published(control)
    assert ids(next(stream).events) == sent
    advance(control, KEEPALIVE_S * 270 / 60)
    assert not next(stream).events
    press = bus.begun(control, "PublishStream")
    advance(control, SWEEP_S * 70 / 1800)
    assert refused(press) == ("CANCELLED", "publish.stream.sweeper.timeout")
    assert refused(bus.open("Subscribe", topic_name="/event/Nothing__e", num_requested=1)) == ("PERMISSION_DENIED", "topic.not.found")


def test_it_ends_when_the_client_hangs_up(bus: EventBus, control: Control) -> None:
    stream = bus.listening(control)
    stream.hang_up()
    assert list(stream) == []
    assert stream.call.code() is grpc.StatusCode.OK
    assert ends(control) == ["OPEN", "OK"]


def test_the_journal_shows_an_open_stream_with_its_correlation_id(bus: EventBus, control: Control) -> None:
    call = bus.ask("GetTopic", [*bus.metadata(), ("x-client-trace-id", "trace-1")], topic_name=bus.topic)
    stream = bus.listening(control)
    assert (bool(call.rpc_id), stream.call.is_active()) == (True, True)
    first, second = control.calls("pubsub")
    assert [first[name] for name in ("operation", "status", "correlation_id")] == ["GetTopic", "OK", "trace-1"]
    assert [second[name] for name in ("operation", "status")] == ["Subscribe", "OPEN"]
    assert second["correlation_id"]


def test_the_journal_tells_a_stream_that_was_left_from_one_that_was_closed(bus: EventBus, control: Control) -> None:
    for turn in range(1, 6):
        bus.listening(control).call.cancel()
        until(lambda turn=turn: len(ends(control)) == 2 * turn)
    assert ends(control) == ["OPEN", "CANCELLED"] * 5
    for rpc in ("Subscribe", "PublishStream"):
        control.clear_calls()
        stream = bus.begun(control, rpc) if rpc == "PublishStream" else bus.listening(control)
        bus.channel.close()
        until(lambda rpc=rpc: len(ends(control, rpc)) == 2)
        assert ends(control, rpc) == ["OPEN", "CANCELLED"]
        assert stream.call.code() is grpc.StatusCode.CANCELLED
        bus = EventBus(bus.info)
    bus.close()


def test_a_call_whose_client_gave_up_is_one_line(bus: EventBus, control: Control) -> None:
    control.fault("pubsub", "GetTopic", "slow", count=1, delay_ms=400)
    error = failure(lambda: bus.ask("GetTopic", timeout=0.1, topic_name=bus.topic))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    until(lambda: len(control.calls("pubsub")) == 1)
    assert bus.ask("GetTopic", topic_name=bus.topic).rpc_id
    assert ends(control, "GetTopic") == ["CANCELLED", "OK"]


def test_the_port_can_be_shut_and_opened_again(bus: EventBus, control: Control) -> None:
    stream = bus.listening(control)
    shut = control.fault("pubsub", "*", "refuse")
    assert refused(stream) == ("UNAVAILABLE", None)
    control.clear_faults(shut)
    sent = published(control)
    again = EventBus(bus.info)
    assert ids(again.subscribe(replay_preset=EARLIEST).events(1)) == sent
    again.close()


def test_streams_of_a_world_that_was_put_back_end(bus: EventBus, control: Control) -> None:
    published(control)
    control.ask("POST", "snapshot", {"name": "streams"})
    stream, press = bus.listening(control), bus.begun(control, "PublishStream")
    published(control, 2)
    later = stream.events(2)[1].replay_id
    control.ask("POST", "restore", {"name": "streams"})
    assert refused(stream) == ("INTERNAL", "service.unavailable")
    assert refused(press) == ("INTERNAL", "service.unavailable")
    assert refused(bus.subscribe(replay_preset=2, replay_id=later)) == ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")
    assert len(bus.subscribe(replay_preset=EARLIEST).events(1)) == 1
