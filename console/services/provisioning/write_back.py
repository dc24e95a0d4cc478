"""What Salesforce is told: the result at the end, and the order's status whenever it changes on the way."""

from __future__ import annotations

from console import clock, crash, log
from console.clients.salesforce import ItemResult, Provisioned, StatusUpdate
from console.errors import Ambiguous, LeaseLost, Unavailable, UpstreamError
from console.models import Job, JobStep, OutboxMessage
from console.models.base import millis
from console.services.provisioning.outcomes import backoff
from console.services.provisioning.plan import Done, Run
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)

# error codes of jobs that a person cancelled here
BY_CUSTOMER, BY_STAFF = "cancelled_by_customer", "cancelled_by_staff"
CANCELLED_HERE = frozenset({BY_CUSTOMER, BY_STAFF})
# an order of any other Status has ended there, or is activated and cannot go back
_UNDECIDED = frozenset({"Draft", "Pending Review", "Approved"})
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
        message.write(
            attempts=attempts, next_try_at=clock.after(backoff(attempts, policy)), error_code=error.code[:60],
            values=_unsettled(error, policy) or message.values,
        )  # fmt: skip
    else:
        crash.point("status.call")
        _sent(message)
    finally:
        _give_back(held)


def _unsettled(error: UpstreamError, policy: Policy) -> dict[str, int]:
    """Until when a call without an answer may still take effect; nothing when it surely does not."""
    unclear = isinstance(error, (Ambiguous, Unavailable))
    return {"settles_at": millis(clock.after(max(policy.settle.values())))} if unclear else {}


def _sent(message: OutboxMessage) -> None:
    """Done, unless an older call may still arrive and put its status in the place of this one: then it is sent once more."""
    wait_ms = message.values.get("settles_at", 0) - millis(clock.now())
    if wait_ms > 0:
        message.write(attempts=0, next_try_at=clock.after(wait_ms / 1000), error_code="")
    else:
        message.sent_now()


def _give_back(held: Job) -> None:
    try:
        held.give_back()
    except LeaseLost:  # somebody else went on meanwhile, and what we told may be older than what they did
        _log.warning("lease_lost", job_id=held.id, fence=held.fence)
        OutboxMessage.want_status(held.sf_order_id, held.correlation_id)


def _tell(job: Job, upstreams: Upstreams) -> None:
    """Worked out from the job's row at this moment."""
    if job.state == "succeeded":
        upstreams.salesforce.record_provisioned(_result(job, JobStep.of(job)))
    elif job.state in PROVISIONING:
        upstreams.salesforce.record_status(_update(job, upstreams))


def _update(job: Job, upstreams: Upstreams) -> StatusUpdate:
    failed = job.state == "needs_attention"
    activation, order_status = _ending(job, upstreams) if job.state == "cancelled" else (None, None)
    return StatusUpdate(
        order_id=job.sf_order_id, provisioning_status=PROVISIONING[job.state], activation_status=activation, order_status=order_status,
        error_code=job.error_code if failed else "", error_message=_message(job) if failed else "",
    )  # fmt: skip


def _ending(job: Job, upstreams: Upstreams) -> tuple[str | None, str | None]:
    """Activation and Status of a cancelled order: Failed if it was Activating, Cancelled if that was decided here; else as they are."""
    order = upstreams.salesforce.read_order(job.sf_order_id)
    if order is None:
        return None, None
    decided_here = job.error_code in CANCELLED_HERE and order.status in _UNDECIDED
    return "Failed" if order.activation_status == "Activating" else None, "Cancelled" if decided_here else None


def _message(job: Job) -> str:
    """At most 255 characters, redacted when it was stored: what a reviewer needs, never a person's data."""
    return f"{job.current_step}: {job.error_text or job.error_code}"[:255]
