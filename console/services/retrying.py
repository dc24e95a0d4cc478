"""A retry asked for by staff: the job is due at once with fresh counters; what its journal says was done stays done."""

from __future__ import annotations

from console.errors import Refused
from console.log import redact
from console.models import AuditEntry, Job, JobStep, OutboxMessage, UpstreamState, transaction
from console.models.base import db_now
from console.services.provisioning import verbs
from console.services.provisioning.borrowed import FRESH

_LOOKS = 3


def may_retry(job: Job) -> bool:
    """Whether the state allows it."""
    return verbs.fits(job, "retry")


def retry(job: Job, actor: str, reason: str = "", correlation_id: str = "") -> None:
    """Queue the job; `actor` is `user:<id>` or `cli`. Refused: `running`, or `not_retryable` in any other state that does not allow it.

    The caller rings the job and the outbox afterwards.
    """
    # A status write borrows the job for a moment and moves its fence: that is no reason to turn a person away.
    for _look in range(_LOOKS):
        fresh: Job = Job.get_by_id(job.id)
        if not may_retry(fresh):
            break
        if _requeue(fresh, actor, redact(reason), correlation_id):
            return
    raise Refused("running" if fresh.state == "running" else "not_retryable", state=fresh.state)


def _requeue(job: Job, actor: str, reason: str, correlation_id: str) -> bool:
    with transaction():
        moved = job.move("queued", verbs.VERBS["retry"].states, actor, reason, held_by="", next_run_at=db_now(), last_rung_at=None, **FRESH)
        if moved:
            _look_again(job)
            if job.held_by:  # an open breaker: whoever says that it is mended need not wait for its next probe
                UpstreamState.probe_now(job.held_by)
            AuditEntry.note(actor, "retry", f"job:{job.id}", reason, correlation_id)
            if job.kind == "provision" and job.sf_order_id:
                OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
    return moved


def _look_again(job: Job) -> None:
    """A call of unknown outcome is looked up anew and, when nothing is found, made anew: that is what the person was asked about."""
    unknown = (JobStep.job == job.id) & (JobStep.state == "started")
    JobStep.update(sends=0, negatives=0, looked_at=None).where(unknown).execute()
