"""Why jobs are held: the open incident behind each breaker, in one sentence, and the list of those that were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console import clock, zones
from console.i18n import gettext as _
from console.i18n import lazy, ngettext
from console.models import Incident, Job, UpstreamState

SHOWN = 100
_NAMES: dict[str, Any] = {"salesforce": "Salesforce", "whmcs": "WHMCS", "mobile": lazy("The mobile provider")}


@dataclass(frozen=True)
class Told:
    """An incident in words. `held` counts the times that a job had to wait, `now` the jobs that wait at this moment."""

    name: str
    cause: str
    code: str
    started_at: datetime
    ended_at: datetime | None
    held: int
    now: int


def listed() -> list[Told]:
    """The open ones, then the past ones, each newest first."""
    rows = list(Incident.select().order_by(Incident.ended_at.is_null().desc(), Incident.started_at.desc(), Incident.id.desc()).limit(SHOWN))
    waiting = Counter(row.held_by for row in Job.select(Job.held_by).where(Job.state == "held"))
    return [
        Told(
            name_of(row.name), CAUSES[row.kind](), row.code, row.started_at, row.ended_at, row.held,
            0 if row.ended_at else waiting[row.name],
        )
        for row in rows
    ]  # fmt: skip


def name_of(breaker: str) -> str:
    """The upstream, or the plan whose stock is empty, for people."""
    return breaker.removeprefix("stock:") if breaker.startswith("stock:") else str(_NAMES.get(breaker, breaker))


CAUSES: dict[str, Callable[[], str]] = {
    "down": lambda: _("cannot be reached"),
    "config": lambda: _("refuses our access"),
    "stock": lambda: _("is out of eSIMs"),
}


def why_held(job: Job) -> str:
    """One sentence for staff about a held job."""
    if job.held_by == "staff":
        return _("Staff hold it. It goes on once somebody releases it.")
    incident = _open(job.held_by)
    if incident is None:
        return _("%(name)s is back; it goes on in a moment.", name=name_of(job.held_by))
    count = Job.select().where((Job.state == "held") & (Job.held_by == job.held_by)).count()
    what = _("%(name)s %(cause)s since %(at)s", name=name_of(incident.name), cause=CAUSES[incident.kind](), at=_at(incident.started_at))
    code = f" ({incident.code})" if incident.code else ""
    return f"{what}{code}: {_goes_on(incident.kind, count)}"


def _open(breaker: str) -> Incident | None:
    row = UpstreamState.get_or_none((UpstreamState.name == breaker) & (UpstreamState.is_open == True))  # noqa: E712
    return row.incident if row else None


def _goes_on(kind: str, count: int) -> str:
    waiting = ngettext("one job waits", "%(num)s jobs wait", count)
    return {
        "down": lambda: ngettext("%(waiting)s and goes on by itself.", "%(waiting)s and go on by themselves.", count, waiting=waiting),
        "config": lambda: _("%(waiting)s. Mend credentials, address or permission; the rest happens by itself.", waiting=waiting),
        "stock": lambda: _("%(waiting)s. Refill the stock; the rest happens by itself.", waiting=waiting),
    }[kind]()


def _at(moment: datetime) -> str:
    local, today = zones.local(moment), zones.local(clock.now()).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
