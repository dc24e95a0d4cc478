"""Runs a job: claim, then each step once, journalled before its effect and recorded after it, whatever crashes in between."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from console import clock, crash, log
from console.errors import Ambiguous, Contradiction, Held, LeaseLost, NeedsStaff, NotYet
from console.models import Attempt, Job, JobStep, UpstreamState, transaction
from console.models.base import DatabaseTrouble
from console.services.provisioning import breakers, settling
from console.services.provisioning.outcomes import KNOWN, verdict
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)


class HandedBack(Exception):
    """The process is to stop, between two steps: another one goes on."""


class Failed(Exception):
    """A step that did not come to its end: why, how long it took, and whether the call was tried (or only a look-up)."""

    def __init__(self, step: Step, line: str, error: Exception, ms: int, *, called: bool) -> None:
        super().__init__(step.name)
        self.step, self.line, self.error, self.ms, self.called = step, line, error, ms, called


def run(
    job_id: int, plan: Plan, upstreams: Upstreams, policy: Policy, owner: str, stopping: Callable[[], bool] = lambda: False
) -> Job | None:
    """Carry the job as far as it goes now. None when it was not ours to run (not due, or claimed by another)."""
    job = Job.claim(job_id, owner, policy.lease_s)
    if job is None:
        return None
    job.lease_until = clock.after(policy.lease_s)
    crash.point("claimed")
    with log.correlated(job.correlation_id):
        this = Run(job, upstreams, policy, JobStep.of(job), open_names=UpstreamState.open_names(), stopping=stopping)
        try:
            _advance(this, plan)
        except LeaseLost:
            _log.warning("lease_lost", job_id=job.id, fence=job.fence)
        except HandedBack:
            with suppress(LeaseLost):
                job.release("queued", next_run_at=clock.now(), last_rung_at=None)
        except DatabaseTrouble:
            raise  # nothing can be written now: the lease ends and the sweeper rescues the job
        except Exception as error:  # the outermost boundary: a defect of ours stops this job, not the worker
            _log.exception("job_broke", job_id=job.id, step=job.current_step)
            broke = Failed(_NOWHERE, "", NeedsStaff("internal_error", type(error).__name__), 0, called=False)
            with suppress(LeaseLost):
                _park(this, plan, broke)
    return job


def _advance(this: Run, plan: Plan) -> None:
    try:
        for step in plan.steps:
            for line in step.lines(this):
                _perform(this, step, line)
    except Failed as failed:
        _park(this, plan, failed)
        return
    crash.point("finish")
    with transaction():  # T5
        plan.finished(this)
        this.job.release("succeeded", finished_at=clock.now(), current_step="", **_CLEAR)
        crash.point("t5")
    crash.point("finished")
    _log.info("job_succeeded", job_id=this.job.id, job_kind=this.job.kind)


_CLEAR = {"error_class": "", "error_code": "", "error_text": "", "evidence": None, "waiting_since": None}


def _perform(this: Run, step: Step, line: str) -> None:
    row = this.journal.get((step.name, line))
    if row and row.finished and not step.every_run:
        return
    if this.stopping():
        raise HandedBack
    started, adopted, calling = time.monotonic(), None, False
    try:
        breakers.admit(this, step, line)
        if step.effect and (row := settling.doubtful(this, step, line)):
            adopted = settling.resolve(this, step, line, row)
        calling = adopted is None
        done = adopted or _call(this, step, line)
    except KNOWN as error:
        raise Failed(step, line, error, _ms(started), called=calling) from error
    _record(this, step, line, done, "adopted" if adopted else "done", _ms(started))
    crash.point(f"{step.name}.record")
    breakers.answered(this, step, line)


def _call(this: Run, step: Step, line: str) -> Done:
    """The call itself; an upstream that is still at work is asked again as long as the waits are short."""
    if step.effect:
        _intend(this, step, line)
        crash.point(f"{step.name}.intent")
    while True:
        this.sending(step.upstream)
        try:
            done = step.run(this, line)
        except NotYet as error:
            _nap(this, clock.after(error.poll_after), error)
        else:
            crash.point(f"{step.name}.call")
            return done


def _nap(this: Run, until: datetime, error: NotYet) -> None:
    """Sleep a short wait inside the lease; raise the error for a long one, or when it has gone on for too long."""
    wait = (until - clock.now()).total_seconds()
    since = this.job.waiting_since or clock.now()
    if wait > settling.NAP_S or this.stopping() or (clock.now() - since).total_seconds() > this.policy.pending_limit_s:
        raise error
    this.job.renew(this.policy.lease_s, waiting_since=since)
    time.sleep(max(0.0, wait))


def _intend(this: Run, step: Step, line: str) -> None:
    """T3: what we are about to do is on disk, and the lease is fresh, before the first byte goes out."""
    before = this.journal.get((step.name, line))
    values = {
        "state": "started", "started_at": clock.now(), "unsure_at": None, "looked_at": None, "negatives": 0,
        "sends": (before.sends if before else 0) + 1, "request_hash": _hash(this, step, line),
    }  # fmt: skip
    with transaction():
        this.job.renew(this.policy.lease_s, current_step=step.name)
        intended = JobStep.put(this.job, step.name, line, **values)
        crash.point(f"{step.name}.t3")
    this.journal[step.name, line] = intended


def _hash(this: Run, step: Step, line: str) -> str:
    wanted = this.lines.get(line, this.snapshot) if this.job.snapshot else {"job": this.job.dedupe_key}
    return hashlib.sha256(json.dumps([step.name, line, wanted], sort_keys=True).encode()).hexdigest()


def _record(this: Run, step: Step, line: str, done: Done, state: str, ms: int) -> None:
    """T4: the step's end, what it brought, and whatever else must stand or fall with it."""
    # A step that is new is progress: only crashes in a row, without any, count towards the limit.
    progress = {} if step.every_run else {"crash_count": 0}
    with transaction():
        this.job.renew(this.policy.lease_s, current_step=step.name, waiting_since=None, **progress)
        recorded = JobStep.put(
            this.job, step.name, line, state=state, upstream_ref=done.ref[:80], result=dict(done.result), finished_at=clock.now(),
            started_at=_started(this, step, line, ms),
        )  # fmt: skip
        Attempt.note(this.job, step.name, line, state, duration_ms=ms)
        if done.also is not None:
            done.also()
        crash.point(f"{step.name}.t4")
    this.journal[step.name, line] = recorded
    _log.info("step_done", job_id=this.job.id, step=step.name, line=line, outcome=state, ms=ms, fence=this.job.fence)


