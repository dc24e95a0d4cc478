"""The listener as a process: from an approval to a job, over a lost database, and how it ends when it cannot go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from console import log
from console.models import Heartbeat, InboxEvent, Job, Lease
from console.models.base import db_now
from console.wiring import Console
from tests.listener.hearing import ENDS_S, Hearing, await_recorded, publish, subscribers, terminated
from tests.proving import busy
from tests.support import ordered
from tests.support.postgres import cut_off_others
from tests.support.processes import LISTENER, eventually, running
from tests.support.sandbox import Control, Running

Own = dict[str, Any]


def test_it_records_an_approved_order(console: Console, sandbox: Running, control: Control, own: Own, tmp_path: Path) -> None:
    with log.correlated():
        order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path) as listener:
        eventually(lambda: subscribers(control) == 1, what="a subscription")
        control.approve(order.sf_order_id)
        job = eventually(lambda: Job.of_order(order.sf_order_id), what="a job")
        assert (job.state, job.source, job.correlation_id) == ("queued", "stream", order.correlation_id)
        assert terminated(listener)


@pytest.mark.sqlite
@pytest.mark.parametrize(("name", "value"), [("SF_EVENTS_REPLAY", "NEVER"), ("SF_EVENTS_WATCHDOG_S", "0")])
def test_it_names_a_bad_setting(own: Own, tmp_path: Path, name: str, value: str) -> None:
    with running(LISTENER, own | {name: value}, tmp_path) as listener:
        assert listener.process.wait(timeout=20) == 78
    assert name in listener.log.read_text()


@pytest.mark.postgres
def test_it_outlives_a_lost_database_connection(console: Console, control: Control, own: Own, tmp_path: Path, database: Database) -> None:
    with running(LISTENER, own, tmp_path):
        eventually(lambda: subscribers(control) == 1, what="a subscription")
        first = publish(control)
        await_recorded(first)
        cut_off_others(database)
        second = publish(control)
        await_recorded(first, second)


@pytest.mark.sqlite
def test_it_ends_in_time_though_the_database_is_locked(
    console: Console, control: Control, own: Own, tmp_path: Path, database: Database
) -> None:
    """What was being recorded is not; nothing is lost, since the position was not moved either."""
    with running(LISTENER, own, tmp_path) as listener, closing(sqlite3.connect(database.database)) as another:
        eventually(lambda: subscribers(control) == 1, what="a subscription")
        another.execute("BEGIN IMMEDIATE")
        publish(control)
        assert listener.terminate(ENDS_S * busy.factor()) == 0
        another.rollback()
    assert InboxEvent.select().count() == 0


def test_it_ends_for_a_new_process_after_a_defect(
    console: Console, control: Control, hears: Callable[..., Hearing], told: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = hears()
    hearing.start()
    monkeypatch.setattr(hearing.listener, "_record", lambda _batch: 1 / 0)
    publish(control)
    assert hearing.ended() == 1
    assert len(told("listener_failed")) == 1
    assert (Heartbeat.select().count(), Lease.select().where(Lease.until > db_now()).count()) == (0, 0), "nobody has to wait for it"
