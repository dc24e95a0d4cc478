"""The sweep: what is due is rung, what a dead worker left is rescued; nothing here calls an upstream."""

from __future__ import annotations

from dataclasses import dataclass

from console import clock, log
from console.models import Job, Order, OutboxMessage, transaction
from console.services import billing_changes
from console.services.provisioning import breakers
from console.services.upstreams import Policy

_log = log.logger(__name__)


@dataclass(frozen=True)
class Due:
    """Ids to ring."""

    jobs: list[int]
    messages: list[int]
    orders: list[int]


def sweep(policy: Policy) -> Due:
    """One pass: rescue first, then everything that is due and was not rung lately."""
    for job in Job.abandoned():
        rescue(job, policy)
    breakers.release_due()
    billing_changes.requeue_stranded()
    return Due(Job.due(policy.ring_again_s), OutboxMessage.due(policy.ring_again_s), [order.id for order in Order.unplaced()])


def rescue(job: Job, policy: Policy) -> None:
    """A run whose lease has ended: fenced off and queued again; after too many crashes a person looks."""
    crashes = job.crash_count + 1
    over = crashes >= policy.crash_limit
    values = {"error_class": "permanent", "error_code": "crashed"} if over else {}
    with transaction():
        moved = job.move(
            "needs_attention" if over else "queued", ("running",), "sweeper", f"crash {crashes}", crash_count=crashes,
            next_run_at=clock.now(), last_rung_at=None, **values,
        )  # fmt: skip
        if moved and over and job.sf_order_id:
            OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
    _log.warning("job_rescued", job_id=job.id, count=crashes, fence=job.fence)
