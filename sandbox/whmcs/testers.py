"""`/sandbox/pay-methods`: lets a test do in one call what a person does at the payment page. WHMCS has nothing like it."""

import re

from flask import Flask, Response, jsonify, request

from sandbox.store import Doc, Store
from sandbox.whmcs.cards import add_card, card_row, remove_cards

PATH = "/sandbox/pay-methods"
EXPIRY = re.compile(r"(0[1-9]|1[0-2])/[0-9]{2}")


def attach(app: Flask, store: Store) -> None:
    app.add_url_rule(PATH, "add_card", lambda: add(store), methods=["POST"])
    app.add_url_rule(PATH, "remove_cards", lambda: remove(store), methods=["DELETE"])


def add(store: Store) -> tuple[Response, int]:
    client, expiry = asked_client(store), str(body().get("expiry") or "")
    if client is None:
        return jsonify(error="no client with that e-mail"), 404
    if expiry and not EXPIRY.fullmatch(expiry):
        return jsonify(error="expiry is MM/YY"), 400
    shown = card_row(add_card(store, client["id"], expiry))
    return jsonify({name: shown[name] for name in ("id", "card_last_four", "expiry_date")}), 201


def remove(store: Store) -> tuple[Response, int]:
    client = asked_client(store)
    if client is None:
        return jsonify(error="no client with that e-mail"), 404
    with store.write():
        return jsonify(removed=remove_cards(store, client["id"])), 200


def body() -> Doc:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def asked_client(store: Store) -> Doc | None:
    return next(iter(store.find("whmcs_client", "email_key", str(body().get("client_email", "")).lower())), None)
