"""Provisioning against the real sandbox: the order as approved, once, with its failures."""

from __future__ import annotations

import pytest

from console import clock
from console.models import CustomerLink, EsimSecret, Job, JobStep, Order, OutboxMessage, RestoreMark, Subscription, UpstreamState, User
from console.services import mailing, reconciling
from console.services.provisioning import engine, write_back
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.services.provisioning.sweeping import sweep
from console.wiring import Console
from tests.support import customers, ordered
from tests.support.sandbox import Control, Running

pytestmark = pytest.mark.sqlite


@pytest.fixture
def aiko(console: Console, sandbox: Running) -> tuple[User, CustomerLink]:
    return ordered.customer(console, sandbox)


def approve(control: Control, order: Order) -> Job:
    control.approve(order.sf_order_id)
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    return Job.get_by_id(job_id)


def run(console: Console, job: Job) -> Job:
    """One run, due or not, and the statuses that it left."""
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job.id).execute()
    engine.run(job.id, PLANS[job.kind], console.upstreams, console.policy, "worker:test")
    for message_id in OutboxMessage.due(0):
        message = OutboxMessage.get_by_id(message_id)
        if message.kind == "sf_status":
            write_back.send_status(message_id, console.upstreams, console.policy, "worker:test")
    return Job.get_by_id(job.id)


def run_until(console: Console, job: Job, *states: str) -> Job:
    for _ in range(8):
        job = run(console, job)
        if job.state in states:
            break
    return job


def told(control: Control, order: Order) -> tuple[str, str, str | None]:
    fields = ordered.truth(control, order.sf_order_id)["salesforce"]
    return fields["Provisioning_Status__c"], fields["Activation_Status__c"], fields["Provisioning_Error_Code__c"]


