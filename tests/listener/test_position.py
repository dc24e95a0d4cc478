"""Where the listener begins: at the stored position, or as it is told where there is none, or at the earliest event when it was lost."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from console.models import InboxEvent, StreamCursor
from tests.listener.hearing import Hearing, await_recorded, publish, recorded, settled, subscribers
from tests.support.processes import eventually
from tests.support.sandbox import Control

Hears = Callable[..., Hearing]
Told = Callable[[str], list[dict[str, Any]]]
LOST = "subscription.fetch.replayid.corrupted"


@pytest.mark.parametrize(("preset", "hears_it"), [("LATEST", False), ("EARLIEST", True)])
def test_the_setting_counts_without_a_position(hears: Hears, control: Control, preset: str, hears_it: bool) -> None:
    before = publish(control)
    hears(SF_EVENTS_REPLAY=preset).start()
    after = publish(control)
    eventually(lambda: after in recorded(), what="the event after it")
    assert (before in recorded()) is hears_it


@pytest.mark.parametrize("preset", ["LATEST", "EARLIEST"])
def test_the_position_counts_where_there_is_one(hears: Hears, control: Control, preset: str) -> None:
    hearing = hears()
    first = settled(hearing, control)
    hearing.stop()
    meanwhile = publish(control)
    hears(SF_EVENTS_REPLAY=preset).start()
    await_recorded(first, meanwhile)


@pytest.mark.parametrize("position", [b"garbage", b"\xff" * 8 + b"\0\0"], ids=["malformed", "of another stream"])
def test_it_begins_at_the_earliest_event_when_its_position_is_refused(hears: Hears, control: Control, told: Told, position: bytes) -> None:
    before = publish(control)
    hearing = hears()
    StreamCursor.move(hearing.listener.channel, position, 0)
    hearing.start()
    eventually(lambda: before in recorded(), what="the event from before")
    [line] = told("stream_position_lost")
    assert (line["level"], line["code"]) == ("error", LOST)
    assert hearing.rung().count("reconcile") == 2, "the back-fill looks for what the stream does not hold any more"
    assert subscribers(control) == 1


def test_it_takes_nothing_twice_when_its_position_has_expired_in_between(hears: Hears, control: Control, told: Told) -> None:
    settled(hears(), control)
    control.fault("pubsub", "Subscribe", "replay_expired", count=1)
    control.fault("pubsub", "Subscribe", "unavailable", count=1)
    last = publish(control)
    eventually(lambda: last in recorded(), what="the event after it")
    keys = recorded()
    assert len(keys) == len(set(keys)) == InboxEvent.select(InboxEvent.event_uuid).distinct().count()
    assert len(told("stream_position_lost")) == 1


def test_a_lost_position_stays_lost_over_a_crash(hears: Hears, control: Control) -> None:
    """Killed before the first answer from the earliest event on: whoever comes next does not begin at the latest one."""
    before = publish(control)
    hearing = hears(SF_EVENTS_REPLAY="LATEST")
    StreamCursor.lose(hearing.listener.channel, 0)
    hearing.start()
    eventually(lambda: before in recorded(), what="the event from before")


def test_only_the_one_that_listens_may_lose_the_position(hears: Hears, control: Control) -> None:
    hearing = hears()
    settled(hearing, control)
    StreamCursor.lose(hearing.listener.channel, hearing.listener.fence - 1)
    assert hearing.position


@pytest.mark.sqlite
def test_it_stores_the_position_of_empty_answers_once_a_minute(hears: Hears, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("listener.time", SimpleNamespace(monotonic=lambda: now[0]))
    hearing = hears()
    answers = _counted(hearing, monkeypatch)
    hearing.start()
    eventually(lambda: len(answers) >= 2, what="two empty answers")
    within = list(answers)
    assert within == [(0, True)] + [(0, False)] * (len(within) - 1)
    now[0] += 60
    eventually(lambda: (0, True) in answers[len(within) :], what="another position")


def _counted(hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Each answer that the listener takes: how many events it held, and whether the position was stored."""
    seen: list[tuple[int, bool]] = []
    take = hearing.listener._record

    def noted(batch: Any) -> bool:
        before = _moved_at(hearing)
        ours = take(batch)
        seen.append((len(batch.events), _moved_at(hearing) != before))
        return ours

    monkeypatch.setattr(hearing.listener, "_record", noted)
    return seen


def _moved_at(hearing: Hearing) -> Any:
    cursor = StreamCursor.of(hearing.listener.channel)
    return cursor.moved_at if cursor else None
