"""Back-fill and watch: what Salesforce decided and the event stream did not bring."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import UpstreamError
from console.models import Job, JobEvent, JobStep, Order, OutboxMessage
from console.services import reconciling
from console.services.provisioning import write_back
from console.services.provisioning.receiving import ensure_jobs
from console.wiring import Console
from tests.support import ordered
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest


@pytest.fixture
def eager(console: Console) -> Console:
    """Without the back-fill's patience."""
    return replace(console, policy=ordered.at_once(console.policy))


@pytest.fixture
def order(console: Console, sandbox: Running) -> Order:
    return ordered.place(console, *ordered.customer(console, sandbox))


@pytest.fixture
def reviewer(sandbox: Running) -> SfRest:
    """Somebody at Salesforce."""
    return SfRest(sandbox.info["salesforce"]).login()


def decide(reviewer: SfRest, order: Order, status: str) -> None:
    assert reviewer.patch(f"sobjects/Order/{order.sf_order_id}", {"Status": status}).status_code == 204


def parked(order: Order, state: str, effect: str = "") -> Job:
    """The order's job, which stopped, and what it had done by then."""
    ensure_jobs([order.sf_order_id], "stream")
    Job.update(state=state).where(Job.sf_order_id == order.sf_order_id).execute()
    job = Job.of_order(order.sf_order_id)
    assert job
    if effect:
        JobStep.put(job, "esim", "802", state=effect)
    return job


def look(console: Console, order: Order) -> tuple[str, str | None]:
    """One look at Salesforce: the states of order and job after it."""
    reconciling.reconcile(console.upstreams, console.policy)
    job = Job.of_order(order.sf_order_id)
    return Order.get_by_id(order.id).state, job.state if job else None


def mails(order: Order) -> list[str]:
    rows = OutboxMessage.select().where((OutboxMessage.user == order.user_id) & (OutboxMessage.template != "order_received"))
    return [row.template for row in rows]


@pytest.mark.parametrize(("status", "state", "mailed"), [("Rejected", "rejected", ["not_approved"]), ("Cancelled", "cancelled", [])])
def test_it_closes_an_order_that_was_never_approved(
    console: Console, control: Control, order: Order, reviewer: SfRest, status: str, state: str, mailed: list[str]
) -> None:
    decide(reviewer, order, status)
    assert look(console, order) == (state, None)
    assert look(console, order) == (state, None)
    assert mails(order) == mailed, "told once"


@pytest.mark.parametrize("state", ["needs_attention", "skipped"])
@pytest.mark.parametrize("effect", ["", "pending"])
def test_it_cancels_what_had_done_nothing_yet(
    console: Console, control: Control, order: Order, reviewer: SfRest, state: str, effect: str
) -> None:
    control.approve(order.sf_order_id)
    job = parked(order, state, effect)
    decide(reviewer, order, "Cancelled")
    assert look(console, order) == ("cancelled", "cancelled")
    write_back.send_status(OutboxMessage.get(OutboxMessage.kind == "sf_status").id, console.upstreams, console.policy, "worker:test")
    told = ordered.truth(control, job.sf_order_id)["salesforce"]
    assert (told["Provisioning_Status__c"], told["Activation_Status__c"], told["Status"]) == ("Cancelled", "Failed", "Cancelled")


@pytest.mark.sqlite
@pytest.mark.parametrize("effect", ["started", "done", "adopted"])
def test_it_asks_a_person_when_something_was_made_already(
    console: Console, control: Control, order: Order, reviewer: SfRest, effect: str
) -> None:
    control.approve(order.sf_order_id)
    parked(order, "needs_attention", effect)
    decide(reviewer, order, "Cancelled")
    assert look(console, order) == ("placed", "needs_attention")
    job = Job.of_order(order.sf_order_id)
    assert job
    assert job.error_code == "cancelled_after_effect"
    assert OutboxMessage.select().where(OutboxMessage.sf_order_id == order.sf_order_id, OutboxMessage.kind == "sf_status").exists()


def test_it_asks_a_person_once(console: Console, control: Control, order: Order, reviewer: SfRest) -> None:
    control.approve(order.sf_order_id)
    job = parked(order, "needs_attention", "done")
    decide(reviewer, order, "Cancelled")
    for _ in range(3):
        look(console, order)
    assert JobEvent.select().where((JobEvent.job == job.id) & (JobEvent.actor == "watch")).count() == 1
    assert OutboxMessage.get(OutboxMessage.kind == "sf_status").wanted == 1


@pytest.mark.sqlite
@pytest.mark.parametrize("state", ["queued", "needs_customer"])
def test_it_leaves_an_open_job_to_the_guard(console: Console, control: Control, order: Order, reviewer: SfRest, state: str) -> None:
    control.approve(order.sf_order_id)
    parked(order, state)
    decide(reviewer, order, "Cancelled")
    assert look(console, order) == ("placed", state)


@pytest.mark.parametrize("state", ["skipped", None])
def test_it_finds_an_approved_order_without_work(eager: Console, control: Control, order: Order, state: str | None) -> None:
    if state:
        parked(order, state)
    control.approve(order.sf_order_id)
    assert look(eager, order) == ("placed", "queued")


@pytest.mark.sqlite
@pytest.mark.parametrize("state", ["needs_attention", "needs_customer", "succeeded", "cancelled"])
def test_it_begins_nothing_that_was_begun(eager: Console, control: Control, order: Order, state: str) -> None:
    control.approve(order.sf_order_id)
    parked(order, state)
    assert look(eager, order) == ("placed", state)
    assert not OutboxMessage.select().where(OutboxMessage.kind == "sf_status").exists()


@pytest.mark.sqlite
def test_it_gives_the_event_stream_its_time(console: Console, control: Control, order: Order) -> None:
    control.approve(order.sf_order_id)
    patient = replace(console, policy=replace(console.policy, backfill_age_s=120))
    assert look(patient, order) == ("placed", None)


@pytest.mark.sqlite
def test_it_asks_two_questions(eager: Console, control: Control, order: Order) -> None:
    control.clear_calls()
    look(eager, order)
    assert [call["operation"] for call in control.calls("salesforce")] == ["query", "query"]


@pytest.mark.sqlite
def test_it_changes_nothing_while_salesforce_is_down(console: Console, control: Control, order: Order, reviewer: SfRest) -> None:
    decide(reviewer, order, "Rejected")
    control.fault("salesforce", "query", "error_before")
    with pytest.raises(UpstreamError):
        look(console, order)
    assert Order.get_by_id(order.id).state == "placed"