def test_it_provisions_an_esim_order_once(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    job = run(console, approve(control, order))
    assert (job.state, Order.get_by_id(order.id).state) == ("succeeded", "completed")
    ordered.assert_exactly_once(control, order.sf_order_id)


def test_it_keeps_the_activation_code_sealed_and_nowhere_else(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    job = run(console, approve(control, order))
    [subscription] = Subscription.select().where(Subscription.sf_order_id == order.sf_order_id)
    code = console.policy.vault.open(EsimSecret.get(EsimSecret.subscription == subscription.id).sealed)
    assert code.startswith("LPA:1$")
    assert subscription.active
    journal = [str(row.__data__) for row in JobStep.select().where(JobStep.job == job.id)]
    assert not any(code.split("$")[2] in row for row in journal)


def test_it_spends_few_calls_on_an_order(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    run(console, approve(control, ordered.place(console, *aiko)))  # warms what is cached: token, product fields
    order = ordered.place(console, *aiko)
    control.clear_calls()
    run(console, approve(control, order))
    calls = [call["upstream"] for call in control.calls()]
    assert calls.count("salesforce") <= 2
    assert calls.count("whmcs") <= 7, "six and one per further service"
    assert calls.count("mobile") <= 5


@pytest.mark.parametrize(
    ("upstream", "operation", "fault"),
    [
        ("whmcs", "AddOrder", "timeout_after"),
        ("whmcs", "AddOrder", "error_after"),
        ("whmcs", "AddOrder", "html"),
        ("whmcs", "AddOrder", "refuse"),
        ("whmcs", "AcceptOrder", "error_after"),
        ("whmcs", "UpdateClientProduct", "error_before"),
        ("mobile", "POST subscriptions", "timeout_after"),
        ("mobile", "POST subscriptions", "error_before"),
        ("mobile", "GET sims/credentials", "error_before"),
        ("salesforce", "composite", "error_after"),
        ("salesforce", "query", "expired_session"),
    ],
)
def test_it_comes_through_a_fault(
    upstream: str, operation: str, fault: str, console: Console, control: Control, aiko: tuple[User, CustomerLink]
) -> None:
    order = ordered.place(console, *aiko)
    job = approve(control, order)
    control.fault(upstream, operation, fault, count=1, delay_ms=50)
    assert run_until(console, job, "succeeded", "needs_attention").state == "succeeded"
    assert control.faults()[0]["fired"] == 1
    ordered.assert_exactly_once(control, order.sf_order_id)


def test_it_asks_for_a_payment_method_and_goes_on_by_itself(
    console: Console, sandbox: Running, control: Control, aiko: tuple[User, CustomerLink]
) -> None:
    order = ordered.place(console, *aiko)
    customers.remove_cards(sandbox, aiko[0].email)
    job = run(console, approve(control, order))
    assert (job.state, told(control, order)[0]) == ("needs_customer", "Waiting for Customer")
    assert OutboxMessage.select().where(OutboxMessage.template == "action_needed").count() == 1
    assert run(console, job).state == "needs_customer"
    assert OutboxMessage.select().where(OutboxMessage.template == "action_needed").count() == 1, "told once"
    customers.add_card(sandbox, aiko[0].email)
    assert Job.wake(aiko[0].id, "payment_method") == [job.id]
    assert run(console, job).state == "succeeded"
    assert told(control, order) == ("Provisioned", "Activated", None)


def test_it_leaves_an_order_alone_that_is_not_activating(console: Console, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    assert (run(console, Job.get_by_id(job_id)).state, Job.get_by_id(job_id).error_code) == ("skipped", "not_activating")


def test_it_skips_an_order_that_does_not_exist(console: Console, control: Control) -> None:
    [job_id] = ensure_jobs(["801D0000000G0ySIAS"], "stream")
    assert (run(console, Job.get_by_id(job_id)).state, Job.get_by_id(job_id).error_code) == ("skipped", "order_not_found")


def test_it_holds_the_order_while_our_access_is_refused_and_goes_on_by_itself(
    console: Console, control: Control, aiko: tuple[User, CustomerLink]
) -> None:
    order = ordered.place(console, *aiko)
    job = approve(control, order)
    control.fault("mobile", "POST subscriptions", "misconfigured", count=1)
    job = run(console, job)
    assert (job.state, job.held_by, told(control, order)[:2]) == ("held", "mobile", ("Pending", "Activating"))
    UpstreamState.update(probe_at=clock.after(-1)).execute()
    assert sweep(console.policy).jobs == [job.id]
    assert run(console, job).state == "succeeded"
    ordered.assert_exactly_once(control, order.sf_order_id)


def test_it_stops_when_the_lines_were_changed_after_an_effect(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    job = approve(control, order)
    control.fault("whmcs", "AddOrder", "refuse", count=1)
    job = run(console, job)
    assert job.state == "retry_wait"
    snapshot = job.snapshot
    snapshot["lines"][0]["unit_price"] = 1
    Job.update(snapshot=snapshot).where(Job.id == job.id).execute()
    job = run(console, job)
    assert (job.state, job.error_code) == ("needs_attention", "order_changed")
    assert sorted(job.evidence) == ["approved", "now"]
    assert ordered.truth(control, order.sf_order_id)["whmcs"] == []


def test_it_finds_an_approved_order_whose_event_was_lost(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    control.approve(order.sf_order_id)
    policy = ordered.at_once(console.policy)
    found = reconciling.reconcile(console.upstreams, policy)
    job = Job.of_order(order.sf_order_id)
    assert job.id in found
    assert job.source == "backfill"
    assert reconciling.reconcile(console.upstreams, policy) == []


def test_it_tells_the_customer_that_an_order_was_not_approved(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    control.reject(order.sf_order_id)
    reconciling.reconcile(console.upstreams, console.policy)
    assert (Order.get_by_id(order.id).state, Job.of_order(order.sf_order_id)) == ("rejected", None)
    assert OutboxMessage.select().where((OutboxMessage.template == "not_approved") & (OutboxMessage.user == aiko[0].id)).count() == 1


def test_it_provisions_an_order_made_by_hand_for_a_verified_account(
    console: Console, control: Control, aiko: tuple[User, CustomerLink]
) -> None:
    order = ordered.place(console, *aiko)
    Order.delete().where(Order.id == order.id).execute()
    job = run(console, approve(control, order))
    assert (job.state, job.user_id) == ("succeeded", aiko[0].id)


def test_it_asks_staff_whose_an_order_made_by_hand_is(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    Order.delete().where(Order.id == order.id).execute()
    CustomerLink.update(verified=False).where(CustomerLink.user == aiko[0].id).execute()
    assert run(console, approve(control, order)).error_code == "no_portal_account"


def test_it_sends_each_mail_once_with_the_orders_id(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    run(console, approve(control, order))
    for message in OutboxMessage.select().where(OutboxMessage.kind == "mail"):
        mailing.deliver(message.id, console.upstreams, console.policy)
        mailing.deliver(message.id, console.upstreams, console.policy)
    mails = ordered.truth(control, order.sf_order_id)["mails"]
    assert len(mails) == len({mail["message_id"] for mail in mails}) == 3
    assert not any("LPA" in mail["subject"] for mail in mails)


def test_it_knows_an_order_whose_placing_answer_was_lost(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    OutboxMessage.delete().execute()
    Order.update(state="placing", sf_order_id=None, order_number="").where(Order.id == order.id).execute()
    job = run(console, approve(control, order))
    found = Order.get_by_id(order.id)
    assert (job.state, job.user_id, found.state, found.sf_order_id) == ("succeeded", aiko[0].id, "completed", order.sf_order_id)
    assert OutboxMessage.select().where(OutboxMessage.template == "order_received").count() == 1


def test_it_adopts_after_a_restore_what_the_lost_journal_had_made(
    console: Console, control: Control, aiko: tuple[User, CustomerLink]
) -> None:
    order = ordered.place(console, *aiko)
    job = approve(control, order)
    control.fault("whmcs", "AcceptOrder", "refuse", count=1)
    assert run(console, job).state == "retry_wait"
    JobStep.delete().where(JobStep.job == job.id).execute()  # the backup is older than all of it
    RestoreMark.mark()
    assert run_until(console, job, "succeeded", "needs_attention").state == "succeeded"
    assert {row.name for row in JobStep.select().where((JobStep.job == job.id) & (JobStep.state == "adopted"))} == {"esim", "add_order"}
    ordered.assert_exactly_once(control, order.sf_order_id)
