"""Whether what a browser shows of an order is still true, for one query; and the same words as everywhere else."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
import time_machine
from peewee import Database

from console import clock
from console.models import Job, JobStep, Order, Pace, User
from console.models.followed import Followed
from console.models.job import STATES
from console.services import tracking
from console.services.explaining import status_of
from tests.support import jobs
from tests.support.queries import counted

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def aiko(database: Database) -> User:
    return jobs.customer()


def follow(user: User, order: Order) -> Followed:
    found = tracking.follow(user, order.sf_order_id)
    assert found
    return found


@pytest.mark.parametrize(("order_state", "job_state"), list(product(["placed", "completed", "rejected", "cancelled"], [None, *STATES])))
def test_it_says_what_the_order_says(aiko: User, order_state: str, job_state: str | None) -> None:
    order = jobs.order(aiko)
    Order.update(state=order_state).execute()
    if job_state:
        jobs.stepped(jobs.job(aiko, job_state, int(order.order_number), placed=False, attempt=1), "payment_method")
    Pace.keep({"SIM": [60.0, 120.0]})
    expected = status_of(Order.get_by_id(order.id))
    seen = tracking.status_of(follow(aiko, order))
    assert seen == expected
    assert seen.version == expected.version


def test_it_is_one_query_while_nothing_changes_and_one_more_for_the_steps(aiko: User, database: Database) -> None:
    order = jobs.order(aiko)
    jobs.job(aiko, "running", int(order.order_number), placed=False)
    version = tracking.status_of(follow(aiko, order)).version
    with counted(database) as statements:
        followed = follow(aiko, order)
        assert tracking.unchanged(followed, version)
        assert len(statements) == 1
        tracking.status_of(followed)
        assert len(statements) == 2


def test_every_change_is_noticed(aiko: User) -> None:
    order = jobs.order(aiko)
    before = tracking.status_of(follow(aiko, order)).version

    def changed() -> bool:
        nonlocal before
        followed = follow(aiko, order)
        seen, before = not tracking.unchanged(followed, before), tracking.status_of(followed).version
        return seen and tracking.unchanged(follow(aiko, order), before)

    job = jobs.job(aiko, "queued", int(order.order_number), placed=False, next_run_at=clock.after(-1))
    assert changed()
    running = Job.claim(job.id, "worker:test", 60)
    assert running
    assert changed()
    running.renew(60, current_step="payment_method")
    JobStep.put(running, "payment_method", "", state="done", finished_at=clock.now())
    Job.update(updated_at=clock.after(1)).execute()  # the same millisecond would be no change
    assert changed()
    running.release("succeeded")
    Order.get_by_id(order.id).move("completed", ("placed",))
    assert changed()


def test_a_moment_that_passes_is_a_change(aiko: User) -> None:
    order = jobs.order(aiko)
    jobs.job(aiko, "running", int(order.order_number), placed=False)
    Pace.keep({"SIM": [60.0, 120.0]})
    version = tracking.status_of(follow(aiko, order)).version
    assert tracking.unchanged(follow(aiko, order), version)
    with time_machine.travel(clock.now() + timedelta(seconds=121), tick=False):
        late = follow(aiko, order)
        assert not tracking.unchanged(late, version)
        assert "takes longer" in tracking.status_of(late).expected


@pytest.mark.parametrize("version", ["", "-", "--", "x-0-y", "１２-３-４", "a" * 5000, "0-99999999999999999999-0", "' OR 1=1 --"])
def test_a_version_that_was_never_given_is_not_true(aiko: User, version: str) -> None:
    order = jobs.order(aiko)
    assert not tracking.unchanged(follow(aiko, order), version)
    stamp = tracking.status_of(follow(aiko, order)).version.split("-")[0]
    assert not tracking.unchanged(follow(aiko, order), f"{stamp}-")
    assert not tracking.unchanged(follow(aiko, order), f"{stamp}-x-0")


def test_it_is_not_there_for_others(aiko: User) -> None:
    order, stranger = jobs.order(aiko), jobs.customer()
    assert tracking.follow(stranger, order.sf_order_id) is None
    assert tracking.follow(aiko, "801000000000000AAA") is None
