"""A customer's cancel: either it or the work, never both, and Salesforce learns of it in the end."""

from __future__ import annotations

import threading
import time

import pytest

from console import clock
from console.errors import Refused
from console.models import Job, JobEvent, JobStep, Order, OutboxMessage, transaction
from console.models.job import STATES
from console.services import cancelling
from console.services.explaining import status_of
from console.services.provisioning import engine, write_back
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.services.reconciling import backfill
from console.wiring import Console
from tests.support import jobs, ordered
from tests.support.plans import World, quick
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest
from tests.support.together import at_once

STOPPABLE = [state for state in STATES if state not in {"succeeded", "cancelled"}]


def placed() -> Order:
    return jobs.order(jobs.customer())


def with_job(state: str, **values: object) -> tuple[Order, Job]:
    order = placed()
    return order, jobs.job(order.user, state, int(order.order_number), placed=False, **values)


def cancel(console: Console, order: Order) -> str:
    """`cancelled`, or why not."""
    try:
        return str(cancelling.cancel(console.policy, Order.get_by_id(order.id)).state)
    except Refused as refused:
        return refused.code


def mails(order: Order) -> list[str]:
    return [row.template for row in OutboxMessage.select().where((OutboxMessage.user == order.user_id) & (OutboxMessage.kind == "mail"))]


def statuses() -> list[str]:
    return [row.sf_order_id for row in OutboxMessage.select().where(OutboxMessage.kind == "sf_status")]


def test_it_cancels_before_there_is_a_job_so_that_an_approval_on_its_way_runs_nothing(console: Console) -> None:
    order = placed()
    assert cancel(console, order) == "cancelled"
    assert ensure_jobs([order.sf_order_id], "stream") == ()
    job = Job.of_order(order.sf_order_id)
    assert job
    assert (job.state, job.error_code, job.user_id, bool(job.finished_at)) == ("cancelled", "cancelled_by_customer", order.user_id, True)
    assert [row.what for row in JobEvent.select().order_by(JobEvent.id)] == ["created", "cancelled", "event_again"]
    assert (mails(order), statuses()) == (["order_cancelled"], [order.sf_order_id])


@pytest.mark.parametrize("state", STOPPABLE)
def test_it_cancels_what_has_made_nothing(console: Console, state: str) -> None:
    order, job = with_job(state, lease_owner="worker:x" if state == "running" else "", held_by="staff" if state == "held" else "")
    JobStep.put(job, "esim", "line", state="undone")
    JobStep.put(job, "add_order", "", state="pending")
    assert status_of(order).can_cancel
    assert cancel(console, order) == "cancelled"
    after = Job.get_by_id(job.id)
    assert (after.state, after.held_by, after.lease_owner, after.fence) == ("cancelled", "", "", job.fence + 1)
    assert not status_of(Order.get_by_id(order.id)).can_cancel


@pytest.mark.parametrize("made", ["started", "done", "adopted"])
@pytest.mark.parametrize("state", STOPPABLE)
def test_it_is_too_late_once_something_is_begun(console: Console, state: str, made: str) -> None:
    order, job = with_job(state)
    JobStep.put(job, "esim", "line", state=made)
    assert not status_of(order).can_cancel
    assert cancel(console, order) == "too_late"
    after = Job.get_by_id(job.id)
    assert (after.state, after.fence, after.error_code) == (state, job.fence, job.error_code)
    assert (Order.get_by_id(order.id).state, mails(order), statuses()) == ("placed", [], [])


@pytest.mark.parametrize("state", ["placing", "completed", "rejected", "failed"])
def test_it_refuses_an_order_that_is_not_waiting(console: Console, state: str) -> None:
    order = placed()
    Order.update(state=state).execute()
    assert cancel(console, order) == "too_late"
    assert not status_of(Order.get_by_id(order.id)).can_cancel
    assert Job.select().count() == 0


def test_it_says_the_same_when_asked_twice(console: Console) -> None:
    order = placed()
    assert [cancel(console, order), cancel(console, order)] == ["cancelled", "cancelled"]
    assert (mails(order), JobEvent.select().where(JobEvent.what == "cancelled").count()) == (["order_cancelled"], 1)


@pytest.mark.parametrize("head_start", range(-8, 8))
def test_either_the_cancel_or_the_worker_wins(console: Console, head_start: int) -> None:
    order, job = with_job("queued", next_run_at=clock.after(-1))
    world, said = World(), []
    checked = Step("guard", "salesforce", lambda run, line: Done(), every_run=True)
    plan = Plan((checked, Step("add_order", "whmcs", world.call, look_up=world.find)), lambda run: None, lambda run: None)

    def work() -> None:
        time.sleep(max(0, head_start) / 1000)
        engine.run(job.id, plan, console.upstreams, console.policy, "worker:test")

    def stop() -> None:
        time.sleep(max(0, -head_start) / 1000)
        said.append(cancel(console, order))

    at_once(work, stop)
    outcome = (Job.get_by_id(job.id).state, len(world.made), said[0], Order.get_by_id(order.id).state)
    assert outcome in {("cancelled", 0, "cancelled", "cancelled"), ("succeeded", 1, "too_late", "placed")}


