"""Switches of WHMCS: its version, who gets in, and questions that its documentation leaves open, with every answer."""

from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.store import Doc, Store

PATH, KIND, KEY = "/sandbox/quirks", "whmcs_quirks", "now"
# the first of each is what holds until somebody switches
CHOICES: dict[str, tuple[Any, ...]] = {
    "version": ("9.0.4", "8.13.1"),
    "immutability": ("contents", "all", "off"),  # 9.x: what UpdateInvoice may no longer change once an invoice is published
    "types": ("docs", "all_strings"),
    "lists": ("docs", "numeric_keys", "single_object"),
    "empty": ("text", "array", "object", "absent"),
    "html_entities": (False, True),
    "strict_flags": (False, True),  # refuse the texts true and false, which PHP both takes for true
    "get_requests": (False, True),
    "admin": ("active", "disabled", "without_api_access"),
    "invalid_ip_status": (403, 400),
    "unknown_action_status": (404, 400, 200),
    "internal_only_status": (403, 200),
    "every_product_has_module": (False, True),
    "module": ("works", "fails"),
    "order_after_module_failure": ("Pending", "Active"),
    "keeps_order_fields": (True, False),  # False: AddOrder drops custom fields, as for ones that the order form does not show
    "field_name_key": ("name", "fieldname"),
    "no_invoice_id": (0, "", None),
    "unique_transid": (False, True),  # of AddInvoicePayment; AddTransaction always insists
    "credit_pays_orders": (False, True),
}
LISTS: Doc = {"allowed_ips": ["127.0.0.1"], "refused_actions": []}


def quirks(store: Store) -> Doc:
    usual: Doc = {name: choices[0] for name, choices in CHOICES.items()}
    return usual | LISTS | (store.get(KIND, KEY) or {})


def attach(app: Flask, store: Store) -> None:
    app.add_url_rule(PATH, "quirks", lambda: jsonify(quirks(store)), methods=["GET"])
    app.add_url_rule(PATH, "change_quirks", lambda: switch(store), methods=["POST"])
    app.add_url_rule(PATH, "forget_quirks", lambda: forget(store), methods=["DELETE"])


def switch(store: Store) -> tuple[Response, int]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        return jsonify(error="a JSON object of switches is needed", choices=CHOICES), 400
    wrong = [name for name, value in sent.items() if not sensible(name, value)]
    if wrong:
        return jsonify(error=f"unknown switch or value: {', '.join(wrong)}", choices=CHOICES), 400
    with store.write():
        store.put(KIND, KEY, {**(store.get(KIND, KEY) or {}), **sent})
        return jsonify(quirks(store)), 200


def forget(store: Store) -> Response:
    """Everything as at the start."""
    store.drop(KIND, KEY)
    return jsonify(quirks(store))


def sensible(name: str, value: Any) -> bool:
    if name in LISTS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    # 0 and False are equal in Python, and not the same switch
    return any(type(value) is type(choice) and value == choice for choice in CHOICES.get(name, ()))
