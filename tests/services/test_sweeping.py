"""The sweep: what a dead worker left goes on, what is due is rung, and rung again when nobody came."""

from __future__ import annotations

import pytest
from peewee import Database

from console import clock
from console.errors import LeaseLost
from console.models import Job, JobEvent, Order, OutboxMessage
from console.services.provisioning.sweeping import sweep
from console.wiring import Console
from tests.support import jobs
from tests.support.plans import make_job

WAIT_S = 2.0  # ring_again_s of the tests' settings


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def died(crashes: int = 0, **values: object) -> Job:
    """A job whose worker is gone: running, its lease over."""
    made = jobs.job(jobs.customer(), crash_count=crashes, **values)
    job = Job.claim(made.id, "worker:dead", -1)
    assert job
    return job


def test_it_queues_and_rings_what_a_dead_worker_left(console: Console) -> None:
    job = died()
    assert sweep(console.policy).jobs == [job.id]
    rescued = Job.get_by_id(job.id)
    assert (rescued.state, rescued.crash_count, rescued.attempt, rescued.lease_owner) == ("queued", 1, 0, "")


def test_it_fences_off_a_worker_that_was_only_slow(console: Console) -> None:
    slow = died()
    sweep(console.policy)
    with pytest.raises(LeaseLost):
        slow.release("succeeded")
    assert Job.get_by_id(slow.id).state == "queued"


def test_it_leaves_a_running_job_alone_while_its_lease_lasts(console: Console) -> None:
    made = make_job()
    assert Job.claim(made.id, "worker:busy", 60)
    assert sweep(console.policy).jobs == []
    assert (Job.get_by_id(made.id).state, Job.get_by_id(made.id).crash_count) == ("running", 0)


def test_it_asks_a_person_after_too_many_crashes_and_tells_salesforce(console: Console) -> None:
    job = died(crashes=console.policy.crash_limit - 1)
    due = sweep(console.policy)
    given_up = Job.get_by_id(job.id)
    assert (given_up.state, given_up.error_code, due.jobs) == ("needs_attention", "crashed", [])
    assert [row.sf_order_id for row in OutboxMessage.select().where(OutboxMessage.id.in_(due.messages))] == [job.sf_order_id]


def test_it_tells_salesforce_nothing_of_a_sign_up(console: Console) -> None:
    aiko = jobs.customer()
    made, _new = Job.make("signup", str(aiko.id), user=aiko.id, crash_count=console.policy.crash_limit - 1)
    assert Job.claim(made.id, "worker:dead", -1)
    sweep(console.policy)
    assert Job.get_by_id(made.id).state == "needs_attention"
    assert not OutboxMessage.select().exists()


def test_it_notes_each_crash(console: Console) -> None:
    job = died()
    sweep(console.policy)
    noted = JobEvent.get((JobEvent.job == job.id) & (JobEvent.actor == "sweeper"))
    assert (noted.what, noted.detail) == ("queued", "crash 1")


def test_it_rings_a_due_job_once_and_again_when_nobody_came(console: Console) -> None:
    job = make_job()
    assert [sweep(console.policy).jobs, sweep(console.policy).jobs] == [[job.id], []]
    Job.update(last_rung_at=clock.after(-WAIT_S)).execute()
    assert sweep(console.policy).jobs == [job.id]


def test_it_rings_a_delayed_job_when_its_time_comes_however_lately_it_was_rung(console: Console) -> None:
    job = make_job(state="retry_wait", next_run_at=clock.after(60))
    assert sweep(console.policy).jobs == []
    Job.update(next_run_at=clock.after(-0.1), last_rung_at=clock.after(-0.2)).execute()
    assert sweep(console.policy).jobs == [job.id]


@pytest.mark.parametrize("state", ["held", "needs_attention", "succeeded", "cancelled", "skipped"])
def test_it_rings_nothing_that_waits_for_something_else(console: Console, state: str) -> None:
    make_job(state=state, held_by="staff" if state == "held" else "")
    assert sweep(console.policy).jobs == []


def test_it_rings_the_outbox_and_again_when_nobody_came(console: Console) -> None:
    OutboxMessage.want_status(jobs.order_id(1))
    OutboxMessage.mail("welcome", jobs.customer().id, "1", domain="console.example")
    both = [row.id for row in OutboxMessage.select().order_by(OutboxMessage.id)]
    assert [sweep(console.policy).messages, sweep(console.policy).messages] == [both, []]
    OutboxMessage.update(last_rung_at=clock.after(-WAIT_S)).execute()
    assert sweep(console.policy).messages == both


@pytest.mark.parametrize(
    "values", [{"state": "sent"}, {"state": "failed"}, {"next_try_at": clock.after(86_400)}, {"lease_until": clock.after(86_400)}]
)
def test_it_rings_no_message_that_is_not_due(console: Console, values: dict[str, object]) -> None:
    OutboxMessage.want_status(jobs.order_id(1))
    OutboxMessage.update(**values).execute()
    assert sweep(console.policy).messages == []


def test_it_rings_a_message_whose_sender_died(console: Console) -> None:
    OutboxMessage.want_status(jobs.order_id(1))
    message = OutboxMessage.get()
    assert OutboxMessage.claim(message.id, -1)
    assert sweep(console.policy).messages == [message.id]


def test_it_rings_orders_whose_placing_was_left_and_no_others(console: Console) -> None:
    left, waiting, done = (jobs.order(jobs.customer()) for _ in range(3))
    unplaced = {"state": "placing", "sf_order_id": None}
    Order.update(**unplaced, place_again_at=clock.after(-1)).where(Order.id == left.id).execute()
    Order.update(**unplaced, place_again_at=clock.after(60)).where(Order.id == waiting.id).execute()
    assert done.state == "placed"
    assert sweep(console.policy).orders == [left.id]
