"""Held, not burnt: which call may go out while an upstream is down, and what opens and closes its breaker."""

from __future__ import annotations

from console import log
from console.errors import Ambiguous, Held, Misconfigured, OutOfStock, Unavailable
from console.models import Job, UpstreamState, transaction
from console.services.provisioning.plan import Run, Step
from console.services.upstreams import Policy

_log = log.logger(__name__)
MISSES = (Unavailable, Ambiguous, Misconfigured, OutOfStock, Held)


def stock_name(run: Run, step: Step, line: str) -> str:
    """The breaker's name of what the line takes, "" when nothing can run out."""
    plan = step.stock(run, line)
    return f"stock:{plan}"[:80] if plan else ""


def admit(run: Run, step: Step, line: str) -> None:
    """Held unless everything that the call needs is closed, or this run is the probe."""
    for name in {step.upstream, stock_name(run, step, line)} & run.open_names - run.probing:
        if not UpstreamState.probe(name, run.policy.probe_s):
            raise Held(name)
        run.probing.add(name)
        _log.info("upstream_probed", upstream=name, job_id=run.job.id)


def missed(run: Run, step: Step, line: str, error: Exception) -> str:
    """In the transaction that parks the job: count or open; the breaker's name when it holds this job, else ""."""
    name = _blamed(run, step, line, error)
    if name:
        UpstreamState.count_held(name)
    return name


def _blamed(run: Run, step: Step, line: str, error: Exception) -> str:
    if isinstance(error, Held):
        return error.name
    code = str(getattr(error, "code", ""))
    if isinstance(error, OutOfStock):
        name = stock_name(run, step, line) or step.upstream
        UpstreamState.trip(name, "stock", code, run.policy.probe_s)
        return name
    if isinstance(error, Misconfigured):
        UpstreamState.trip(step.upstream, "config", code, run.policy.probe_s)
        return step.upstream
    return step.upstream if isinstance(error, Unavailable | Ambiguous) and _counted(step.upstream, code, run.policy) else ""


def _counted(upstream: str, code: str, policy: Policy) -> bool:
    return UpstreamState.fail(upstream, code, policy.breaker_failures, policy.breaker_window_s, policy.probe_s)


def answered(run: Run, step: Step, line: str) -> None:
    """The upstream did its part: a probe that says so closes the breaker, and everybody who waited goes on."""
    for name in run.probing & {step.upstream, stock_name(run, step, line)}:
        run.probing.discard(name)
        run.open_names -= {name}
        recover(name)


def recover(name: str) -> list[int]:
    """Close it and release whom it held; the jobs, for the sweeper or the caller to ring."""
    with transaction():
        if UpstreamState.close(name):
            _log.info("upstream_recovered", upstream=name)
        return Job.let_go(name)


def release_due() -> None:
    """The sweeper's part: one job as the probe of each breaker that is due, and whoever was left held by a closed one."""
    for name in UpstreamState.probe_due():
        Job.let_go(name, limit=1)
    for name in set(Job.holders()) - UpstreamState.open_names() - {"staff"}:
        Job.let_go(name)
