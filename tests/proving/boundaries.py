"""Every boundary at which a process may die, made from the plans: a new step has its boundaries without a word here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.services.provisioning.plan import Plan
from console.services.provisioning.plans import PLANS

LISTENER = ("before_t1", "t1", "after_t1", "rung")
CLAIM = ("dequeued", "claimed")
END = ("finish", "t5", "finished")
OUTBOX = ("mail.call", "status.call")
# where in a step: effects alone have an intent; the last of each is inside a commit
READ = ("call", "t4", "record")
EFFECT = ("t3", "intent", *READ)


@dataclass(frozen=True)
class Boundary:
    """A crash point and what must be going on for a process to come by it: event, mail, link, status or a kind of job."""

    point: str
    story: str

    @property
    def name(self) -> str:
        return f"{self.story} {self.point}"

    @property
    def step(self) -> str:
        """The step that it belongs to, "" outside of steps."""
        return self.point.partition(".")[0] if self.story in PLANS and "." in self.point and self.point not in OUTBOX else ""


def every() -> list[Boundary]:
    """All of them, in the order of an order's life."""
    listened = [Boundary(point, "event") for point in LISTENER]
    signed_up = [Boundary(point, "signup") for point in _of(PLANS["signup"])]
    billed = [Boundary(point, "billing") for point in _of(PLANS["billing"])]
    provisioned = [Boundary(point, "provision") for point in (*CLAIM, *_of(PLANS["provision"]), *END)]
    moved = [Boundary(point, "email") for point in (*CLAIM, *_of(PLANS["email"]), *END, "mail.call")]
    asked = [Boundary(point, "case") for point in _of(PLANS["case"])]
    told = [*(Boundary(point, point.partition(".")[0]) for point in OUTBOX), Boundary("mail.call", "link")]
    return [*listened, *signed_up, *billed, *provisioned, *moved, *asked, *told]


def _of(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        yield from (f"{step.name}.{where}" for where in (EFFECT if step.effect else READ))


def effects() -> set[tuple[str, str]]:
    """Story and step of everything that is made upstream."""
    return {(story, step.name) for story, plan in PLANS.items() for step in plan.steps if step.effect}


def quick() -> list[Boundary]:
    """One of each step with an effect, in turn of their kinds, and of the rest those where most is at stake."""
    steps: dict[tuple[str, str], list[Boundary]] = {}
    for boundary in every():
        if (boundary.story, boundary.step) in effects():
            steps.setdefault((boundary.story, boundary.step), []).append(boundary)
    telling = [boundaries[-2 - n % 2] for n, boundaries in enumerate(steps.values())]
    mailing = [Boundary("mail.call", story) for story in ("mail", "email", "link")]
    return [Boundary("after_t1", "event"), *telling, Boundary("t5", "provision"), *mailing]
