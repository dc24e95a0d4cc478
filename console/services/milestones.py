"""How far an order is, as its customer's list of milestones: what is reached, under way and still to come, or how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.i18n import gettext as _
from console.i18n import lazy
from console.models import Job, JobStep, Order

# milestone → the steps that must be finished for it
STEPS = {"payment": ("payment_method",), "esim": ("esim_profile",), "billing": ("accept_order",), "done": ("salesforce",)}
Titles = Mapping[str, tuple[Any, Any, Any]]
# milestone → its title once reached, while under way, and while still to come
TITLES: Titles = {
    "received": (lazy("Order received"), lazy("Order received"), lazy("Order received")),
    "approved": (lazy("Approved"), lazy("Waiting for approval"), lazy("Approval")),
    "payment": (lazy("Payment method checked"), lazy("Checking your payment method"), lazy("Payment method check")),
    "esim": (lazy("eSIM set up"), lazy("Setting up your eSIM"), lazy("eSIM set-up")),
    "billing": (lazy("Billing set up"), lazy("Setting up billing"), lazy("Billing set-up")),
    "done": (lazy("Ready to use"), lazy("Almost ready"), lazy("Ready to use")),
}
# with an installation at the customer's place the work of this portal ends in billing
INSTALLED: Titles = {"done": (lazy("Ready for the installation"), lazy("Almost ready"), lazy("Ready for the installation"))}
HINTS = {
    "approved": lazy("One of our team looks at it first."),
    "esim": lazy("Your network profile is being made."),
}
ENDS = {"rejected": lazy("Not approved"), "cancelled": lazy("Cancelled"), "failed": lazy("Not placed")}
MARKS = {"pending": "you", "failed": "problem"}


@dataclass(frozen=True)
class Milestone:
    """One line of the customer's list. state: done | current | todo | problem | you | ended."""

    key: str
    state: str
    at: datetime | None
    title: str
    text: str


def ending(order: Order, job: Job | None) -> str:
    """How an order ended without being provisioned: rejected | cancelled | failed (not placed)."""
    if order.state in {"rejected", "failed"}:
        return str(order.state)
    return "rejected" if order.state != "cancelled" and job is not None and job.error_code == "rejected" else "cancelled"


def milestones(order: Order, job: Job | None, steps: list[JobStep], status: str) -> tuple[Milestone, ...]:
    """The list for an order in that state of the customer's words; one that ended lists no step as if it were still to come."""
    keys = ["received", "approved", "payment", *(["esim"] if order.has_mobile else []), "billing", "done"]
    reached = {key: _reached(key, order, job, steps) for key in keys}
    if status == "cancelled":
        return (*(_done(key, at) for key, at in reached.items() if at), _end(order, job))
    titles = {**TITLES, **INSTALLED} if order.has_installation else TITLES
    if status == "completed":
        return tuple(_done(key, reached[key], titles) for key in keys)
    ahead = [key for key in keys if reached[key] is None]
    here = MARKS.get(status, "current")
    return tuple(
        _ahead(key, here if key == ahead[0] else "todo", status, job, titles) if key in ahead else _done(key, reached[key]) for key in keys
    )


def _reached(key: str, order: Order, job: Job | None, steps: list[JobStep]) -> datetime | None:
    at: datetime | None = None
    if key == "received":
        at = order.created_at
    elif job is None or job.state == "skipped":
        at = None
    elif key == "approved":  # the job of an order that ended before anything was begun says nothing of an approval
        at = None if job.state == "cancelled" and not steps else job.created_at
    elif key != "done" or job.state == "succeeded":
        of = [step for step in steps if step.name in STEPS[key]]
        at = max(step.finished_at for step in of) if of and all(step.finished for step in of) else None
    return at


def _done(key: str, at: datetime | None, titles: Titles = TITLES) -> Milestone:
    return Milestone(key, "done", at, str(titles[key][0]), "")


def _ahead(key: str, mark: str, status: str, job: Job | None, titles: Titles) -> Milestone:
    if mark == "todo":
        return Milestone(key, mark, None, str(titles[key][2]), _("We will also e-mail you.") if key == "done" else "")
    if mark == "you":
        return Milestone(key, mark, None, _("Payment method needed"), _("We found no valid payment method."))
    return Milestone(key, mark, None, str(titles[key][1]), _hint(key, mark, status, job))


def _hint(key: str, mark: str, status: str, job: Job | None) -> str:
    """What the wait is for; no promise of a time once something has gone wrong."""
    if mark == "problem" or (job is not None and job.held_by == "staff"):
        return _("Our team is looking at it.")
    if status == "held":
        return _("We wait until it is available again.")
    return "" if key not in HINTS or (job is not None and job.attempt) else str(HINTS[key])


def _end(order: Order, job: Job | None) -> Milestone:
    how = ending(order, job)
    return Milestone("ended", "ended", order.updated_at if order.settled or job is None else job.updated_at, str(ENDS[how]), "")
