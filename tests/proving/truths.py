"""What must be true of an order in the end, as the sandbox tells it; never from our own tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.sandbox import Running
from tests.support.sf_rest import SfRest

Doc = Mapping[str, Any]


def mobile_products(running: Running) -> frozenset[str]:
    """Ids of the products of which each line gets an eSIM, as Salesforce says."""
    rows = SfRest(running.info["salesforce"]).login().query("SELECT Id FROM Product2 WHERE Mobile_Plan_Id__c != null")
    return frozenset(row["Id"] for row in rows)


def broken(order: Doc, mobile: frozenset[str]) -> list[str]:
    """What is wrong with a finished order: one active WHMCS order, one eSIM per line of a `mobile` product, the ids in Salesforce."""
    return [*_whmcs(order), *_esims(order, mobile), *_salesforce(order)]


def items(order: Doc) -> list[Doc]:
    found: list[Doc] = order["salesforce"]["items"]
    return found


def _whmcs(order: Doc) -> Iterator[str]:
    if len(order["whmcs"]) != 1:
        yield f"{len(order['whmcs'])} WHMCS orders"
        return
    [found] = order["whmcs"]
    if found["status"] != "Active":
        yield f"WHMCS order {found['status']}"
    if found["amount"] != (asked := sum(item["UnitPrice"] * item["Quantity"] for item in items(order))):
        yield f"WHMCS order of {found['amount']} yen for {asked:.0f}"
    labels = Counter(service["label"].lower() for service in found["services"])
    if labels != Counter(f"sf-{item['Id']}".lower() for item in items(order)):
        yield f"services {sorted(labels)} for items {sorted(item['Id'] for item in items(order))}"
    if idle := [service["id"] for service in found["services"] if service["status"] != "Active"]:
        yield f"services not active: {idle}"
    wrong = [one["id"] for one in found["services"] if one["custom_fields"].get("Salesforce Order ID") != order["sf_order_id"]]
    if wrong:
        yield f"services of another order: {wrong}"
    if unmarked := [one["id"] for one in found["services"] if one["notes"].count(f"Salesforce order {order['sf_order_id']}") != 1]:
        yield f"services without exactly one line in their notes: {unmarked}"


def _esims(order: Doc, mobile: frozenset[str]) -> Iterator[str]:
    found = Counter(one["portal_op"] for one in order["mobile"])
    wanted = Counter(f"act-{item['Id']}" for item in items(order) if item["Product2Id"] in mobile)
    if found != wanted:
        yield f"{sum(found.values())} eSIMs for {len(wanted)} mobile lines"


def _salesforce(order: Doc) -> Iterator[str]:
    told = order["salesforce"]
    if (status := (told["Provisioning_Status__c"], told["Activation_Status__c"])) != ("Provisioned", "Activated"):
        yield f"Salesforce says {status[0]}, {status[1]}"
    if len(order["whmcs"]) == 1 and told["WHMCS_Order_ID__c"] != str(order["whmcs"][0]["order_id"]):
        yield f"Salesforce names WHMCS order {told['WHMCS_Order_ID__c']}, it is {order['whmcs'][0]['order_id']}"
    yield from _told_items(order)


def _told_items(order: Doc) -> Iterator[str]:
    services = {one["label"].lower(): str(one["id"]) for whmcs in order["whmcs"] for one in whmcs["services"]}
    iccids = {one["portal_op"]: one["iccid"] for one in order["mobile"]}
    for item in items(order):
        told = (item["WHMCS_Service_ID__c"], item["ESIM_ICCID__c"] or None)
        true = (services.get(f"sf-{item['Id']}".lower()), iccids.get(f"act-{item['Id']}"))
        if told != true:
            yield f"item {item['Id']} says {told}, it is {true}"


def unclaimed(truth: Doc) -> list[str]:
    """Things upstream that belong to no order or to nobody: doubles show up here."""
    return [f"{len(things)} unclaimed {kind}" for kind, things in truth["unclaimed"].items() if things]


def mailed_twice(order: Doc) -> dict[str, int]:
    """Message-IDs that came more than once."""
    return {key: n for key, n in Counter(mail["message_id"] for mail in order["mails"]).items() if n > 1}
