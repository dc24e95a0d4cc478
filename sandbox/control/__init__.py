"""The door behind the scenes: what is true upstream, faults, latency, the journal of calls, and the reviewer's page."""

import sqlite3

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from sandbox import doors
from sandbox.asking import Wrong, wrong
from sandbox.control import faults, orders, pages, permissions, readings, state, truth
from sandbox.control.backstage import Backstage

__all__ = ["Backstage", "build"]


def build(backstage: Backstage) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.register_error_handler(Wrong, wrong)
    app.register_error_handler(HTTPException, _strayed)
    app.register_error_handler(sqlite3.OperationalError, _full)
    doors.tell(app, "/control/", "doors")
    truth.watch(backstage.store)
    for room in (readings, faults, orders, state, permissions, pages):
        room.attach(app, backstage)
    return app


def _strayed(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.description), error.code or 500


def _full(error: sqlite3.OperationalError) -> tuple[Response, int]:
    """The disk is, for one; it may be asked again."""
    return jsonify(error=f"nothing was changed: {error}"), 503
