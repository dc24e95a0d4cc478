"""A customer's cancel: possible until the first effect is begun, and never won by both the customer and a worker."""

from __future__ import annotations

from console import log
from console.errors import Refused
from console.models import Job, JobEvent, JobStep, Order, OutboxMessage, transaction
from console.models.job import OPEN
from console.services import mailing, ordering
from console.services.provisioning import guard, steering
from console.services.provisioning.plans import close
from console.services.provisioning.write_back import BY_CUSTOMER
from console.services.upstreams import Policy

_log = log.logger(__name__)
ACTOR = "customer"
# Whatever its state, also while it runs: a run without an effect is fenced off.
_STOPPABLE = (*OPEN, "needs_attention", "skipped")


def cancel(policy: Policy, order: Order) -> Order:
    """The order as it is afterwards, cancelled by this call or before. Refused: `too_late`. The caller rings the outbox.

    The order's job decides, by one conditional UPDATE of its row; the look at the effects follows under the lock that this UPDATE
    holds, so that no worker can begin one in between. An order without a job gets one that is cancelled, so that an approval that is
    on its way finds it and runs nothing.
    """
    if order.state == "cancelled":
        return order
    if order.state != "placed":
        raise Refused("too_late")
    with transaction():
        _stop(order)
        _end(policy, order)
    _log.info("order_cancelled", order_id=order.id, sf_order_id=order.sf_order_id)
    return ordering.reread(order)


def possible(order: Order, job: Job | None, steps: list[JobStep]) -> bool:
    """Whether a cancel would be taken now; what `cancel` decides, from rows in hand."""
    if order.state != "placed":
        return False
    return job is None or (job.state in _STOPPABLE and not any(guard.is_made(step) for step in steps))


def _stop(order: Order) -> None:
    ends = steering.ended(BY_CUSTOMER)
    job, made = Job.make(
        "provision", order.sf_order_id, sf_order_id=order.sf_order_id, user=order.user_id, source="console", state="cancelled",
        correlation_id=order.correlation_id, **ends,
    )  # fmt: skip
    if job.state == "cancelled" and not made:
        return
    if not made and (not Job.stop(job.id, _STOPPABLE, **ends) or guard.has_effects(job)):
        raise Refused("too_late")
    JobEvent.note(job.id, ACTOR, "cancelled")


def _end(policy: Policy, order: Order) -> None:
    """Salesforce is told, and the customer once."""
    OutboxMessage.want_status(order.sf_order_id, order.correlation_id)
    if close(policy, order, "cancelled"):
        mailing.leave(
            policy, "order_cancelled", order.user_id, order.sf_order_id, sf_order_id=order.sf_order_id, order_id=order.id,
            correlation_id=order.correlation_id,
        )  # fmt: skip
