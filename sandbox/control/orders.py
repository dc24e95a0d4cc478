"""Doors for orders and their events: the reviewer's decision, an event by hand, many of either."""

from typing import Any

from flask import Flask, Response, jsonify

from sandbox.asking import Wrong, asked
from sandbox.control.backstage import Backstage
from sandbox.salesforce import placing
from sandbox.salesforce.errors import SfError
from sandbox.salesforce.org import NotWaiting, Org

MOST = 200_000


def attach(app: Flask, backstage: Backstage) -> None:
    org = backstage.org
    _review(app, org)

    @app.post("/control/publish")
    def publish() -> Response:
        order = asked({}, {"fields": dict, "sf_order_id": str, "count": int})
        if "fields" in order and "sf_order_id" in order:
            raise Wrong("fields or sf_order_id, not both")
        try:
            made = org.publish(_event(org, order), _count(order, "count"))
        except (SfError, ValueError) as error:
            raise Wrong(str(error)) from error
        return jsonify(event_uuids=made) if "count" in order else jsonify(event_uuid=made[0])

    @app.post("/control/seed")
    def seed() -> Response:
        order = asked({"orders": int}, {"sf_account_ids": list, "approve": bool})
        made = placing.place(org, _count(order, "orders"), _accounts(org, order.get("sf_account_ids")))
        return jsonify(orders=made, event_uuids=placing.approve(org, made) if order.get("approve") else [])


def _count(order: dict[str, Any], name: str) -> int:
    count = int(order.get(name, 1))
    if not 1 <= count <= MOST:
        raise Wrong(f"{name} is from 1 to {MOST}")
    return count


def _accounts(org: Org, given: list[Any] | None) -> list[str]:
    """All of them when none is named."""
    if given == [] or not all(isinstance(each, str) for each in given or []):
        raise Wrong("sf_account_ids is a list of ids or customer numbers, not empty")
    try:
        return [placing.account_id(org, each) for each in given or []] or org.store.keys("sf.Account")
    except placing.NoAccount as error:
        raise Wrong(str(error)) from error


def _review(app: Flask, org: Org) -> None:
    def decide(status: str) -> Response:
        order_id = asked({"sf_order_id": str})["sf_order_id"]
        try:
            followed = org.review(order_id, status)
        except NotWaiting as refusal:
            raise Wrong(str(refusal), 409 if refusal.status else 404) from refusal
        return jsonify(status=status, event_uuid=next(iter(followed), None))

    app.add_url_rule("/control/approve", "approve", lambda: decide("Approved"), methods=["POST"])
    app.add_url_rule("/control/reject", "reject", lambda: decide("Rejected"), methods=["POST"])


def _event(org: Org, order: dict[str, Any]) -> dict[str, Any] | None:
    """The event's fields as given, or those that the Flow would send for an order; None for made-up orders, one each."""
    if "fields" in order:
        return dict(order["fields"])
    if "sf_order_id" not in order:
        if "count" in order:
            return None
        raise Wrong("missing: fields, sf_order_id or count")
    found = org.order(order["sf_order_id"])
    if found is None:
        raise Wrong("no such order", 404)
    return {"OrderId__c": found["Id"], "IdemKey__c": found["Portal_Idem_Key__c"] or found["Id"]}