def test_a_cancel_that_comes_while_the_first_effect_is_being_written_is_too_late(console: Console) -> None:
    order, job = with_job("queued", next_run_at=clock.after(-1))
    running = Job.claim(job.id, "worker:test", 60)
    assert running
    written, said = threading.Event(), []

    def begin() -> None:
        with transaction():
            running.renew(60, current_step="esim")
            JobStep.put(running, "esim", "line", state="started")
            written.set()
            time.sleep(0.1)  # the cancel waits for the row by now

    at_once(begin, lambda: (written.wait(5), said.append(cancel(console, order))))
    assert (said, Job.get_by_id(job.id).state) == (["too_late"], "running")
    running.renew(60)  # still its own


def test_a_run_without_an_effect_is_stopped_before_its_first(console: Console) -> None:
    order, job = with_job("queued", next_run_at=clock.after(-1))
    world, said = World(), []

    def checked(run: Run, line: str) -> Done:
        said.append(cancel(console, order))  # while the worker reads
        return Done()

    plan = Plan(
        (Step("guard", "salesforce", checked), Step("esim", "mobile", world.call, look_up=world.find)), lambda run: None, lambda run: None
    )
    engine.run(job.id, plan, console.upstreams, console.policy, "worker:test")
    assert (said, world.made, Job.get_by_id(job.id).state) == (["cancelled"], [], "cancelled")


@pytest.mark.parametrize("head_start", range(-4, 4))
def test_an_approval_at_the_same_moment_makes_one_job_that_runs_nothing_or_is_stopped(console: Console, head_start: int) -> None:
    order, said, rung = placed(), [], []

    def approve() -> None:
        time.sleep(max(0, head_start) / 1000)
        rung.extend(ensure_jobs([order.sf_order_id], "stream"))

    def stop() -> None:
        time.sleep(max(0, -head_start) / 1000)
        said.append(cancel(console, order))

    at_once(approve, stop)
    [job] = Job.select()
    assert (said, job.state, Job.due(30)) == (["cancelled"], "cancelled", [])
    assert [Job.claim(job_id, "worker:test", 60) for job_id in rung] in ([], [None])


def test_two_cancels_at_once_are_one(console: Console) -> None:
    order, said = placed(), []
    at_once(*[lambda: said.append(cancel(console, order))] * 4)
    assert said == ["cancelled"] * 4
    assert (Job.select().count(), mails(order)) == (1, ["order_cancelled"])


# -- what Salesforce comes to hold


@pytest.fixture
def order(console: Console, sandbox: Running) -> Order:
    return ordered.place(console, *ordered.customer(console, sandbox))


def tell(console: Console) -> OutboxMessage:
    """One try to send the status, due or not."""
    message = OutboxMessage.get(OutboxMessage.kind == "sf_status")
    OutboxMessage.update(next_try_at=clock.after(-1)).where(OutboxMessage.id == message.id).execute()
    write_back.send_status(message.id, console.upstreams, console.policy, "worker:test")
    return OutboxMessage.get_by_id(message.id)


def in_salesforce(control: Control, order: Order) -> tuple[str, ...]:
    told = ordered.truth(control, order.sf_order_id)["salesforce"]
    return told["Status"], told["Provisioning_Status__c"], told["Activation_Status__c"]


def test_it_is_written_to_salesforce(console: Console, control: Control, order: Order) -> None:
    cancel(console, order)
    assert tell(console).state == "sent"
    assert in_salesforce(control, order) == ("Cancelled", "Cancelled", "Not Started")


def test_an_approved_order_is_written_as_failed_to_activate(console: Console, control: Control, order: Order) -> None:
    control.approve(order.sf_order_id)
    ensure_jobs([order.sf_order_id], "stream")
    cancel(console, order)
    tell(console)
    assert in_salesforce(control, order) == ("Cancelled", "Cancelled", "Failed")


def test_a_reviewers_no_stays_a_no(console: Console, control: Control, order: Order) -> None:
    control.reject(order.sf_order_id)
    cancel(console, order)
    tell(console)
    assert in_salesforce(control, order)[:2] == ("Rejected", "Cancelled")


def test_salesforce_learns_of_it_after_an_hour_of_silence(console: Console, control: Control, order: Order) -> None:
    console = quick(console, attempts=3)
    cancel(console, order)
    control.fault("salesforce", "*", "refuse")
    for tries in range(1, 13):  # more than a job would be given
        message = tell(console)
        assert (message.state, message.attempts) == ("due", tries)
    assert status_of(Order.get_by_id(order.id)).status == "cancelled"
    control.clear_faults()
    control.approve(order.sf_order_id)  # nobody could know there
    [job] = Job.select()
    assert ensure_jobs([order.sf_order_id], "stream") == ()
    assert engine.run(job.id, PLANS["provision"], console.upstreams, console.policy, "worker:test") is None
    eventually(lambda: tell(console).state == "sent", what="the status written once no older call can arrive")
    assert in_salesforce(control, order) == ("Cancelled", "Cancelled", "Failed")
    assert ordered.truth(control, order.sf_order_id)["whmcs"] == []


@pytest.mark.parametrize("how", ["event", "backfill"])
def test_an_approval_between_our_look_and_our_write_is_put_right(
    console: Console, sandbox: Running, control: Control, order: Order, how: str
) -> None:
    cancel(console, order)
    tell(console)
    order_id = order.sf_order_id
    org = SfRest(sandbox.info["salesforce"]).login()
    assert org.patch(f"sobjects/Order/{order_id}", {"Activation_Status__c": "Activating"}).status_code == 204
    eager = quick(console, backfill_age_s=-2)
    assert list(ensure_jobs([order_id], "stream") if how == "event" else backfill(eager.upstreams, eager.policy)) == []
    tell(console)
    assert in_salesforce(control, order) == ("Cancelled", "Cancelled", "Failed")
