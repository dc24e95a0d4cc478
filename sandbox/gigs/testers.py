"""What people and other systems do around the provider, as doors for testers: switches, payments, consents, restrictions; its paths."""

from collections.abc import Callable

from flask import Flask, Response, jsonify

from sandbox import clock, doors
from sandbox.asking import Wrong, asked, wrong
from sandbox.gigs import behaviour, changes, lives, routes, subscriptions, topups
from sandbox.gigs.api import answer
from sandbox.gigs.diary import Diary
from sandbox.store import Doc, Store

# who is asked to pay, by kind of object
PAYABLE: dict[str, Callable[[Store, Doc], None]] = {
    subscriptions.SUBSCRIPTION: lives.pay, changes.CHANGE: changes.pay, topups.TOPUP: topups.pay,
}  # fmt: skip
Deed = Callable[[Store, Doc], Doc | None]
ID: dict[str, type] = {"id": str}
LIMIT = ID | {"restricted": bool}


def attach(app: Flask, store: Store, diary: Diary) -> None:
    app.register_error_handler(Wrong, wrong)
    doors.tell(app, "/sandbox/")
    behaviour.SWITCHES.attach(app, behaviour.PATH, store, diary.catch_up)
    app.add_url_rule("/sandbox/paths", "paths", paths)
    for name, (keys, deed) in {"payments": (ID, pay), "consents": (ID, consent), "restrictions": (LIMIT, restrict)}.items():
        app.add_url_rule(f"/sandbox/{name}", f"do {name}", opened(store, diary, keys, deed), methods=["POST"])


def paths() -> Response:
    """Every call of the API, with names in the place of ids."""
    return jsonify([{"method": method, "path": path} for method, path, _, _ in routes.ROUTES])


def opened(store: Store, diary: Diary, keys: dict[str, type], deed: Deed) -> Callable[[], Response]:
    def view() -> Response:
        order = asked(keys)
        with store.write():
            made = deed(store, order)
        diary.catch_up()
        if made is None:
            raise Wrong("there is no such object, or it is not in that state")
        return answer(made, 200)

    return view


def pay(store: Store, sent: Doc) -> Doc | None:
    """`{"id"}` of a subscription, change or top-up that is `initiated`: its first invoice is paid."""
    for kind, settle in PAYABLE.items():
        row = store.get(kind, sent["id"])
        if row and row["status"] == "initiated":
            settle(store, row)
            return {"id": row["id"], "status": "pending"}
    return None


def consent(store: Store, sent: Doc) -> Doc | None:
    """`{"id"}` of a change that waits: the user agrees to it."""
    row = store.get(changes.CHANGE, sent["id"])
    if row is None or row["status"] != "pending":
        return None
    changes.carry_out(store, row, clock.now())
    return {"id": row["id"], "status": row["status"]}


def restrict(store: Store, sent: Doc) -> Doc | None:
    """`{"id", "restricted": true}`: the provider limits a line that is active, or lifts that."""
    row = store.get(subscriptions.SUBSCRIPTION, sent["id"])
    if row is None or not lives.restrict(store, row, sent["restricted"]):
        return None
    return {"id": row["id"], "status": row["status"]}
