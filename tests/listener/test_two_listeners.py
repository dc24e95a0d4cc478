"""Two of them: one listens, the other stands by without subscribing and takes over; who lost the lease stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.models import Heartbeat, InboxEvent, Lease, StreamCursor
from console.models.base import db_now
from console.wiring import Console
from tests.listener.hearing import ENDS_S, Hearing, await_recorded, publish, recorded, settled, subscribers, terminated
from tests.proving import busy
from tests.support.processes import LISTENER, eventually, running
from tests.support.sandbox import Control

TAKE_OVER_S = 15


def states() -> list[str]:
    return sorted(row.detail["state"] for row in Heartbeat.select().where(Heartbeat.role == "listener"))


def test_it_takes_over_at_once_from_one_that_ends(console: Console, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    with running(LISTENER, own, tmp_path) as first:
        eventually(lambda: subscribers(control) == 1, what="the first's subscription")
        with running(LISTENER, own, tmp_path) as second:
            eventually(lambda: states() == ["listening", "standby"], what="a stand-by")
            assert subscribers(control) == 1
            assert first.terminate(ENDS_S * busy.factor()) == 0
            eventually(lambda: subscribers(control) == 1 and states() == ["listening"], ENDS_S * busy.factor(), "the second's subscription")
            assert terminated(second)
    assert subscribers(control) == 0


@pytest.mark.postgres
@pytest.mark.long
def test_it_takes_over_from_one_that_was_killed(console: Console, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    outlived(control, own, tmp_path)


@pytest.mark.sqlite
@pytest.mark.long
def test_it_takes_over_from_one_that_was_killed_on_sqlite(console: Console, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    outlived(control, own, tmp_path)


def outlived(control: Control, own: dict[str, Any], folder: Path) -> None:
    """kill -9 of the active one, with an event published while nobody listens."""
    with running(LISTENER, own, folder) as first:
        eventually(lambda: subscribers(control) == 1, what="the first's subscription")
        before = publish(control)
        await_recorded(before)
        with running(LISTENER, own, folder):
            eventually(lambda: states() == ["listening", "standby"], what="a stand-by")
            first.kill()
            killed_at = time.monotonic()
            eventually(lambda: subscribers(control) == 0, what="the end of its stream")
            meanwhile = publish(control)
            eventually(lambda: len(recorded()) == 2, what="the second's subscription")
            assert time.monotonic() - killed_at <= TAKE_OVER_S * busy.factor()
            assert recorded() == [before, meanwhile]
            assert subscribers(control) == 1


def test_it_stops_when_its_lease_is_lost_and_goes_on_when_it_is_free(hears: Callable[..., Hearing], control: Control) -> None:
    """As after a pause that was longer than the lease."""
    hearing = hears()
    first = settled(hearing, control)
    name = f"listener:{hearing.listener.channel}"
    Lease.update(owner="another", fence=Lease.fence + 1, until=db_now(60)).where(Lease.name == name).execute()
    eventually(lambda: subscribers(control) == 0, what="the end of its stream")
    second = publish(control)
    eventually(lambda: states() == ["standby"], what="a stand-by")
    assert recorded() == [first]
    Lease.give_back(name, "another")
    await_recorded(first, second)


def test_it_records_nothing_once_another_has_moved_the_position(hears: Callable[..., Hearing], control: Control) -> None:
    hearing = hears()
    settled(hearing, control)
    StreamCursor.update(fence=StreamCursor.fence + 1).execute()  # the other one was quicker than our look at the lease
    publish(control)
    eventually(lambda: len([call for call in control.calls("pubsub") if call["status"] == "OPEN"]) >= 2, what="another subscription")
    assert InboxEvent.select().count() == 1
