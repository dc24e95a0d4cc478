"""A job that a person's verb takes from the workers for a moment, and what every such verb leaves behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from console import clock, log
from console.errors import LeaseLost, Refused
from console.models import AuditEntry, Job, JobEvent, JobStep, OutboxMessage
from console.models.base import db_now
from console.services.provisioning import verbs
from console.services.provisioning.plan import Run
from console.services.provisioning.write_back import PROVISIONING
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)
PATIENCE_S = 3.0  # a status write has the job for the time of one call
LOOK_S = 0.1
STAFF = "staff"
FRESH: dict[str, Any] = {
    "attempt": 0, "crash_count": 0, "ambiguous_count": 0, "error_class": "", "error_code": "", "error_text": "", "evidence": None,
    "waiting_since": None,
}  # fmt: skip


@dataclass(frozen=True)
class Borrowed:
    """The job under our lease: no step can run meanwhile. `reason` is redacted; `asked` is the correlation id of who asked."""

    job: Job
    verb: str
    actor: str
    reason: str
    asked: str

    def run(self, upstreams: Upstreams, policy: Policy) -> Run:
        """To read upstreams with, as a step does."""
        return Run(self.job, upstreams, policy, JobStep.of(self.job))

    def leave(self, state: str, told: str = "", **values: Any) -> None:
        """In the caller's transaction: the next state, due at once and without our lease; the note, the audit, Salesforce's status."""
        before = self.job.state
        self.job.write(state=state, next_run_at=db_now(), last_rung_at=None, lease_owner="", lease_until=None, **values)
        JobEvent.note(self.job.id, self.actor, self.verb, " · ".join(part for part in (told, self.reason) if part))
        if state != before:  # told by the line above; this one keeps the chain of states whole
            JobEvent.note(self.job.id, STAFF, state, self.verb)
        AuditEntry.note(self.actor, self.verb, f"job:{self.job.id}", self.reason, self.asked)
        if self.job.kind == "provision" and self.job.sf_order_id and PROVISIONING[before] != PROVISIONING[state]:
            OutboxMessage.want_status(self.job.sf_order_id, self.job.correlation_id)

    def onward(self, told: str = "", **values: Any) -> None:
        """As `leave`, with fresh counters: the job goes on, unless people hold it."""
        held = verbs.standing(self.job) == verbs.BY_STAFF
        self.leave("held" if held else "queued", told, **{**FRESH, "held_by": "staff" if held else ""}, **values)


@contextmanager
def borrowed(verb: str, job: Job, policy: Policy, actor: str, reason: str) -> Iterator[Borrowed]:
    """Refused: `reason_needed`; `running` when a run has the job or takes it over; `busy`; `not_possible` in its state.

    Whatever goes wrong, the job is given back as it was, to be rung again.
    """
    said, asked = log.redact(verbs.reason_of(verb, reason)), log.correlation_id()
    held = _take(verb, job.id, policy, actor)
    try:
        verbs.check(held, verb)
        with log.correlated(held.correlation_id):
            yield Borrowed(held, verb, actor, said, asked)
            _log.info("staff_verb", job_id=held.id, operation=verb, state=held.state, fence=held.fence)
    except LeaseLost as lost:
        raise Refused("running", state="running", verb=verb) from lost
    except BaseException:
        with suppress(LeaseLost):
            held.write(lease_owner="", lease_until=None, last_rung_at=None)
        raise


def _take(verb: str, job_id: int, policy: Policy, actor: str) -> Job:
    patient_until = time.monotonic() + PATIENCE_S
    while (held := Job.borrow(job_id, actor, policy.lease_s)) is None:
        state = Job.get_by_id(job_id).state
        if state == "running":
            raise Refused("running", state=state, verb=verb)
        if time.monotonic() > patient_until:
            raise Refused("busy", state=state, verb=verb)
        time.sleep(LOOK_S)
    held.lease_until = clock.after(policy.lease_s)
    return held
