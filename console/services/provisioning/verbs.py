"""Which staff verb is possible: the one table of verb, job state and role, for the job's page, its routes and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.errors import Refused
from console.models import Job
from console.models.user import ROLES
from console.services.provisioning.guard import has_effects
from console.services.provisioning.plan import Plan, Run, Step

BY_STAFF = "held_by_staff"  # a job that people hold is another thing than one that waits for an upstream
STOPPED = frozenset({"needs_attention", BY_STAFF})  # nothing goes on by itself
TRYING = frozenset({"retry_wait", "waiting"})
STUCK = STOPPED | TRYING | {"held", "needs_customer"}
MADE = frozenset({"started", "done", "adopted"})  # the states of an effect that exists, or may exist
REASON_LENGTH = 300


@dataclass(frozen=True)
class Verb:
    """`states`: job states in which it makes sense (`held_by_staff` apart from `held`); `noun`: the end of its address.

    `reasoned`: somebody's money or the truth is at stake, so a reason is needed. `asks`: what it takes besides: step (with its line), ref.
    """

    noun: str
    states: frozenset[str]
    role: str = "support"
    kinds: frozenset[str] = frozenset({"provision", "signup", "email", "billing", "case"})
    reasoned: bool = False
    asks: tuple[str, ...] = ()


_ORDER = frozenset({"provision"})
VERBS = {
    "retry": Verb("retry", TRYING | {"needs_attention", "held"}),
    "resume": Verb("resume", TRYING | {"needs_customer"}),
    "hold": Verb("hold", TRYING | {"queued", "needs_customer", "held"}),
    "release": Verb("release", frozenset({BY_STAFF})),
    "adopt": Verb("adoption", STUCK, reasoned=True, asks=("step",)),
    "complete": Verb("completion", STUCK, reasoned=True, asks=("step", "ref")),
    "undo": Verb("undoing", STOPPED, reasoned=True, asks=("step",)),
    "keep": Verb("keeping", frozenset({"needs_attention"}), kinds=_ORDER, reasoned=True),
    "cancel": Verb("cancellation", STUCK | {"queued"}, kinds=_ORDER, reasoned=True),
}


def standing(job: Job) -> str:
    """The job's state as the table names it."""
    return BY_STAFF if job.state == "held" and job.held_by == "staff" else str(job.state)


def may(role: str, verb: str) -> bool:
    """Whether the role is high enough."""
    return ROLES.index(role) >= ROLES.index(VERBS[verb].role)


def fits(job: Job, verb: str) -> bool:
    """Whether the job's row allows it, whoever asks."""
    row = VERBS[verb]
    right = verb != "keep" or job.error_code == "order_changed"
    return right and job.kind in row.kinds and standing(job) in row.states


def check(job: Job, verb: str) -> None:
    """Refused: `running`, or `not_possible` in the state that the job has."""
    if not fits(job, verb):
        raise Refused("running" if job.state == "running" else "not_possible", state=job.state, verb=verb)


def reason_of(verb: str, reason: str) -> str:
    """The reason on one line. Refused: `reason_needed` where there is none and one is needed, or a longer one than is kept."""
    text = " ".join(reason.split())
    if len(text) > REASON_LENGTH or (VERBS[verb].reasoned and not text):
        raise Refused("reason_needed", state="", verb=verb)
    return text


@dataclass(frozen=True)
class Offer:
    """A verb that works now, and the steps to choose from, as (step, line)."""

    verb: str
    steps: tuple[tuple[str, str], ...] = ()


def offers(run: Run, plan: Plan, role: str) -> list[Offer]:
    """What this role can do with the job as it stands."""
    return [
        Offer(verb, steps)
        for verb, row in VERBS.items()
        if may(role, verb) and fits(run.job, verb) and (verb != "cancel" or not has_effects(run.job))
        if (steps := tuple(choices(run, plan, verb))) or not row.asks
    ]


def choices(run: Run, plan: Plan, verb: str) -> Iterable[tuple[str, str]]:
    """The steps, as (name, line), that this verb can be used on."""
    if verb == "undo":
        return [(step.name, line) for step in plan.steps if step.gone for line in _made(run, step)]
    if verb in {"adopt", "complete"}:
        return [(step.name, line) for step in plan.steps if step.effect and _reached(run, step) for line in _unfinished(run, step)]
    return ()


def _made(run: Run, step: Step) -> list[str]:
    return [line for (name, line), row in run.journal.items() if name == step.name and row.state in MADE]


def _reached(run: Run, step: Step) -> bool:
    return set(step.after) <= {name for (name, _line), row in run.journal.items() if row.finished}


def _unfinished(run: Run, step: Step) -> list[str]:
    return [line for line in step.lines(run) if (step.name, line) not in run.journal or not run.journal[step.name, line].finished]