def _started(this: Run, step: Step, line: str, ms: int) -> datetime:
    row = this.journal.get((step.name, line))
    return row.started_at if row and row.started_at and step.effect else clock.now() - timedelta(milliseconds=ms)


def _park(this: Run, plan: Plan, failed: Failed) -> None:
    """The run ends early: the journal, the attempt, the job's next state and what goes out about it, in one transaction."""
    step, line, error = failed.step, failed.line, failed.error
    with transaction():
        result = verdict(this.job, error, step.effect, this.policy, breakers.missed(this, step, line, error))
        text = log.redact(result.text)
        if step.effect and failed.called:
            _unsettle(this, failed)
        if result.code != "settling" and not isinstance(error, Held):
            Attempt.note(
                this.job, step.name, line, result.outcome, error_code=result.code, error_text=text, duration_ms=failed.ms
            )  # fmt: skip
        this.job.release(
            result.state, current_step=step.name or this.job.current_step, next_run_at=result.next_run_at, attempt=result.attempt,
            ambiguous_count=result.ambiguous_count, waiting_since=result.waiting_since, error_class=result.outcome, error_code=result.code,
            error_text=text, evidence=result.evidence, held_by=result.held_by,
            finished_at=clock.now() if result.state in {"cancelled", "skipped"} else None,
        )  # fmt: skip
        plan.changed(this)
    if not isinstance(error, breakers.MISSES):
        breakers.answered(this, step, line)
    _log.info("job_parked", job_id=this.job.id, step=step.name, outcome=result.outcome, state=result.state, code=result.code, ms=failed.ms)


def _unsettle(this: Run, failed: Failed) -> None:
    """After a call that did not end well: unknown stays `started`, surely not executed goes back to `pending`."""
    step, line = failed.step, failed.line
    if isinstance(failed.error, Ambiguous):
        JobStep.put(this.job, step.name, line, unsure_at=clock.now())
    elif not isinstance(failed.error, Contradiction):
        JobStep.put(this.job, step.name, line, state="pending", sends=this.journal[step.name, line].sends - 1)


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _nothing(_run: Run, _line: str) -> Done:
    return Done()


_NOWHERE = Step("", "", _nothing)
