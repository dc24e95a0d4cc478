"""Pages for people: the list of all pages, and the reviewer's orders with approve and reject."""

from typing import Any
from urllib.parse import quote_plus

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox.asking import Wrong
from sandbox.control.backstage import Backstage
from sandbox.salesforce.org import WAITING, NotWaiting, Org

DECISIONS = {"approve": "Approved", "reject": "Rejected"}
SHOWN = 100


def attach(app: Flask, backstage: Backstage) -> None:
    org, links = backstage.org, backstage.links

    @app.get("/")
    @app.get("/control/")
    def start() -> str:
        doors = sorted({rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/control/") and len(rule.rule) > 9})
        return render_template("start.html", links=links, doors=doors)

    @app.get("/reviewer/")
    def reviewer() -> str:
        waiting = [_shown(org, order) for order in org.records.find("Order", "Status", WAITING)]
        others = [order for order in reversed(org.records.all("Order")) if order["Status"] != WAITING]
        shown = [_shown(org, order) for order in others[:SHOWN]]
        return render_template("reviewer.html", waiting=waiting[::-1], others=shown, said=request.args.get("said", ""))

    @app.post("/reviewer/<order_id>/<decision>")
    def decide(order_id: str, decision: str) -> Response:
        if decision not in DECISIONS:
            raise Wrong("no such decision", 404)
        try:
            org.review(order_id, DECISIONS[decision])
        except NotWaiting as refusal:
            return _back("no such order" if refusal.status is None else "already decided")
        return _back(DECISIONS[decision])


def _back(said: str) -> Response:
    return redirect(f"/reviewer/?said={quote_plus(said)}", 303)


def _shown(org: Org, order: dict[str, Any]) -> dict[str, Any]:
    account = org.records.get("Account", order["AccountId"] or "") or {}
    items = [(org.records.get("Product2", item["Product2Id"]) or {}).get("Name") for item in org.items(order["Id"])]
    return {
        "id": order["Id"],
        "number": order["OrderNumber"],
        "status": order["Status"],
        "unverified": order["Portal_Link_Unverified__c"],
        "activation": order["Activation_Status__c"],
        "provisioning": order["Provisioning_Status__c"],
        "account": f"{account.get('Name')} ({account.get('SF_Account_No__c')})",
        "items": items,
        "total": int(order["TotalAmount"] or 0),
        "created": order["CreatedDate"],
    }
