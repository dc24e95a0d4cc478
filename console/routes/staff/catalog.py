"""The staff's page of the catalogue: how old it is, what its linter found, and the refresh."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from console.models.user import ROLES
from console.services import linting
from console.web.auth import me, staff
from console.web.wired import upstreams

blueprint = Blueprint("staff_catalog", __name__, url_prefix="/staff/catalog")


@blueprint.get("")
@staff("viewer")
def show() -> ResponseReturnValue:
    may_refresh = ROLES.index(me().role) >= ROLES.index("ops")
    return render_template("staff/catalog.html", report=linting.report(), may_refresh=may_refresh)


@blueprint.post("/refresh")
@staff("ops")
def refresh() -> ResponseReturnValue:
    """Reads catalogue, billing's products and the provider's plans now; a Salesforce that does not answer is told in words."""
    linting.look(upstreams(), f"user:{me().id}")
    return redirect("/staff/catalog", 303)
