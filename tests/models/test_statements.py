"""Statements whose text is written out: they mean what Peewee's mean, on both databases."""

from __future__ import annotations

import pytest
from peewee import Database, IntegrityError

from console import clock
from console.models import (
    EmailToken,
    EsimSecret,
    InboxEvent,
    Job,
    JobStep,
    Order,
    Subscription,
    Throttle,
    UserSession,
    statements,
    transaction,
)
from console.models.base import db_now, millis
from tests.support import jobs
from tests.support.queries import counted


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def test_it_fills_in_the_defaults_of_a_row() -> None:
    statements.insert(InboxEvent, event_uuid="a", state="recorded")
    row = InboxEvent.get()
    assert (row.idem_key, bytes(row.replay_id), row.fields) == ("", b"", None)
    assert abs(millis(row.received_at) - millis(clock.now())) < 60_000


def test_it_inserts_many_rows_and_tells_which_are_new() -> None:
    statements.insert(InboxEvent, event_uuid="b", state="ignored")
    rows = [{"event_uuid": name, "replay_id": b"\0\xff", "fields": {"name": "Zoë's 100 %"}} for name in "abc"]
    new = statements.insert(InboxEvent, rows, once=True, returning="event_uuid", state="recorded").fetchall()
    assert sorted(name for (name,) in new) == ["a", "c"]
    kept = InboxEvent.get(InboxEvent.event_uuid == "c")
    assert (bytes(kept.replay_id), kept.fields, kept.state) == (b"\0\xff", {"name": "Zoë's 100 %"}, "recorded")


def test_it_does_not_hide_a_broken_row_behind_once() -> None:
    with pytest.raises(IntegrityError), transaction():
        statements.insert_once(EmailToken, user=1, purpose=None, expires_at=clock.now())


def test_it_keeps_one_row_of_a_key_and_changes_only_what_is_given() -> None:
    job = jobs.job()
    first = JobStep.put(job, "esim", "801", state="started", sends=1, started_at=clock.now())
    then = JobStep.put(job, "esim", "801", state="done", result={"iccid": "89"})
    assert (then.id, then.state, then.sends, then.result) == (first.id, "done", 1, {"iccid": "89"})
    assert then.started_at == first.started_at
    assert (first.result, first.finished_at, JobStep.select().count()) == ({}, None, 1)


def test_it_makes_a_service_once_with_what_it_needs_at_first() -> None:
    at_first = {"user": jobs.customer().id, "sf_order_id": "801", "name": "eSIM", "category": "SIM"}
    made = Subscription.keep("802", at_first, sim_ref="sim-1")
    again = Subscription.keep("802", at_first | {"name": "Another name"}, active=True)
    assert (again.id, again.name, again.sim_ref, again.active) == (made.id, "eSIM", "sim-1", True)
    EsimSecret.keep(made.id, "sealed")
    EsimSecret.keep(made.id, "sealed anew")
    assert [row.sealed for row in EsimSecret.select()] == ["sealed anew"]


def test_it_counts_the_rows_that_it_changed() -> None:
    order = jobs.order(jobs.customer())
    assert order.move("completed", ("placing", "placed")) is True
    assert order.move("completed", ("placing", "placed")) is False
    assert Order.get().state == "completed"
    assert statements.update(Order, {"id": order.id, "state": "completed"}, error_code="x", place_again_at=None) == 1


def test_it_takes_the_databases_clock_among_the_values() -> None:
    job = jobs.job()
    job.write(next_run_at=db_now(60))
    found = statements.find_one(Job, id=job.id)
    assert found is not None
    assert 50_000 < millis(found.next_run_at) - millis(clock.now()) < 70_000


def test_it_reads_a_row_as_peewee_does() -> None:
    job = jobs.job(jobs.customer())
    found = statements.find_one(Job, id=job.id)
    assert found is not None
    assert found.__data__ == Job.get_by_id(job.id).__data__
    assert not found.is_dirty()
    assert statements.find(Job, state="running") == []


def test_it_reads_a_row_and_the_one_it_belongs_to_together(database: Database) -> None:
    user = jobs.customer()
    UserSession.create(fingerprint="f", user=user, expires_at=clock.after(60))
    with counted(database) as seen:
        session = UserSession.of("f")
        assert session is not None
        assert (session.user.email, session.user.confirmed) == (user.email, True)
    assert len(seen) == 1
    assert UserSession.of("g") is None


def test_it_looks_for_many_values_at_once() -> None:
    for name in ("a'b", "c", "d"):
        statements.insert_once(Throttle, key=name, hits=2, ends_at=clock.now())
    assert sorted(statements.among(Throttle, ("key", "hits"), "key", ["a'b", "d", "e"])) == [("a'b", 2), ("d", 2)]
    assert statements.among(Throttle, ("key",), "key", []) == []
