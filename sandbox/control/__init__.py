"""The door behind the scenes: what is true upstream, faults, latency, the journal of calls, and the reviewer's page."""

from flask import Flask

from sandbox.control import faults, orders, pages, permissions, readings, state, truth
from sandbox.control.asking import Wrong, wrong
from sandbox.control.backstage import Backstage

__all__ = ["Backstage", "build"]


def build(backstage: Backstage) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.register_error_handler(Wrong, wrong)
    truth.watch(backstage.store)
    for room in (readings, faults, orders, state, permissions, pages):
        room.attach(app, backstage)
    return app
