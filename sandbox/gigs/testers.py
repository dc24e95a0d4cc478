"""What people and other systems do around the provider, as doors for testers: switches, payments, consents, restrictions."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox import clock
from sandbox.gigs import behaviour, changes, lives, subscriptions, topups
from sandbox.gigs.api import answer
from sandbox.gigs.diary import Diary
from sandbox.store import Doc, Store

# who is asked to pay, by kind of object
PAYABLE: dict[str, Callable[[Store, Doc], None]] = {
    subscriptions.SUBSCRIPTION: lives.pay, changes.CHANGE: changes.pay, topups.TOPUP: topups.pay,
}  # fmt: skip


def attach(app: Flask, store: Store, diary: Diary) -> None:
    doors: dict[str, Callable[[Store, Any], Doc | None]] = {
        "behaviour": behaviour.change, "payments": pay, "consents": consent, "restrictions": restrict,
    }  # fmt: skip
    app.add_url_rule("/sandbox/behaviour", "behaviour", lambda: jsonify(behaviour.behaviour(store)), methods=["GET"])
    for name, deed in doors.items():
        app.add_url_rule(f"/sandbox/{name}", f"do {name}", opened(store, diary, deed), methods=["POST"])


def opened(store: Store, diary: Diary, deed: Callable[[Store, Any], Doc | None]) -> Callable[[], Response]:
    def view() -> Response:
        with store.write():
            made = deed(store, request.get_json(silent=True))
        diary.catch_up()
        return answer(made, 200) if made is not None else answer({"error": "unknown name, value or object, or not in that state"}, 400)

    return view


def named(store: Store, kind: str, sent: Any, name: str) -> Doc | None:
    key = sent.get(name) if isinstance(sent, dict) else None
    return store.get(kind, key) if isinstance(key, str) else None


def pay(store: Store, sent: Any) -> Doc | None:
    """`{"id"}` of a subscription, change or top-up that is `initiated`: its first invoice is paid."""
    for kind, settle in PAYABLE.items():
        row = named(store, kind, sent, "id")
        if row and row["status"] == "initiated":
            settle(store, row)
            return {"id": row["id"], "status": "pending"}
    return None


def consent(store: Store, sent: Any) -> Doc | None:
    """`{"id"}` of a change that waits: the user agrees to it."""
    row = named(store, changes.CHANGE, sent, "id")
    if row is None or row["status"] != "pending":
        return None
    changes.carry_out(store, row, clock.now())
    return {"id": row["id"], "status": row["status"]}


def restrict(store: Store, sent: Any) -> Doc | None:
    """`{"id", "restricted": true}`: the provider limits a line that is active, or lifts that."""
    row = named(store, subscriptions.SUBSCRIPTION, sent, "id")
    if row is None or not isinstance(sent.get("restricted"), bool) or not lives.restrict(store, row, sent["restricted"]):
        return None
    return {"id": row["id"], "status": row["status"]}
