"""How long an order takes, measured on those of its kind that ended well and told only while all is well; and how often its page asks."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console import clock
from console.i18n import gettext as _
from console.i18n import ngettext
from console.models import Job, JobEvent, JobStep, Order, Pace

NEWEST = 500  # orders that are looked at
LEAST = 10  # of a kind, or nothing is said of it
FRESH_S = 600.0
Kinds = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Expectation:
    """What is said; `until`: the moment at which something else is to be said. `late`: longer than nine of ten took."""

    text: str = ""
    until: datetime | None = None
    late: bool = False


NOTHING = Expectation()


def kind_of(lines: Iterable[Mapping[str, Any]]) -> str:
    """Orders of the same kind take about the same time: by the categories of their services."""
    return "+".join(sorted({line.get("category", "") for line in lines if line.get("item_class") == "Service"}))[:80]


def measure() -> bool:
    """Measure anew when the last time was a while ago; whether it was done."""
    last = Pace.select(Pace.measured_at).first()
    if last is not None and abs((clock.now() - last.measured_at).total_seconds()) < FRESH_S:
        return False
    Pace.keep({kind: _figures(took) for kind, took in _took().items() if len(took) >= LEAST})
    return True


def _took() -> dict[str, list[float]]:
    """Seconds by kind, of the newest that ended well; not of those that waited for a person, which says nothing of the next."""
    done = (Job.kind == "provision") & (Job.state == "succeeded")
    rows = Job.select(Job.id, Job.created_at, Job.finished_at, Order.lines).join(Order, on=(Order.sf_order_id == Job.sf_order_id))
    jobs = list(rows.where(done).order_by(Job.created_at.desc(), Job.id.desc()).limit(NEWEST).objects())
    waits = JobEvent.what.in_(["needs_customer", "needs_attention"])
    waited = {row.job_id for row in JobEvent.select(JobEvent.job).where(JobEvent.job.in_([job.id for job in jobs]) & waits)}
    took = defaultdict(list)
    for job in jobs:
        if job.id not in waited and job.finished_at:
            took[kind_of(job.lines)].append((job.finished_at - job.created_at).total_seconds())
    return took


def _figures(took: list[float]) -> list[float]:
    ordered = sorted(took)
    return [statistics.median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1]]


def expected(kinds: Kinds, order: Order, job: Job | None, steps: list[JobStep], status: str) -> Expectation:
    """For an order in that state of the customer's words; nothing once something has gone wrong, or without enough history."""
    figures = kinds.get(kind_of(order.lines))
    if figures is None or status not in {"acknowledged", "in_progress"} or order.state != "placed":
        return NOTHING
    if job is None or status == "acknowledged":
        return Expectation(_("%(usually)s of the approval", usually=_usually(figures)))
    until = _began(job, steps) + timedelta(seconds=figures[1])
    if clock.now() > until:
        return Expectation(_("Usually within %(time)s; this time it takes longer.", time=_span(figures[1])), late=True)
    return Expectation("" if job.attempt else _usually(figures), until)


def _began(job: Job, steps: list[JobStep]) -> datetime:
    """Time that the customer took to find a way to pay is not ours."""
    paid = [step.finished_at for step in steps if step.name == "payment_method" and step.finished_at]
    return max([job.created_at, *paid])  # type: ignore[no-any-return]


def _usually(figures: Sequence[float]) -> str:
    middle, most = _span(figures[0]), _span(figures[1])
    if middle == most:
        return _("Usually within %(time)s", time=most)
    return _("Usually within %(middle)s, nearly always within %(most)s", middle=middle, most=most)


def _span(seconds: float) -> str:
    """In the largest unit that says enough, rounded up."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes <= 90:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    hours = math.ceil(minutes / 60)
    if hours <= 48:
        return ngettext("%(num)s hour", "%(num)s hours", hours)
    return ngettext("%(num)s day", "%(num)s days", math.ceil(hours / 24))


# by state: how often its page asks at first, and once it has stood so for a while
POLL_S = {"in_progress": (2, 10), "acknowledged": (5, 60), "pending": (5, 30), "held": (10, 45), "failed": (60, 60)}
CALM = timedelta(minutes=2)


def polls(status: str, since: datetime) -> tuple[int, datetime | None]:
    """Seconds until the page asks again, and when that becomes longer."""
    soon, later = POLL_S[status]
    return (later, None) if clock.now() >= since + CALM else (soon, since + CALM)
