"""Back-fill and watch: what Salesforce knows and the event stream did not bring."""

from __future__ import annotations

from console import clock, log
from console.models import Job, Order, OutboxMessage, transaction
from console.services.provisioning import guard
from console.services.provisioning.plans import close
from console.services.provisioning.receiving import ensure_jobs
from console.services.provisioning.write_back import CANCELLED_HERE
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)
MOST = 2000  # one page of SOQL: orders that wait for staff stay Activating and come first


def reconcile(upstreams: Upstreams, policy: Policy) -> list[int]:
    """Both looks, two SOQL calls; the jobs to ring."""
    found = backfill(upstreams, policy)
    watch(upstreams, policy)
    return found


def backfill(upstreams: Upstreams, policy: Policy) -> list[int]:
    """Orders that are Activating for a while and have no job, or only a skipped one; or one that was cancelled here."""
    approved = upstreams.salesforce.activating_orders(clock.after(-policy.backfill_age_s), MOST)
    known = {job.sf_order_id: job for job in Job.of_orders([order_id for order_id, _ in approved])}
    lost = [order_id for order_id, _ in approved if order_id not in known or known[order_id].state == "skipped"]
    # approved at the very moment of its cancel, which Salesforce is told once more
    lost += [order_id for order_id, job in known.items() if job.error_code in CANCELLED_HERE]
    for order_id in lost:
        _log.warning("backfill_found", sf_order_id=order_id)
    with transaction():
        return list(ensure_jobs(lost, "backfill"))


def watch(upstreams: Upstreams, policy: Policy) -> None:
    """Our own unsettled orders without an open job: were they rejected or cancelled in Salesforce?"""
    jobs = {
        job.sf_order_id: job for job in Job.select().join(Order, on=(Order.sf_order_id == Job.sf_order_id)).where(Order.state == "placed")
    }
    idle = {order.sf_order_id: order for order in Order.unsettled() if not (order.sf_order_id in jobs and jobs[order.sf_order_id].open)}
    if not idle:
        return
    for order_id, status in upstreams.salesforce.statuses(sorted(idle)).items():
        if status in guard.DRAFT_ENDS:
            with transaction():
                _ended(policy, idle[order_id], jobs.get(order_id), guard.DRAFT_ENDS[status])


def _ended(policy: Policy, order: Order, job: Job | None, how: str) -> None:
    """Nothing made: closed. Something made: a person must undo it first."""
    if job is not None and guard.has_effects(job):
        _move(job, "needs_attention", "cancelled_after_effect")
        return
    if job is not None:
        _move(job, "cancelled", how, finished_at=clock.now())
    close(policy, order, how)


def _move(job: Job, state: str, code: str, **values: object) -> None:
    """Once: what the watch said before it does not say again."""
    if (job.state, job.error_code) == (state, code):
        return
    if job.move(state, ("needs_attention", "skipped"), "watch", code, error_class="permanent", error_code=code, **values):
        OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
