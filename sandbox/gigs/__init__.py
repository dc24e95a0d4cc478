"""The mobile provider as a program: its API, the switches of its behaviour, and a phone."""

from typing import Any

from flask import Flask
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as WireResponse

from sandbox.gigs import api, deeds, phone, routes, testers
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.diary import Diary
from sandbox.gigs.refusals import Refusal
from sandbox.http_faults import retry_after
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Answers, Fault, Wire

__all__ = ["build"]

INDEXES = (
    ("gigs_user", "email_key"), ("gigs_address", "user"), ("gigs_subscription", "user"), ("gigs_subscription", "sim"),
    ("gigs_subscription", "phoneNumber"), ("gigs_change", "subscription"), ("gigs_topup", "subscription"), ("gigs_burn", "subscription"),
    ("gigs_device", "imei"), ("gigs_sim", "user"), ("gigs_sim", "iccid"), ("gigs_sim", "code"),
)  # fmt: skip
UNAVAILABLE = "serviceUnavailable"


def build(store: Store, wire: Wire, settings: SandboxSettings) -> WsgiApp:
    for kind, field in INDEXES:
        store.index(kind, field)
    wire.register("mobile", routes.OPERATIONS)
    app, diary = Flask(__name__, static_folder=None), Diary(store, deeds.DEEDS)
    app.url_map.merge_slashes = False
    api.attach(app, store, settings, diary)
    phone.attach(app, store, diary)
    testers.attach(app, store, diary)
    return wire.wrap("mobile", app, routes.operation, refusals(store))


def worded(status: int, message: str, code: str = "") -> Any:
    def answer(fault: Fault, asked: Request) -> WireResponse:
        return api.answer(Refusal(status, fault.message or message, fault.code or code).body(), status)

    return answer


def refusals(store: Store) -> Answers:
    def unacceptable(fault: Fault, asked: Request) -> WireResponse:
        return api.refused(store, Refusal(422, fault.message or "The request cannot be carried out.", fault.code or ""))

    def busy(fault: Fault, asked: Request) -> WireResponse:
        answer: WireResponse = worded(429, "Too many requests.")(fault, asked)
        if behaviour(store)["retry_after"]:
            answer.headers["Retry-After"] = retry_after(fault)
        return answer

    def broken(fault: Fault, asked: Request) -> WireResponse:
        """Ordered with the code of an outage it has the status of one."""
        status = 503 if fault.code == UNAVAILABLE else 500
        answer: WireResponse = worded(status, "Something went wrong on our side.", "unknown")(fault, asked)
        return answer

    return {
        "expired_session": worded(401, "Invalid authorization token"),
        "misconfigured": worded(403, "The API key may not access this project."),
        "business_error": unacceptable,
        "throttle": busy,
        "error": broken,
    }
