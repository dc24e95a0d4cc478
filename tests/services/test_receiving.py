"""From an event to a job: once, whatever arrives, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from peewee import Database

from console import models
from console.clients.pubsub import Batch, Event
from console.models import InboxEvent, Job, JobEvent, OutboxMessage, StreamCursor
from console.services.provisioning.receiving import receive
from tests.support.jobs import customer, order

ORDER = "801D0000000G0ySIAS"
CHANNEL = "/event/OrderProvisionRequested__e"


def event(uuid: str = "uuid-1", order_id: object = ORDER, key: str = "key-1", **values: object) -> Event:
    fields: dict[str, object] = {"OrderId__c": order_id, "IdemKey__c": key, "CreatedDate": 1}
    return Event(**{"uuid": uuid, "replay_id": b"\x01", "schema_id": "s", "payload": b"raw", "fields": fields, "problem": ""} | values)


def got(*events: Event, fence: int = 1, position: bytes = b"\x09") -> tuple[int, ...]:
    return receive(CHANNEL, Batch(events, position), fence).jobs


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def test_it_records_event_job_and_position_together() -> None:
    [job_id] = got(event())
    job = Job.get_by_id(job_id)
    assert (job.dedupe_key, job.state, job.source) == (f"provision:{ORDER}", "queued", "stream")
    assert InboxEvent.get().state == "recorded"
    assert bytes(StreamCursor.of(CHANNEL).replay_id) == b"\x09"


def test_it_takes_the_same_event_twice_as_one() -> None:
    assert len(got(event(), event())) == 1
    assert got(event()) == ()
    assert (Job.select().count(), InboxEvent.select().count()) == (1, 1)


def test_it_makes_one_job_of_two_events_and_warns_of_two_keys() -> None:
    got(event())
    assert got(event("uuid-2", key="key-2")) == ()
    assert Job.select().count() == 1
    assert InboxEvent.get(InboxEvent.event_uuid == "uuid-2").reason == "second_key"


def test_it_knows_an_order_by_its_short_id_too() -> None:
    got(event(), event("uuid-2", order_id=ORDER[:15]))
    assert Job.select().count() == 1


@pytest.mark.parametrize("bad", ["", None, "nonsense", "801D0000000G0ySAAA", 5])
def test_it_ignores_an_order_id_that_cannot_be_one(bad: object) -> None:
    assert got(event(order_id=bad)) == ()
    assert (InboxEvent.get().state, InboxEvent.get().reason) == ("ignored", "bad_order_id")


def test_it_keeps_raw_what_does_not_decode() -> None:
    assert got(event(fields=None, problem="undecodable")) == ()
    assert (InboxEvent.get().state, bytes(InboxEvent.get().payload)) == ("undecodable", b"raw")
    assert bytes(StreamCursor.of(CHANNEL).replay_id) == b"\x09", "one bad event holds nothing up"


def test_it_stores_nothing_once_a_newer_listener_has_taken_over() -> None:
    got(event(), fence=5)
    late = receive(CHANNEL, Batch((event("uuid-2", order_id="001D000000K0fXOIAZ"),), b"\x0a"), 4)
    assert (late.ours, late.jobs) == (False, ())
    assert (Job.select().count(), InboxEvent.select().count(), bytes(StreamCursor.of(CHANNEL).replay_id)) == (1, 1, b"\x09")


def test_it_lets_the_guard_decide_again_about_a_skipped_order() -> None:
    [job_id] = got(event())
    Job.update(state="skipped").where(Job.id == job_id).execute()
    assert got(event("uuid-2")) == (job_id,)
    assert Job.get_by_id(job_id).state == "queued"


def test_it_wants_the_status_told_again_for_a_done_order() -> None:
    [job_id] = got(event())
    Job.update(state="succeeded").where(Job.id == job_id).execute()
    assert got(event("uuid-2")) == ()
    assert OutboxMessage.get().sf_order_id == ORDER


@pytest.mark.parametrize("state", ["needs_attention", "cancelled"])
def test_it_shows_staff_a_further_event_and_runs_nothing(state: str) -> None:
    [job_id] = got(event())
    Job.update(state=state).where(Job.id == job_id).execute()
    assert got(event("uuid-2")) == ()
    assert Job.get_by_id(job_id).state == state
    assert "event_again" in [row.what for row in JobEvent.select().where(JobEvent.job == job_id)]


def test_it_carries_the_customers_correlation_id_on() -> None:
    placed = order(customer())
    placed.correlation_id = "7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11"
    placed.save()
    [job_id] = got(event(order_id=placed.sf_order_id))
    job = Job.get_by_id(job_id)
    assert (job.correlation_id, job.user_id) == (placed.correlation_id, placed.user_id)


@pytest.mark.parametrize("fences", [(1, 1), (1, 2)], ids=["one listener twice", "an old and a new one"])
def test_it_makes_one_job_of_an_event_that_two_listeners_have_at_once(fences: tuple[int, int]) -> None:
    together = Barrier(2)

    def listen(fence: int) -> tuple[int, ...]:
        try:
            together.wait(5)
            return got(event(), event("uuid-2"), fence=fence)
        finally:
            models.database.close()

    with ThreadPoolExecutor(2) as listeners:
        rung = [job for jobs in listeners.map(listen, fences) for job in jobs]
    assert rung == [Job.get().id]
    assert (InboxEvent.select().count(), StreamCursor.of(CHANNEL).fence) == (2, max(fences))
