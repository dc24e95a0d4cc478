"""A call whose outcome is unknown: settle, look up, and adopt or allow it again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from console import clock
from console.errors import NeedsStaff, NotYet
from console.models import JobStep, RestoreMark, transaction
from console.services.provisioning.plan import Done, Run, Step

NAP_S = 2.0  # shorter waits are slept inside the lease, longer ones free the thread
REPEATS = 2  # a call whose outcome stayed unknown is made again at most this often
NEGATIVES = 2  # look-ups that must find nothing before a call is made again


def doubtful(this: Run, step: Step, line: str) -> JobStep | None:
    """The effect's row when it may exist upstream although we have no record of its end: then it is looked up first.

    After a restored backup that holds for every order last modified before the restore, whatever our journal says.
    """
    row = this.journal.get((step.name, line))
    if row is not None and row.state == "started":
        return row
    restored = RestoreMark.moment()
    if restored is None or this.order_modified is None or this.order_modified >= restored:
        return None
    with transaction():
        this.job.renew(this.policy.lease_s, current_step=step.name)
        put = JobStep.put(this.job, step.name, line, state="started", started_at=restored, negatives=0, looked_at=None, unsure_at=None)
    this.journal[step.name, line] = put
    return put


def resolve(this: Run, step: Step, line: str, row: JobStep) -> Done | None:
    """Settle, look up, adopt; None when it surely did not happen and may be called again.

    A late effect may still arrive, so the look-up waits for the upstream's settle time, and only two that find nothing count.
    """
    assert step.look_up is not None  # noqa: S101  only effects come here
    unsure = row.unsure_at or row.started_at
    _wait_until(this, step, unsure + timedelta(seconds=this.policy.settle[step.upstream]))
    while row.negatives < NEGATIVES:
        if row.looked_at is not None:
            _wait_until(this, step, row.looked_at + timedelta(seconds=this.policy.look_again_s))
        this.sending(step.upstream)
        found = step.look_up(this, line)
        if found is not None:
            return found
        row.negatives, row.looked_at = row.negatives + 1, clock.now()
        with transaction():
            this.job.renew(this.policy.lease_s)
            JobStep.put(this.job, step.name, line, negatives=row.negatives, looked_at=row.looked_at)
    if row.sends > REPEATS:
        raise NeedsStaff("outcome_unknown", step.name)
    return None


def _wait_until(this: Run, step: Step, moment: datetime) -> None:
    wait = (moment - clock.now()).total_seconds()
    if wait > NAP_S:
        raise NotYet(step.upstream, "settling", poll_after=wait)
    time.sleep(max(0.0, wait))
