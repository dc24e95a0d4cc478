"""The listener as a process against the sandbox's real stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from console.models import Heartbeat, InboxEvent, Job, StreamCursor
from console.wiring import Console
from tests.support import ordered
from tests.support.postgres import cut_off_others
from tests.support.processes import LISTENER, eventually, running
from tests.support.sandbox import Control, Running


@pytest.fixture
def own(environment: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """From now on, with a queue of its own: earlier tests' events are not this one's."""
    return environment | {"QUEUE_FILE": str(tmp_path / "queue.db"), "SF_EVENTS_REPLAY": "LATEST"}


def jobs_of(order_id: str) -> list[Job]:
    return list(Job.select().where(Job.sf_order_id == order_id))


def listening(console: Console) -> bool:
    return StreamCursor.of(console.settings.sf_provision_event_channel) is not None


def test_it_records_an_approved_order(console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path) as listener:
        eventually(lambda: listening(console), what="a first response")
        control.approve(order.sf_order_id)
        [job] = eventually(lambda: jobs_of(order.sf_order_id), what="a job")
        assert (job.state, job.source, job.correlation_id) == ("queued", "stream", order.correlation_id)
        assert listener.terminate(5) == 0


def test_it_goes_on_after_what_it_cannot_use(
    console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path):
        eventually(lambda: listening(console), what="a first response")
        control.publish(OrderId__c="nonsense", IdemKey__c="k")
        control.fault("pubsub", "Subscribe", "bad_payload", count=1)
        control.publish(OrderId__c="801D0000000G0ySIAS", IdemKey__c="k")
        control.approve(order.sf_order_id)
        eventually(lambda: jobs_of(order.sf_order_id), what="a job")
    assert sorted(row.state for row in InboxEvent.select()) == ["ignored", "recorded", "undecodable"]


def test_it_takes_a_doubled_event_once(console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path):
        eventually(lambda: listening(console), what="a first response")
        control.fault("pubsub", "Subscribe", "duplicate_event", count=1)
        control.approve(order.sf_order_id)
        eventually(lambda: control.faults()[0]["fired"], what="the fault")
        eventually(lambda: jobs_of(order.sf_order_id), what="a job")
    assert (len(jobs_of(order.sf_order_id)), InboxEvent.select().count()) == (1, 1)


def test_it_gets_a_new_token_and_goes_on_from_its_position(
    console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path):
        eventually(lambda: listening(console), what="a first response")
        control.fault("pubsub", "Subscribe", "expired_session", count=1)
        control.approve(order.sf_order_id)
        eventually(lambda: jobs_of(order.sf_order_id), what="a job")


def test_it_reads_what_came_while_it_was_away(
    console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path) as listener:
        eventually(lambda: listening(console), what="a first response")
        listener.terminate()
    control.approve(order.sf_order_id)
    with running(LISTENER, own, tmp_path):
        eventually(lambda: jobs_of(order.sf_order_id), what="a job")


def test_it_stands_by_while_another_listens(
    console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    with running(LISTENER, own, tmp_path) as first:
        eventually(lambda: listening(console), what="a first response")
        control.clear_calls()
        with running(LISTENER, own, tmp_path / "second") as second:
            eventually(lambda: _states() == ["listening", "standby"], what="a stand-by")
            assert [call for call in control.calls("pubsub") if call["operation"] == "Subscribe"] == []
            assert first.terminate(5) == 0
            eventually(lambda: [call for call in control.calls("pubsub") if call["status"] == "OPEN"], what="the second's subscription")
            assert second.terminate(5) == 0


def _states() -> list[str]:
    return sorted(row.detail["state"] for row in Heartbeat.select().where(Heartbeat.role == "listener"))


def test_it_waits_for_a_signal_when_switched_off(console: Console, own: dict[str, Any], tmp_path: Path, sandbox: Running) -> None:
    with running(LISTENER, own | {"SF_EVENTS_ENABLED": "false"}, tmp_path) as listener:
        eventually(lambda: _states() == ["disabled"], what="a sign of life")
        assert listener.terminate(5) == 0


def test_it_names_a_bad_setting(own: dict[str, Any], tmp_path: Path) -> None:
    with running(LISTENER, own | {"SF_EVENTS_REPLAY": "NEVER"}, tmp_path) as listener:
        assert listener.process.wait(timeout=20) == 78
    assert "SF_EVENTS_REPLAY" in listener.log.read_text()


@pytest.mark.postgres
def test_it_outlives_a_lost_database_connection(
    console: Console, sandbox: Running, control: Control, own: dict[str, Any], tmp_path: Path, database: Database
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, own, tmp_path):
        eventually(lambda: listening(console), what="a first response")
        cut_off_others(database)
        control.approve(order.sf_order_id)
        eventually(lambda: jobs_of(order.sf_order_id), 8, what="a job")
