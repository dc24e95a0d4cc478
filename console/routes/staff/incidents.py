"""The staff's page of incidents: what holds jobs now, and what did."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import clock
from console.routes.staff import shown
from console.services import incidents
from console.services.incidents import Told
from console.web.auth import staff

blueprint = Blueprint("staff_incidents", __name__, url_prefix="/staff")


@dataclass(frozen=True)
class Line:
    """An incident and how long it lasted, or lasts."""

    told: Told
    lasted: str


@blueprint.get("/incidents")
@staff("viewer")
def index() -> ResponseReturnValue:
    return render_template("staff/incidents.html", incidents=[_line(told) for told in incidents.listed()])


def _line(told: Told) -> Line:
    return Line(told, shown.span(((told.ended_at or clock.now()) - told.started_at).total_seconds()))
