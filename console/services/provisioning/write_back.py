"""What Salesforce is told: the result at the end, and the order's status whenever it changes on the way."""

from __future__ import annotations

from console import clock, crash, log
from console.clients.salesforce import ItemResult, Provisioned, StatusUpdate
from console.errors import LeaseLost, UpstreamError
from console.models import Job, JobStep, OutboxMessage
from console.services.provisioning.outcomes import backoff
from console.services.provisioning.plan import Done, Run
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)

# job state → Provisioning_Status__c; a job that is skipped writes nothing
PROVISIONING = {
    "queued": "Pending", "running": "Pending", "waiting": "Pending", "retry_wait": "Pending", "held": "Pending",
    "needs_customer": "Waiting for Customer", "needs_attention": "Failed", "cancelled": "Cancelled",
}  # fmt: skip


def write_result(run: Run, _line: str) -> Done:
    """One composite call with the Order and its items: absolute values, so it may be repeated."""
    run.upstreams.salesforce.record_provisioned(_result(run.job, run.journal))
    return Done(run.job.sf_order_id)


def _result(job: Job, journal: dict[tuple[str, str], JobStep]) -> Provisioned:
    services, iccids = journal["match_services", ""].result["services"], _iccids(journal)
    items = tuple(ItemResult(item_id, str(service_id), iccids.get(item_id, "")) for item_id, service_id in services.items())
    return Provisioned(
        order_id=job.sf_order_id, whmcs_order_id=journal["add_order", ""].upstream_ref,
        whmcs_invoice_id=journal["match_services", ""].upstream_ref,
        iccid=next((item.iccid for item in items if item.iccid), ""), attempts=job.attempt + 1, at=clock.now(),
        items=items,
    )  # fmt: skip


def _iccids(journal: dict[tuple[str, str], JobStep]) -> dict[str, str]:
    return {line: row.result["iccid"] for (name, line), row in journal.items() if name == "esim_profile"}


def send_status(message_id: int, upstreams: Upstreams, policy: Policy, owner: str) -> list[int]:
    """Send an order's one status row, under the job's lease so that no step and no other status write runs meanwhile.

    The ids of jobs to ring: one that was rung while we held it has gone away unheard.
    """
    message = OutboxMessage.claim(message_id, policy.lease_s)
    job = Job.of_order(message.sf_order_id) if message else None
    if message is None or job is None:
        return []
    held = Job.borrow(job.id, owner, policy.lease_s)
    if held is None:  # a run has the job: its end is told when it is over
        message.write(next_try_at=clock.after(min(1.0, policy.backoff_base_s)))
        return []
    with log.correlated(held.correlation_id):
        _send_held(message, held, upstreams, policy)
    return [held.id]


def _send_held(message: OutboxMessage, held: Job, upstreams: Upstreams, policy: Policy) -> None:
    try:
        _tell(held, upstreams)
    except UpstreamError as error:
        attempts = message.attempts + 1
        _log.warning("status_failed", job_id=held.id, sf_order_id=held.sf_order_id, code=error.code, attempt=attempts)
        message.write(attempts=attempts, next_try_at=clock.after(backoff(attempts, policy)), error_code=error.code[:60])
    else:
        crash.point("status.call")
        message.sent_now()
    finally:
        _give_back(held)


def _give_back(held: Job) -> None:
    try:
        held.give_back()
    except LeaseLost:
        _log.warning("lease_lost", job_id=held.id, fence=held.fence)


def _tell(job: Job, upstreams: Upstreams) -> None:
    """Worked out from the job's row at this moment."""
    if job.state == "succeeded":
        journal = {(row.name, row.line): row for row in JobStep.select().where(JobStep.job == job.id)}
        upstreams.salesforce.record_provisioned(_result(job, journal))
    elif job.state in PROVISIONING:
        upstreams.salesforce.record_status(_update(job, upstreams))


def _update(job: Job, upstreams: Upstreams) -> StatusUpdate:
    failed = job.state == "needs_attention"
    return StatusUpdate(
        order_id=job.sf_order_id, provisioning_status=PROVISIONING[job.state], activation_status=_activation(job, upstreams),
        error_code=job.error_code if failed else "", error_message=_message(job) if failed else "",
    )  # fmt: skip


def _activation(job: Job, upstreams: Upstreams) -> str | None:
    """Failed for a cancelled order that was Activating; in every other state the column stays as it is."""
    if job.state != "cancelled":
        return None
    order = upstreams.salesforce.read_order(job.sf_order_id)
    return "Failed" if order is not None and order.activation_status == "Activating" else None


def _message(job: Job) -> str:
    """At most 255 characters, redacted when it was stored: what a reviewer needs, never a person's data."""
    return f"{job.current_step}: {job.error_text or job.error_code}"[:255]
