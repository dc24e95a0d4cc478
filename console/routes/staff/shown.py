"""How jobs are worded on staff pages: ready values for templates, from rows in hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from console import clock, zones
from console.i18n import gettext as _
from console.i18n import lazy
from console.models import Job
from console.services import job_words as words
from console.services.finding_jobs import Listed
from console.services.job_story import Entry
from console.web.filters import day

TABS: dict[str, Any] = {
    "open": lazy("Open"),
    "attention": lazy("Needs attention"),
    "retrying": lazy("Retrying"),
    "held": lazy("Held"),
    "customer": lazy("Waiting for customer"),
    "running": lazy("Running"),
    "done": lazy("Done"),
    "ended": lazy("Cancelled or skipped"),
    "all": lazy("All"),
}
MANY = 10_000
# where the code says more than the state does
_TELLING = frozenset({"retry_wait", "needs_attention", "held", "cancelled", "skipped"})


@dataclass(frozen=True)
class Tab:
    """A tab of the list; `bad` when what it counts waits for a person."""

    word: str
    address: str
    count: str
    here: bool
    bad: bool


@dataclass(frozen=True)
class Line:
    """A row of the list, worded."""

    address: str
    title: str
    number: str
    customer: str
    product: str
    pill: tuple[str, str]
    step: str
    error: str
    tries: str
    next_try: str
    age: str
    since: datetime


LANES: dict[str, Any] = {words.MOBILE: lazy("Mobile"), words.MAIL: lazy("Mail"), words.CONSOLE: lazy("Console")}


@dataclass(frozen=True)
class Event:
    """A line of the timeline, worded; `day` stands before the first line of each day."""

    entry: Entry
    day: str
    at: str
    took: str
    tries: str
    actor: str
    lane: str


def tabs(counts: dict[str, int], here: str, text: str) -> list[Tab]:
    def one(tab: str, word: Any) -> Tab:
        return Tab(str(word), address(tab, text), _count(counts[tab]), tab == here, tab == "attention" and counts[tab] > 0)

    return [one(tab, word) for tab, word in TABS.items()]


def usual_tab(text: str) -> str:
    """The tab of an address that names none: a search looks everywhere."""
    return "all" if text else "open"


def address(tab: str, text: str = "", before: str = "") -> str:
    """The list's address with its filters."""
    given = {"tab": tab if tab != usual_tab(text) else "", "q": text, "before": before}
    query = urlencode({name: value for name, value in given.items() if value})
    return "/staff/jobs" + (f"?{query}" if query else "")


def line(row: Listed, limit: int) -> Line:
    title = row.order_number or row.sf_order_id or str(words.KINDS.get(row.kind, row.kind))
    error = row.error_code if row.state in _TELLING else ""
    return Line(
        address=f"/staff/jobs/{row.id}", title=title, number=row.sf_number, customer=row.customer, product=row.product or "–",
        pill=words.pill(row.state), step=words.step_title(row.kind, row.step) or "–", error=error, tries=tries(row, limit),
        next_try=_in(row.next_try_at), age=span((clock.now() - row.created_at).total_seconds()), since=row.created_at,
    )  # fmt: skip


def tries(row: Listed | Job, limit: int) -> str:
    """`3 / 12`: the try that is under way, or the last one where none is."""
    used = row.attempt if row.state in {"retry_wait", "needs_attention"} else row.attempt + 1
    return f"{min(max(used, 1), limit)} / {limit}"


def timeline(entries: tuple[Entry, ...], names: dict[str, str]) -> list[Event]:
    shown, last = [], ""
    for entry in entries:
        today = day(entry.at) if entry.at else last
        shown.append(_event(entry, today if today != last else "", names))
        last = today
    return shown


def _event(entry: Entry, first_of: str, names: dict[str, str]) -> Event:
    at = f"{zones.local(entry.at):%H:%M:%S}" if entry.at else ""
    took = duration(entry.duration_ms) if entry.duration_ms is not None else ""
    return Event(entry, first_of, at, took, _tries(entry), names.get(entry.actor, entry.actor), str(LANES.get(entry.lane, entry.lane)))


def _tries(entry: Entry) -> str:
    if entry.times > 1:
        return _("attempts %(first)s to %(last)s", first=entry.first_try, last=entry.first_try + entry.times - 1)
    failed = entry.first_try and entry.state != "done"
    return _("attempt %(n)s", n=entry.first_try) if failed or entry.first_try > 1 else ""


def _count(number: int) -> str:
    return f"{number:,}" if number <= MANY else f"{MANY:,}+"


def _in(at: datetime | None) -> str:
    """When the next try is due."""
    if at is None:
        return "–"
    seconds = (at - clock.now()).total_seconds()
    return _("in %(span)s", span=span(seconds)) if seconds >= 1 else _("now")


def span(seconds: float) -> str:
    """`12 s`, `6 min`, `1 h 12`, `3 d`: as much as a table needs."""
    whole = max(0, int(seconds))
    if whole < 60:
        return _("%(n)s s", n=whole)
    if whole < 3600:
        return _("%(n)s min", n=whole // 60)
    if whole < 86400:
        return _("%(h)s h %(m)s", h=whole // 3600, m=f"{whole % 3600 // 60:02}")
    return _("%(n)s d", n=whole // 86400)


def duration(ms: float) -> str:
    """`120 ms`, `1.9 s`, `68 s`, then as a span."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 10_000 else span(ms / 1000)
