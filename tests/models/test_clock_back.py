"""The clock jumps by an hour: nobody works beside another, and what waits does not wait for an hour more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from peewee import Database

from console import clock
from console.errors import LeaseLost
from console.models import Heartbeat, Job, JobStep, Lease, Order, OutboxMessage, UpstreamState, clock_back
from console.models.base import db_now
from console.services import ordering
from console.wiring import Console
from tests.support import jobs

HOUR = timedelta(hours=1)
sqlite_only = pytest.mark.sqlite  # PostgreSQL's statements go by the clock of its host


@pytest.fixture
def machine(database: Database) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(clock.now(), tick=False) as coordinates:
        Heartbeat.beat("worker", "w")
        yield coordinates


def made() -> Job:
    return Job.make("signup", "1")[0]


@pytest.fixture
def elsewhere(database: Database) -> Iterator[None]:
    """A host whose clock is an hour ahead of the database's."""
    with time_machine.travel(clock.now() + HOUR, tick=True):
        yield


@pytest.mark.postgres
@pytest.mark.usefixtures("elsewhere")
def test_it_is_due_when_the_database_says_so(database: Database) -> None:
    job = Job.claim(made().id, "a", 120)
    assert job
    job.release("retry_wait", next_run_at=clock.after(0.2))
    OutboxMessage.want_status("801")
    message = OutboxMessage.claim(OutboxMessage.get().id, 60)
    assert message
    message.write(next_try_at=clock.after(0.2))
    assert (Job.due(30), OutboxMessage.due(30)) == ([], [])
    time.sleep(0.3)
    assert (Job.due(30), OutboxMessage.due(30)) == ([job.id], [message.id])
    assert job.move("queued", ("retry_wait",), "staff", next_run_at=clock.now(), last_rung_at=None)
    assert Job.due(30) == [job.id]
    [other] = Job.make_many("provision", {"801": {}}, "stream", last_rung_at=clock.now()).values()
    assert (Job.due(5), Job.due(-1)) == ([], [job.id, other])


@pytest.mark.postgres
@pytest.mark.usefixtures("elsewhere")
def test_an_order_is_placed_again_when_the_database_says_so(console: Console) -> None:
    order = jobs.order(jobs.customer())
    Order.update(state="placing", sf_order_id=None, place_again_at=db_now(60)).execute()
    assert Order.unplaced() == []
    Order.update(place_again_at=db_now()).execute()
    assert Order.unplaced() == [order]
    assert not ordering.finish_placing(console.upstreams, console.policy, order), "Salesforce is down"
    left_ms = Order.select(Order.place_again_at - db_now()).scalar()
    assert -1000 < left_ms < console.policy.backoff_cap_s * 1000


@sqlite_only
def test_it_finds_a_clock_that_goes_as_it_should(machine: time_machine.Coordinates) -> None:
    machine.shift(5)
    assert clock_back.mend() == 0
    machine.shift(-20)
    assert clock_back.mend() == 0


@sqlite_only
def test_it_fences_off_whoever_ran_when_the_clock_went_forward(machine: time_machine.Coordinates) -> None:
    first = Job.claim(made().id, "a", 120)
    assert first
    machine.shift(HOUR)
    assert [job.id for job in Job.abandoned()] == [first.id]
    assert first.move("queued", ("running",), "sweeper")
    assert Job.claim(first.id, "b", 120)
    with pytest.raises(LeaseLost):
        first.renew(120)


@sqlite_only
def test_it_frees_what_a_dead_process_held_when_the_clock_goes_back(machine: time_machine.Coordinates) -> None:
    Job.claim(made().id, "dead", 120)
    Lease.take("sweeper", "dead", 15)
    machine.shift(-HOUR)
    assert clock_back.mend() == HOUR.total_seconds()
    machine.shift(16)
    assert Lease.take("sweeper", "b", 15) == 2
    machine.shift(120)
    assert len(Job.abandoned()) == 1


@sqlite_only
def test_it_keeps_what_a_living_process_holds(machine: time_machine.Coordinates) -> None:
    running = Job.claim(made().id, "a", 120)
    assert running
    Lease.take("sweeper", "a", 15)
    machine.shift(-HOUR)
    clock_back.mend()
    assert Lease.take("sweeper", "b", 15) is None
    assert Lease.take("sweeper", "a", 15) == 1
    assert Job.abandoned() == []
    running.renew(120)


@sqlite_only
def test_it_brings_near_again_what_was_due_soon(machine: time_machine.Coordinates) -> None:
    job = made()
    Job.update(state="retry_wait", next_run_at=clock.after(10), last_rung_at=clock.now()).execute()
    OutboxMessage.want_status("801")
    JobStep.put(job, "esim", "", state="started", started_at=clock.now(), unsure_at=clock.now())
    machine.shift(-HOUR)
    clock_back.mend()
    assert (Job.due(30), OutboxMessage.due(30)) == ([], [OutboxMessage.get().id])
    machine.shift(11)
    assert Job.due(30) == [job.id]
    assert JobStep.get().unsure_at <= clock.now()


@sqlite_only
def test_it_looks_again_in_a_minute_at_what_was_held(machine: time_machine.Coordinates) -> None:
    order = jobs.order(jobs.customer())
    Order.update(state="placing", place_again_at=clock.after(60)).execute()
    UpstreamState.trip("whmcs", "down", "connect", 60)
    machine.shift(-HOUR)
    clock_back.mend()
    assert (Order.unplaced(), UpstreamState.probe_due()) == ([], [])
    machine.shift(61)
    assert (Order.unplaced(), UpstreamState.probe_due()) == ([order], ["whmcs"])


@sqlite_only
def test_it_mends_once(machine: time_machine.Coordinates) -> None:
    machine.shift(-HOUR)
    assert [clock_back.mend(), clock_back.mend()] == [3600, 0]
