"""Staff verbs that need no look upstream: run now, hold, release, keep the snapshot, cancel."""

from __future__ import annotations

from typing import Any

from console import clock
from console.errors import Refused
from console.models import Job, JobStep, Order, transaction
from console.services.provisioning.borrowed import FRESH, borrowed
from console.services.provisioning.guard import EFFECTS
from console.services.provisioning.plans import close
from console.services.provisioning.verbs import MADE
from console.services.provisioning.write_back import BY_STAFF
from console.services.upstreams import Policy, Upstreams


def resume(_upstreams: Upstreams, policy: Policy, job: Job, *, actor: str, reason: str = "") -> None:
    """Run now what waits for its time or for the customer; its counters stay."""
    with borrowed("resume", job, policy, actor, reason) as held, transaction():
        held.leave("queued")


def hold(_upstreams: Upstreams, policy: Policy, job: Job, *, actor: str, reason: str = "") -> None:
    """Nothing happens with the job until somebody releases it."""
    with borrowed("hold", job, policy, actor, reason) as held, transaction():
        held.leave("held", held_by="staff")


def release(_upstreams: Upstreams, policy: Policy, job: Job, *, actor: str, reason: str = "") -> None:
    """What people held goes on; the time that it stood counts against nobody's patience."""
    with borrowed("release", job, policy, actor, reason) as held, transaction():
        held.leave("queued", held_by="", waiting_since=None)


def keep(_upstreams: Upstreams, policy: Policy, job: Job, *, actor: str, reason: str) -> None:
    """Go on as approved although the order was changed since; the guard stops again only for another difference than this one."""
    with borrowed("keep", job, policy, actor, reason) as held, transaction():
        held.onward(snapshot={**held.job.snapshot, "kept": held.job.evidence["now"]})


def ended(code: str) -> dict[str, Any]:
    """The columns of a job that a person cancelled."""
    return {**FRESH, "error_class": "stopped", "error_code": code, "held_by": "", "finished_at": clock.now()}


def effects_left(job: Job) -> list[tuple[str, str]]:
    """The effects, as (step, line), that exist or may exist upstream."""
    return [key for key, row in JobStep.of(job).items() if key[0] in EFFECTS and row.state in MADE]


def cancel(_upstreams: Upstreams, policy: Policy, job: Job, *, actor: str, reason: str) -> None:
    """The order ends here. Refused: `effects_left` while anything is left that was made and not undone.

    The borrow and a worker's claim are one conditional UPDATE each of the same row, so that only one of them can win.
    """
    with borrowed("cancel", job, policy, actor, reason) as held:
        if left := effects_left(held.job):
            raise Refused("effects_left", state=held.job.state, effects=[f"{name} {line}".strip() for name, line in left])
        with transaction():
            held.leave("cancelled", **ended(BY_STAFF))
            order = Order.at(held.job.sf_order_id)
            if order is not None:
                close(policy, order, "cancelled")
