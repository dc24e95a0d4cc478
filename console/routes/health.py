"""Whether the process lives and whether it can serve: for load balancers."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from console.services import readiness
from console.web.auth import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    fit = readiness.ready()
    return jsonify(status="ok" if fit else "unavailable"), 200 if fit else 503
