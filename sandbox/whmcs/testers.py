"""`/sandbox/pay-methods`: lets a test do in one call what a person does at the payment page. WHMCS has nothing like it."""

import re

from flask import Flask, Response, jsonify

from sandbox import doors
from sandbox.asking import Wrong, asked, wrong
from sandbox.store import Doc, Store
from sandbox.whmcs.cards import add_card, card_row, remove_cards

PATH = "/sandbox/pay-methods"
EXPIRY = re.compile(r"(0[1-9]|1[0-2])/[0-9]{2}")


def attach(app: Flask, store: Store) -> None:
    app.register_error_handler(Wrong, wrong)
    doors.tell(app, "/sandbox/")
    app.add_url_rule(PATH, "add_card", lambda: add(store), methods=["POST"])
    app.add_url_rule(PATH, "remove_cards", lambda: remove(store), methods=["DELETE"])


def add(store: Store) -> tuple[Response, int]:
    order = asked({"client_email": str}, {"expiry": str})
    client, expiry = known_client(store, order), order.get("expiry", "")
    if expiry and not EXPIRY.fullmatch(expiry):
        return jsonify(error="expiry is MM/YY"), 400
    with store.write():
        shown = card_row(add_card(store, client["id"], expiry))
    return jsonify({name: shown[name] for name in ("id", "card_last_four", "expiry_date")}), 201


def remove(store: Store) -> tuple[Response, int]:
    client = known_client(store, asked({"client_email": str}))
    with store.write():
        return jsonify(removed=remove_cards(store, client["id"])), 200


def known_client(store: Store, order: Doc) -> Doc:
    found = store.find("whmcs_client", "email_key", order["client_email"].lower())
    if not found:
        raise Wrong("no client with that e-mail", 404)
    return found[0]
