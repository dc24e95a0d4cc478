"""The mobile provider as a program: its API, the switches of its behaviour, and a phone."""

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as WireResponse

from sandbox.gigs import api, phone
from sandbox.gigs.behaviour import behaviour, change
from sandbox.gigs.refusals import Refusal
from sandbox.http_faults import retry_after
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Answers, Fault, Wire

__all__ = ["build"]

INDEXES = (
    ("gigs_user", "email_key"), ("gigs_subscription", "user"), ("gigs_subscription", "sim"), ("gigs_sim", "user"), ("gigs_sim", "iccid"),
    ("gigs_sim", "code"),
)  # fmt: skip
BEHAVIOUR = "/sandbox/behaviour"


def build(store: Store, wire: Wire, settings: SandboxSettings) -> WsgiApp:
    for kind, field in INDEXES:
        store.index(kind, field)
    wire.register("mobile", api.OPERATIONS)
    app = Flask(__name__, static_folder=None)
    api.attach(app, store, settings)
    phone.attach(app, store)
    app.add_url_rule(BEHAVIOUR, "behaviour", lambda: jsonify(behaviour(store)), methods=["GET"])
    app.add_url_rule(BEHAVIOUR, "change_behaviour", lambda: switch(store), methods=["POST"])
    return wire.wrap("mobile", app, api.operation, refusals(store))


def switch(store: Store) -> tuple[Response, int]:
    changed = change(store, request.get_json(silent=True))
    return (jsonify(changed), 200) if changed else (jsonify(error="unknown switch or value"), 400)


def worded(status: int, message: str, code: str = "") -> Any:
    def answer(fault: Fault, asked: Request) -> WireResponse:
        return api.answer(Refusal(status, fault.message or message, fault.code or code).body(), status)

    return answer


def busy(fault: Fault, asked: Request) -> WireResponse:
    answer: WireResponse = worded(429, "Too many requests.")(fault, asked)
    answer.headers["Retry-After"] = retry_after(fault)
    return answer


def refusals(store: Store) -> Answers:
    def unacceptable(fault: Fault, asked: Request) -> WireResponse:
        return api.refused(store, Refusal(422, fault.message or "The request cannot be carried out.", fault.code or ""))

    return {
        "expired_session": worded(401, "Invalid authorization token"),
        "misconfigured": worded(403, "The API key may not access this project."),
        "business_error": unacceptable,
        "throttle": busy,
        "error": worded(500, "Something went wrong on our side.", "unknown"),
    }
