"""What Salesforce is told about an order on the way: whenever it changes, under the job's lease, until the newest has arrived."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from console import clock, models
from console.errors import LeaseLost
from console.models import Job, JobEvent, OutboxMessage
from console.services.provisioning import engine, write_back
from console.services.provisioning.plan import Run
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.services.retrying import retry
from console.wiring import Console
from tests.support import ordered
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

OWNER = "worker:test"
Wanted = Callable[..., Job]


@pytest.fixture
def approved(console: Console, sandbox: Running, control: Control) -> Job:
    """The job of an approved order; nothing was done yet."""
    order = ordered.place(console, *ordered.customer(console, sandbox))
    control.approve(order.sf_order_id)
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    return Job.get_by_id(job_id)


def put(job: Job, state: str, **values: object) -> Job:
    """The job in that state, which Salesforce is to be told."""
    Job.update(state=state, lease_owner="", lease_until=None, **values).where(Job.id == job.id).execute()
    OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
    return Job.get_by_id(job.id)


def send(console: Console) -> tuple[list[int], OutboxMessage]:
    """One try to send the status, due or not: the jobs to ring, and the row after it."""
    message = OutboxMessage.get(OutboxMessage.kind == "sf_status")
    OutboxMessage.update(next_try_at=clock.after(-1)).where(OutboxMessage.id == message.id).execute()
    return write_back.send_status(message.id, console.upstreams, console.policy, OWNER), OutboxMessage.get_by_id(message.id)


def in_salesforce(control: Control, job: Job, *fields: str) -> tuple[Any, ...]:
    told = ordered.truth(control, job.sf_order_id)["salesforce"]
    return tuple(told[field] for field in fields or ("Provisioning_Status__c", "Activation_Status__c"))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("state", "provisioning", "activation"),
    [
        ("queued", "Pending", "Activating"),
        ("retry_wait", "Pending", "Activating"),
        ("held", "Pending", "Activating"),
        ("needs_customer", "Waiting for Customer", "Activating"),
        ("needs_attention", "Failed", "Activating"),
        ("cancelled", "Cancelled", "Failed"),
    ],
)
def test_it_says_how_far_the_job_is(
    console: Console, control: Control, approved: Job, state: str, provisioning: str, activation: str
) -> None:
    put(approved, state)
    assert send(console)[1].state == "sent"
    assert in_salesforce(control, approved) == (provisioning, activation)


def test_it_says_nothing_of_a_skipped_order(console: Console, control: Control, approved: Job) -> None:
    put(approved, "skipped")
    assert send(console)[1].state == "sent"
    assert in_salesforce(control, approved) == ("Pending", "Activating")


def test_it_leaves_activation_alone_of_what_was_cancelled_before_approval(console: Console, sandbox: Running, control: Control) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    job = put(Job.get_by_id(job_id), "cancelled")
    send(console)
    assert in_salesforce(control, job) == ("Cancelled", "Not Started")


@pytest.mark.sqlite
def test_it_names_the_fault_in_the_columns_length(console: Console, control: Control, approved: Job) -> None:
    put(approved, "needs_attention", current_step="add_order", error_code="nothing_added", error_text="x" * 300)
    send(console)
    code, message = in_salesforce(control, approved, "Provisioning_Error_Code__c", "Provisioning_Error_Message__c")
    assert (code, message[:14], len(message)) == ("nothing_added", "add_order: xxx", 255)


def test_it_clears_the_fault_after_a_staff_retry(console: Console, control: Control, approved: Job) -> None:
    job = put(approved, "needs_attention", error_code="nothing_added", error_text="no")
    send(console)
    retry(job, "user:7")
    send(console)
    fields = ("Provisioning_Status__c", "Activation_Status__c", "Provisioning_Error_Code__c", "Provisioning_Error_Message__c")
    assert in_salesforce(control, approved, *fields) == ("Pending", "Activating", None, None)


def test_it_waits_while_a_run_has_the_job(console: Console, control: Control, approved: Job) -> None:
    put(approved, "queued")
    running = Job.claim(approved.id, "worker:other", 60)
    assert running
    control.clear_calls()
    rung, message = send(console)
    assert (rung, message.state, message.next_try_at > clock.now(), control.calls("salesforce")) == ([], "due", True, [])
    running.release("needs_customer", next_run_at=clock.after(60))
    send(console)
    assert in_salesforce(control, approved) == ("Waiting for Customer", "Activating")


@pytest.fixture
def slow_salesforce(control: Control) -> Any:
    control.latency("salesforce", 250)
    yield
    control.latency("salesforce", 0)


@pytest.fixture
def meanwhile(console: Console, approved: Job, slow_salesforce: None) -> Any:
    """Does something while a status is on its way; answers what `send` answered."""

    def act(do: Callable[[], object]) -> Any:
        with ThreadPoolExecutor(1) as sender:
            sent = sender.submit(_send_and_close, console)
            eventually(lambda: Job.get_by_id(approved.id).lease_owner == OWNER, what="a status on its way")
            do()
            return sent.result()

    return act


def _send_and_close(console: Console) -> Any:
    try:
        return send(console)
    finally:
        models.database.close()


def test_it_lets_no_step_run_meanwhile_and_rings_the_job_afterwards(approved: Job, meanwhile: Any) -> None:
    put(approved, "queued")
    claimed: list[Job | None] = []
    rung, _message = meanwhile(lambda: claimed.append(Job.claim(approved.id, "worker:other", 60)))
    assert (claimed, rung) == ([None], [approved.id])
    assert Job.claim(approved.id, "worker:other", 60)


def test_it_is_sent_again_when_more_was_wanted_meanwhile(console: Console, control: Control, approved: Job, meanwhile: Any) -> None:
    job = put(approved, "needs_attention", error_code="nothing_added")
    _rung, message = meanwhile(lambda: retry(job, "user:7"))
    assert (in_salesforce(control, job)[0], message.state, message.wanted > message.sent) == ("Failed", "due", True)
    assert send(console)[1].state == "sent"
    assert in_salesforce(control, job)[0] == "Pending"


def test_it_takes_no_retry_back_that_came_meanwhile(approved: Job, meanwhile: Any) -> None:
    job = put(approved, "needs_attention")
    meanwhile(lambda: retry(job, "user:7"))
    after = Job.get_by_id(job.id)
    assert (after.state, after.lease_until, Job.due(30)) == ("queued", None, [job.id])


def test_it_is_sent_once_by_two_workers(console: Console, control: Control, approved: Job) -> None:
    put(approved, "needs_customer")
    control.clear_calls()
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda _n: _deliver(console), range(2)))
    assert [call["operation"] for call in control.calls("salesforce")] == ["sobject.update:Order"]


def _deliver(console: Console) -> None:
    try:
        write_back.send_status(OutboxMessage.get(OutboxMessage.kind == "sf_status").id, console.upstreams, console.policy, OWNER)
    finally:
        models.database.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", ["refuse", "error_before", "error_after", "html", "expired_session", "timeout_after"])
def test_it_tries_again_while_salesforce_is_down(console: Console, control: Control, approved: Job, fault: str) -> None:
    put(approved, "needs_customer")
    control.fault("salesforce", "*", fault, delay_ms=50)
    rung, message = send(console)
    assert (message.state, message.attempts, message.next_try_at > clock.now(), rung) == ("due", 1, True, [approved.id])
    assert Job.get_by_id(approved.id).lease_until is None, "the job is free meanwhile"
    control.clear_faults()
    eventually(lambda: send(console)[1].state == "sent")
    assert in_salesforce(control, approved)[0] == "Waiting for Customer"


def test_it_writes_over_what_arrives_late(console: Console, control: Control, approved: Job) -> None:
    put(approved, "queued")
    control.fault("salesforce", "sobject.update:Order", "late_effect", count=1, delay_ms=300)
    send(console)
    put(approved, "needs_customer")
    assert (send(console)[1].state, in_salesforce(control, approved)[0]) == ("due", "Waiting for Customer")
    eventually(lambda: in_salesforce(control, approved)[0] == "Pending", what="the effect of the first call")
    eventually(lambda: send(console)[1].state == "sent")
    assert in_salesforce(control, approved)[0] == "Waiting for Customer"


def test_it_tells_again_when_its_lease_ended_on_the_way(approved: Job, meanwhile: Any) -> None:
    put(approved, "queued")
    _rung, message = meanwhile(lambda: _take_over(approved))
    assert (message.state, message.wanted - message.sent) == ("due", 1)


def _take_over(job: Job) -> None:
    Job.update(lease_until=clock.after(-1)).where(Job.id == job.id).execute()
    assert Job.claim(job.id, "worker:other", 60)


def test_it_has_the_last_word_when_the_job_ends(console: Console, control: Control, approved: Job) -> None:
    died = replace(PLANS["provision"], finished=_die)
    engine.run(approved.id, died, console.upstreams, console.policy, OWNER)
    put(approved, "queued")
    send(console)
    assert in_salesforce(control, approved) == ("Pending", "Activated")
    engine.run(approved.id, PLANS["provision"], console.upstreams, console.policy, OWNER)
    assert (in_salesforce(control, approved), Job.get_by_id(approved.id).state) == (("Provisioned", "Activated"), "succeeded")


def _die(_run: Run) -> None:
    """As a worker whose lease ended before its last transaction."""
    raise LeaseLost


def test_it_writes_the_ids_of_every_line(console: Console, sandbox: Running, control: Control) -> None:
    lines = {"sku": "SIM-DATA-5", "quantity": 2, "options": {}}, {"sku": "VPN-JP", "quantity": 1, "options": {}}
    job = provisioned(console, control, ordered.place(console, *ordered.customer(console, sandbox), *lines).sf_order_id)
    found = ordered.truth(control, job.sf_order_id)
    [whmcs], order = found["whmcs"], found["salesforce"]
    services = {service["label"]: str(service["id"]) for service in whmcs["services"]}
    iccids = {subscription["portal_op"]: subscription["iccid"] for subscription in found["mobile"]}
    told = {item["Id"]: (item["WHMCS_Service_ID__c"], item["ESIM_ICCID__c"]) for item in order["items"]}
    assert len(told) == 6
    assert told == {item_id: (services[f"sf-{item_id}"], iccids.get(f"act-{item_id}")) for item_id in told}
    first = min(item_id for item_id in told if f"act-{item_id}" in iccids)
    assert order["ESIM_ICCID__c"] == iccids[f"act-{first}"]
    assert (order["WHMCS_Order_ID__c"], order["WHMCS_Invoice_ID__c"]) == (str(whmcs["order_id"]), str(whmcs["invoice_id"]))
    assert (order["Attempt_Count__c"], bool(order["Last_Provisioning_At__c"])) == (1, True)


def test_it_writes_the_result_again_when_the_event_comes_again(console: Console, sandbox: Running, control: Control, approved: Job) -> None:
    job = provisioned(console, control, approved.sf_order_id)
    spoilt = {"Provisioning_Status__c": "Pending", "Activation_Status__c": "Activating", "WHMCS_Order_ID__c": None}
    assert SfRest(sandbox.info["salesforce"]).login().patch(f"sobjects/Order/{job.sf_order_id}", spoilt).status_code == 204
    assert ensure_jobs([job.sf_order_id], "stream") == ()
    send(console)
    ordered.assert_exactly_once(control, job.sf_order_id)


def provisioned(console: Console, control: Control, order_id: str) -> Job:
    """The job at its good end, in one run."""
    job = Job.of_order(order_id)
    if job is None:
        control.approve(order_id)
        [job_id] = ensure_jobs([order_id], "stream")
        job = Job.get_by_id(job_id)
    engine.run(job.id, PLANS["provision"], console.upstreams, console.policy, OWNER)
    ended: Job = Job.get_by_id(job.id)
    assert ended.state == "succeeded", [row.what for row in JobEvent.select()]
    return ended
