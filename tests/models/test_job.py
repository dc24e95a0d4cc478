"""Claims, fences and rings of the job's row, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import Database

from console import clock, models
from console.errors import LeaseLost
from console.models import Job, JobEvent
from tests.support.jobs import customer
from tests.support.plans import make_job


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def test_it_is_made_once_per_key() -> None:
    first, made = Job.make("signup", "7")
    again, made_again = Job.make("signup", "7")
    assert (made, made_again, first.id) == (True, False, again.id)


def test_it_is_claimed_by_one_of_many() -> None:
    job = make_job()

    def claim(n: int) -> bool:
        try:
            return Job.claim(job.id, f"worker:{n}", 60) is not None
        finally:
            models.database.close()

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(claim, range(16))) == 1


def test_it_raises_the_fence_with_each_claim() -> None:
    job = make_job()
    first = Job.claim(job.id, "a", 60)
    assert first
    first.release("queued")
    second = Job.claim(job.id, "b", 60)
    assert second
    assert second.fence == first.fence + 1


def test_it_is_not_claimed_before_it_is_due() -> None:
    assert Job.claim(make_job(next_run_at=clock.after(60)).id, "a", 60) is None


@pytest.mark.parametrize("state", ["held", "needs_attention", "succeeded", "cancelled", "skipped"])
def test_it_is_not_claimed_in_a_state_that_waits_for_something_else(state: str) -> None:
    assert Job.claim(make_job(state=state).id, "a", 60) is None


def test_it_takes_no_write_of_a_run_that_was_overtaken() -> None:
    job = Job.claim(make_job().id, "a", 60)
    assert job
    Job.update(fence=Job.fence + 1).where(Job.id == job.id).execute()
    with pytest.raises(LeaseLost):
        job.release("succeeded")
    assert Job.get_by_id(job.id).state == "running"


def test_it_is_abandoned_once_its_lease_has_ended() -> None:
    job = Job.claim(make_job().id, "a", -1)
    assert job
    assert [row.id for row in Job.abandoned()] == [job.id]


def test_it_can_be_borrowed_in_its_state_and_nothing_claims_it_meanwhile() -> None:
    job = make_job(state="needs_customer")
    held = Job.borrow(job.id, "a", 60)
    assert held
    assert (held.state, Job.claim(job.id, "b", 60)) == ("needs_customer", None)
    held.give_back()
    assert Job.claim(job.id, "b", 60)


def test_it_is_rung_once_and_again_after_a_while() -> None:
    job = make_job()
    assert Job.due(30) == [job.id]
    assert Job.due(30) == []
    assert Job.due(0) == [job.id]


def test_it_moves_from_named_states_only_and_notes_who() -> None:
    job = make_job(state="needs_attention")
    assert not job.move("queued", ("held",), "user:1")
    assert job.move("queued", ("needs_attention",), "user:1", "because")
    assert JobEvent.select().where(JobEvent.actor == "user:1").count() == 1


def test_it_is_moved_by_one_of_two() -> None:
    job = make_job(state="needs_attention")
    same = Job.get_by_id(job.id)
    assert job.move("queued", ("needs_attention",), "user:1")
    assert not same.move("cancelled", ("needs_attention", "queued"), "user:2"), "it decides on what it saw"


def test_it_wakes_what_waits_for_that_customer_and_reason() -> None:
    aiko, sara = customer(), customer()
    mine = make_job(user=aiko.id, state="needs_customer", error_code="payment_method", next_run_at=clock.after(3600))
    make_job(user=sara.id, state="needs_customer", error_code="payment_method", next_run_at=clock.after(3600))
    make_job(user=aiko.id, state="needs_customer", error_code="customer_number", next_run_at=clock.after(3600))
    assert Job.wake(aiko.id, "payment_method") == [mine.id]
    assert Job.due(30) == [mine.id]


def test_it_counts_each_state() -> None:
    make_job(state="held")
    make_job()
    assert {state: n for state, n in Job.counts().items() if n} == {"held": 1, "queued": 1}
