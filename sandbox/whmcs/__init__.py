"""WHMCS as a program: the API, the single sign-on pages of a client, and a door for tests that act as the person there."""

from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Request, Response

from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.whmcs import access, api, pages, quirks, testers
from sandbox.whmcs.acting import gather
from sandbox.whmcs.answers import render
from sandbox.whmcs.products import CUSTOMER_NUMBER_FIELD, ICCID_NAME, ORDER_ID_NAME, PAYMENT_METHODS
from sandbox.whmcs.sso import PAYMENT_METHODS_PATH
from sandbox.wire import Answers, Fault, Wire

__all__ = ["build", "facts"]

INDEXES = (
    ("whmcs_client", "email_key"), ("whmcs_client", "owner_user_id"), ("whmcs_user", "email_key"), ("whmcs_card", "client_id"),
    ("whmcs_service", "clientid"), ("whmcs_service", "domain_key"), ("whmcs_order", "userid"), ("whmcs_invoice", "userid"),
    ("whmcs_email", "userid"), ("whmcs_credit", "clientid"), ("whmcs_contact", "userid"), ("whmcs_transaction", "transid"),
    ("whmcs_order", "ordernum"),
)  # fmt: skip


OOPS = "<!DOCTYPE html><html><head><title>Oops!</title></head><body><h1>Oops!</h1><p>{}</p></body></html>"


def build(store: Store, wire: Wire, settings: SandboxSettings) -> WsgiApp:
    for kind, field in INDEXES:
        store.index(kind, field)
    wire.register("whmcs", gather())
    app = Flask(__name__, static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # wire and server answer what goes wrong, a full disk too
    app.add_url_rule(api.PATH, "api", lambda: api.respond(request, store, settings), methods=["POST", "GET"])
    quirks.SWITCHES.attach(app, quirks.PATH, store)
    testers.attach(app, store)
    pages.attach(app, store)
    return wire.wrap("whmcs", app, lambda asked: api.operation(asked, store), REFUSALS)


def facts() -> dict[str, Any]:
    """What the portal must be told beside address and credentials."""
    return {
        "customer_number_field_id": CUSTOMER_NUMBER_FIELD,
        "order_id_field": ORDER_ID_NAME,
        "iccid_field": ICCID_NAME,
        "payment_method": next(iter(PAYMENT_METHODS)),
        "sso_payment_path": PAYMENT_METHODS_PATH,
        "access_key": access.ACCESS_KEY,
        "admin_username": access.ADMIN,
        "admin_password": access.ADMIN_PASSWORD,
    }


def refused(message: str, status: int = 403) -> Response:
    return render({"result": "error", "message": message}, "json", "", status)


def broken(fault: Fault, asked: Request) -> Response:
    """When PHP or a hook prints something, WHMCS answers with a page, not with JSON."""
    return Response(OOPS.format(fault.message or "EmitterException: Output has been emitted previously"), 500, mimetype="text/html")


REFUSALS: Answers = {
    "misconfigured": lambda fault, asked: refused(fault.message or "Invalid IP 127.0.0.1"),
    "expired_session": lambda fault, asked: refused(fault.message or "Invalid or missing credentials"),
    "business_error": lambda fault, asked: refused(fault.message or "The action could not be carried out", 200),
    "error": broken,
}
