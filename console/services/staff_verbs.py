"""The staff verbs by name: what the job's page offers, and what its routes and the command line carry out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console import log
from console.errors import Refused
from console.models import Job, JobStep
from console.services import retrying
from console.services.provisioning import mending, steering, verbs
from console.services.provisioning.plan import Run
from console.services.provisioning.plans import PLANS
from console.services.provisioning.verbs import VERBS, Offer
from console.services.upstreams import Policy, Upstreams


def _retry(_upstreams: Upstreams, _policy: Policy, job: Job, *, actor: str, reason: str) -> None:
    retrying.retry(job, actor, verbs.reason_of("retry", reason), log.correlation_id())


_DO: dict[str, Callable[..., None]] = {
    "retry": _retry,
    "resume": steering.resume,
    "hold": steering.hold,
    "release": steering.release,
    "adopt": mending.adopt,
    "complete": mending.complete,
    "undo": mending.undo,
    "keep": steering.keep,
    "cancel": steering.cancel,
}


def carry_out(
    upstreams: Upstreams, policy: Policy, job: Job, verb: str, *, actor: str, reason: str = "", step: str = "", ref: str = ""
) -> None:
    """Do it, or raise Refused with the state and, where there is some, the evidence. `step` is its name, and its line after a space.

    The caller rings the job and the outbox afterwards.
    """
    name, _space, line = step.partition(" ")
    if "step" in VERBS[verb].asks and not name:
        raise Refused("no_such_step", state=job.state)
    asked: dict[str, Any] = {"step": {"step": name, "line": line}, "ref": {"ref": ref}}
    more = {key: value for what in VERBS[verb].asks for key, value in asked[what].items()}
    _DO[verb](upstreams, policy, job, actor=actor, reason=reason, **more)


def in_the_way(job: Job) -> list[tuple[str, str]]:
    """The effects, as (step, line), for which a cancel that the job's state allows is refused; an acceptance goes with its order."""
    left = steering.effects_left(job) if verbs.fits(job, "cancel") else []
    return [(step, line) for step, line in left if step != "accept_order"]


def offered(upstreams: Upstreams, policy: Policy, job: Job, role: str) -> list[Offer]:
    """What this role can do with the job now; the shop window of `carry_out`, by the same table."""
    return verbs.offers(Run(job, upstreams, policy, JobStep.of(job)), PLANS[job.kind], role)
