"""Switches of the org: how its app and its user stand, and questions that no document settles, with their answers."""

from werkzeug.wrappers import Request, Response

from sandbox.bodies import json_sent
from sandbox.salesforce.answers import json_answer
from sandbox.salesforce.pubsub.switches import CHOICES as PUBSUB
from sandbox.store import Doc, Store
from sandbox.switches import Switches

ROOT, PATH = "/sandbox/", "/sandbox/behaviour"
METHODS = ("DELETE", "GET", "POST")
ROLLED_BACK, HALTED = "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED"
SWITCHES = Switches("sf#behaviour", {
    # how things stand: each refusal of a login can be had
    "app": ("approved", "user_not_approved", "not_admin_approved", "not_installed"),
    "user": ("active", "locked"),
    # logging in
    "assertion_life_s": (300, 180),  # how far ahead the expiry of an assertion may lie
    "used_assertion": ("taken", "refused"),  # the same assertion a second time
    "audience_words": ("short", "long"),  # the long ones name the audience and the login address
    "error_description": (True, False),
    "issued_at": (False, True),  # whether the answer to an assertion has issued_at and signature
    "api_instance_url": (False, True),
    "same_session": (False, True),  # whether a second login of the same user and app gets the first one's session
    "password_grant": (True, False),
    "soap_login": (True, False),
    "bad_token_status": (403, 401),  # of userinfo
    # reading
    "cursor_life_s": (172_800, 900),  # since it was last used
    "long_target_status": (414, 431),
    # writing
    "upsert_update_status": (200, 204),  # release 46 and later
    "upsert_key_in_body": ("refused", "taken"),
    "missing_in_collection": ("NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"),  # a record that is not there, to be changed or deleted
    "rolled_back_code": (ROLLED_BACK, HALTED),  # of the good records of a collection with allOrNone
    "lock_row_status": (400, 500),
    "unknown_order_status": ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "FAILED_ACTIVATION"),
    "unit_price": ("required", "list_price"),  # of an order item that comes without one
    "item_by_product": (False, True),  # whether an order item may name its product in place of the price book entry
    "account_delete": ("cascades", "refused"),  # of an Account with orders or cases
    "entry_in_use": ("refused", "deleted"),  # a price book entry that an order item points to
    # the event bus
    **PUBSUB,
})  # fmt: skip


def behaviour(store: Store) -> Doc:
    return SWITCHES.now(store)


def door(store: Store, request: Request) -> Response:
    """Beside the API, and never touched by a fault; the root lists what there is, as the other upstreams do."""
    if request.path == ROOT:
        return json_answer([{"path": PATH, "methods": METHODS}], 200)
    if request.method not in METHODS:
        return Response("", 405, {"Allow": ", ".join(METHODS)})
    return json_answer(*SWITCHES.answer(store, request.method, json_sent(request)))
