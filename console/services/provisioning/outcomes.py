"""What follows from how a call ended: the one table, and the one retry policy."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from console import clock
from console.errors import (
    AlreadyDone,
    Ambiguous,
    Contradiction,
    Held,
    Misconfigured,
    NeedsCustomer,
    NeedsStaff,
    NotYet,
    OutOfStock,
    Rejected,
    Stop,
    Throttled,
    Unavailable,
    UpstreamError,
)
from console.models import Job
from console.services.upstreams import Policy

OUTCOMES: tuple[tuple[type[Exception], str], ...] = (
    (Stop, "stopped"),
    (Held, "held"),
    (NotYet, "pending"),
    (NeedsCustomer, "needs_customer"),
    (Contradiction, "contradiction"),
    (NeedsStaff, "permanent"),
    (Throttled, "retryable"),
    (Unavailable, "retryable"),
    (Ambiguous, "ambiguous"),
    (Misconfigured, "config"),
    (OutOfStock, "stock"),
    (Rejected, "permanent"),
    (AlreadyDone, "permanent"),
    (UpstreamError, "permanent"),
)
KNOWN = tuple(error for error, _ in OUTCOMES)


@dataclass(frozen=True)
class Verdict:
    """Where the job goes: `state`, when it runs next, and the columns that change with it."""

    outcome: str
    state: str
    code: str
    text: str
    next_run_at: datetime
    attempt: int
    ambiguous_count: int
    waiting_since: datetime | None
    evidence: object = None
    held_by: str = ""


def backoff(attempt: int, policy: Policy) -> float:
    """Seconds before the next try: full jitter under a cap that doubles with each attempt."""
    return random.uniform(0, min(policy.backoff_cap_s, policy.backoff_base_s * 2**attempt))  # noqa: S311  jitter, not a secret


def outcome_of(error: Exception, effect: bool) -> str:
    """The outcome's name; reading again, or writing the same absolute values again, harms nobody, so there Ambiguous is retryable."""
    found = next(name for kind, name in OUTCOMES if isinstance(error, kind))
    return "retryable" if found == "ambiguous" and not effect else found


def verdict(job: Job, error: Exception, effect: bool, policy: Policy, held_by: str = "") -> Verdict:
    """The table's row for this error, worked out for this job; `held_by` names the breaker that is open over it: no attempt is burnt."""
    outcome = outcome_of(error, effect)
    code, text = _code(error), getattr(error, "text", "")
    base = Verdict(outcome, "needs_attention", code, text, clock.now(), job.attempt, job.ambiguous_count, None)
    if held_by and outcome != "ambiguous":
        return _with(base, state="held", held_by=held_by)
    if isinstance(error, Stop):
        return _with(base, state=error.state)
    if isinstance(error, NotYet):
        return _pending(base, job, error, policy)
    if outcome == "retryable":
        return _retryable(base, job, error, policy)
    if outcome == "ambiguous":
        wait = policy.settle.get(getattr(error, "upstream", ""), 0)
        return _with(base, state="retry_wait", next_run_at=clock.after(wait), ambiguous_count=job.ambiguous_count + 1)
    if outcome == "needs_customer":
        return _needs_customer(base, job, policy)
    if isinstance(error, Contradiction):
        return _with(base, evidence=dict(error.evidence))
    return base


def _code(error: Exception) -> str:
    code = str(getattr(error, "code", "") or getattr(error, "reason", "") or type(error).__name__.lower())
    return code[:60]


def _with(base: Verdict, **changes: object) -> Verdict:
    return Verdict(**{**base.__dict__, **changes})


def _pending(base: Verdict, job: Job, error: NotYet, policy: Policy) -> Verdict:
    since = job.waiting_since or clock.now()
    if clock.now() - since > timedelta(seconds=policy.pending_limit_s):
        return _with(base, code="still_pending", waiting_since=since)
    return _with(base, state="waiting", next_run_at=clock.after(error.poll_after), waiting_since=since)


def _retryable(base: Verdict, job: Job, error: Exception, policy: Policy) -> Verdict:
    attempt = job.attempt + 1
    if attempt >= policy.attempts:
        return _with(base, attempt=attempt)
    asked = getattr(error, "retry_after", None) or 0.0
    return _with(base, state="retry_wait", attempt=attempt, next_run_at=clock.after(max(asked, backoff(attempt, policy))))


def _needs_customer(base: Verdict, job: Job, policy: Policy) -> Verdict:
    """Looked at again at the checks' moments since the first look, then at the last one's pace, until patience ends."""
    since = job.waiting_since or clock.now()
    waited = (clock.now() - since).total_seconds()
    if waited > policy.customer_patience_s:
        return _with(base, code="payment_expired" if base.code == "payment_method" else base.code, waiting_since=since)
    checks = policy.customer_checks_s
    wait = next((check - waited for check in checks if waited < check - 1), checks[-1])
    return _with(base, state="needs_customer", next_run_at=clock.after(wait), waiting_since=since)
