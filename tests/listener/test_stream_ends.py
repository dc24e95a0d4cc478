"""Whatever ends or stills the stream: the listener subscribes again from its position, nothing is lost, nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.listener.hearing import Hearing, await_recorded, publish, recorded, settled, subscribers
from tests.support.processes import eventually
from tests.support.sandbox import Control

Hears = Callable[..., Hearing]
Told = Callable[[str], list[dict[str, Any]]]
# of these only the way back to the position is the database's business
once = pytest.mark.sqlite
# fault, what more the sandbox is told, the code under which it is logged
ENDS = [
    ("unavailable", {}, "service.unavailable"),
    ("unavailable", {"code": "UNAVAILABLE"}, "unavailable"),
    ("reset", {}, "unavailable"),
    ("unauthenticated", {}, "unauthenticated"),
    ("expired_session", {}, "unauthenticated"),
]
REFUSALS = [("error_before", {}, "service.unavailable"), ("timeout_before", {"delay_ms": 100}, "unavailable")]


@pytest.mark.parametrize(("fault", "more", "code"), ENDS)
def test_it_goes_on_from_its_position(hears: Hears, control: Control, told: Told, fault: str, more: Any, code: str) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", fault, count=2, **more)  # while it runs, and once more when it begins
    second = publish(control)
    await_recorded(first, second)
    assert [(line["code"], line["seconds"] <= 2) for line in told("stream_lost")] == [(code, True)] * 2
    assert subscribers(control) == 1


@once
@pytest.mark.parametrize(("fault", "more", "code"), REFUSALS)
def test_it_tries_again_when_it_is_not_let_in(hears: Hears, control: Control, told: Told, fault: str, more: Any, code: str) -> None:
    control.fault("pubsub", "Subscribe", fault, count=2, **more)
    hears().start()
    assert [line["code"] for line in told("stream_lost")] == [code] * 2


@once
def test_it_waits_for_one_that_is_only_slow(hears: Hears, control: Control, told: Told) -> None:
    control.fault("pubsub", "Subscribe", "slow", count=1, delay_ms=200)
    hears().start()
    assert told("stream_lost") == []


@pytest.mark.parametrize("fault", ["unauthenticated", "expired_session"])
def test_it_gets_a_new_token(hears: Hears, control: Control, fault: str) -> None:
    first = settled(hears(), control)
    before = _log_ins(control)
    control.fault("pubsub", "Subscribe", fault, count=1)
    second = publish(control)
    await_recorded(first, second)
    assert _log_ins(control) == before + 1


def _log_ins(control: Control) -> int:
    return sum(call["operation"] == "token" for call in control.calls("salesforce"))


@once
def test_it_goes_on_when_not_even_a_log_in_is_to_be_had(hears: Hears, control: Control, told: Told) -> None:
    first = settled(hears(), control)
    control.fault("salesforce", "token", "error_before", count=2)
    control.fault("pubsub", "Subscribe", "expired_session", count=1)
    second = publish(control)
    await_recorded(first, second)
    assert [line["code"] for line in told("stream_lost")] == ["http_500", "http_500", "unauthenticated"]


@once
def test_it_comes_back_to_a_door_that_was_shut(hears: Hears, control: Control, told: Told) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "*", "refuse")
    second = publish(control)
    eventually(lambda: len(told("stream_lost")) >= 3, what="a few tries")
    assert recorded() == [first]
    control.clear_faults()
    await_recorded(first, second)


@once
@pytest.mark.parametrize(
    ("fault", "line", "seconds"),
    [("throttle", "stream_throttled", 60.0), ("delivery_limit", "stream_throttled", 3600.0), ("misconfigured", "stream_lost", 60.0)],
)
def test_it_asks_for_a_long_wait(hears: Hears, control: Control, told: Told, fault: str, line: str, seconds: float) -> None:
    control.fault("pubsub", "Subscribe", fault, count=1)
    hears().start()
    assert [each["seconds"] for each in told(line)] == [seconds]


@pytest.mark.parametrize("fault", ["throttle", "delivery_limit"])
def test_it_goes_on_once_it_has_waited(hears: Hears, control: Control, fault: str) -> None:
    first = settled(hears(), control)
    control.fault("pubsub", "Subscribe", fault, count=2)
    second = publish(control)
    await_recorded(first, second)


@once
def test_it_takes_silence_for_an_end(hears: Hears, control: Control, told: Told) -> None:
    first = settled(hears(SF_EVENTS_WATCHDOG_S="1.5"), control)
    control.fault("pubsub", "Subscribe", "silent", count=1)
    second = publish(control)
    await_recorded(first, second)
    assert {line["code"] for line in told("stream_lost")} == {"silent"}
    assert subscribers(control) == 1, "the silent one was given up"


@once
def test_it_does_not_take_quiet_for_silence(hears: Hears, control: Control, told: Told) -> None:
    """Nothing happens, but the stream says that it lives: every second here."""
    hearing = hears(SF_EVENTS_WATCHDOG_S="4").start()
    eventually(lambda: hearing.position, what="a sign of life")
    assert told("stream_lost") == []


@once
def test_its_waits_grow_and_never_end(hears: Hears, control: Control, told: Told) -> None:
    """After a day of failures, too: the doubling of the wait is bounded."""
    hearing = hears()
    hearing.listener.failures = 5000
    control.fault("pubsub", "Subscribe", "unavailable", count=1)
    hearing.start()
    [line] = told("stream_lost")
    assert 0 <= line["seconds"] <= 60
    event = publish(control)
    await_recorded(event)
    assert hearing.listener.failures == 0


@once
def test_it_does_not_hurry_when_streams_end_without_a_word(hears: Hears, control: Control, told: Told) -> None:
    hearing = hears()
    hearing.listener.pubsub = Hasty(hearing.listener.pubsub)
    hearing.start()
    assert [(line["error_class"], line["code"]) for line in told("stream_lost")] == [("Unavailable", "ended")] * 3


class Hasty:
    """A bus whose first three subscriptions end at once and cleanly, as a proxy might do it; then it is the real one."""

    def __init__(self, real: Any) -> None:
        self._real, self._ends = real, 3

    def batches(self, topic: str, **more: Any) -> Any:
        self._ends -= 1
        return iter(()) if self._ends >= 0 else self._real.batches(topic, **more)

    def stop(self) -> None:
        self._real.stop()
