"""The judge of an order says nothing about one that is as it should be, and names what is wrong with any other."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.proving import truths

MOBILE = frozenset({"01tMOBILE"})


def service(number: int, item: str) -> dict[str, Any]:
    fields = {"Salesforce Order ID": "801A"}
    return {"id": number, "label": f"sf-{item}".lower(), "status": "Active", "custom_fields": fields, "notes": "x\nSalesforce order 801A"}


def price(yen: int) -> dict[str, float]:
    return {"UnitPrice": float(yen), "Quantity": 1.0}


def whole() -> dict[str, Any]:
    """An order of an eSIM and its fee, done."""
    items = [
        {"Id": "802A", "Product2Id": "01tMOBILE", "WHMCS_Service_ID__c": "5", "ESIM_ICCID__c": "8981", **price(1280)},
        {"Id": "802B", "Product2Id": "01tFEE", "WHMCS_Service_ID__c": "6", "ESIM_ICCID__c": None, **price(1100)},
    ]
    told = {"Provisioning_Status__c": "Provisioned", "Activation_Status__c": "Activated", "WHMCS_Order_ID__c": "3", "items": items}
    return {
        "sf_order_id": "801A", "salesforce": told, "mails": [{"message_id": "<a>"}],
        "whmcs": [{"order_id": 3, "amount": 2380, "status": "Active", "services": [service(5, "802A"), service(6, "802B")]}],
        "mobile": [{"portal_op": "act-802A", "iccid": "8981"}],
    }  # fmt: skip


def put(path: str, value: Any) -> dict[str, Any]:
    """A whole order, with that value at that place of it."""
    order = deepcopy(whole())
    place: Any = order
    *way, last = path.split(".")
    for part in way:
        place = place[int(part) if part.isdigit() else part]
    place[int(last) if last.isdigit() else last] = value
    return order


def test_it_has_nothing_against_a_whole_order() -> None:
    assert truths.broken(whole(), MOBILE) == []
    assert truths.mailed_twice(whole()) == {}


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (put("whmcs", []), "0 WHMCS orders"),
        (put("whmcs", whole()["whmcs"] * 2), "2 WHMCS orders"),
        (put("whmcs.0.status", "Pending"), "WHMCS order Pending"),
        (put("whmcs.0.amount", 2480), "WHMCS order of 2480 yen for 2380"),
        (put("whmcs.0.services", [service(5, "802A")]), "services ['sf-802a'] for items"),
        (put("whmcs.0.services.1", service(6, "802A")), "services ['sf-802a'] for items"),
        (put("whmcs.0.services.0.status", "Pending"), "services not active: [5]"),
        (put("whmcs.0.services.0.custom_fields", {"Salesforce Order ID": "801B"}), "services of another order: [5]"),
        (put("whmcs.0.services.0.notes", "Salesforce order 801A\nSalesforce order 801A"), "without exactly one line in their notes: [5]"),
        (put("mobile", []), "0 eSIMs for 1 mobile lines"),
        (put("mobile", whole()["mobile"] * 2), "2 eSIMs for 1 mobile lines"),
        (put("salesforce.Activation_Status__c", "Activating"), "Salesforce says Provisioned, Activating"),
        (put("salesforce.WHMCS_Order_ID__c", "4"), "Salesforce names WHMCS order 4, it is 3"),
        (put("salesforce.items.0.ESIM_ICCID__c", "8982"), "item 802A says"),
        (put("salesforce.items.1.WHMCS_Service_ID__c", None), "item 802B says"),
    ],
)
def test_it_names_what_is_wrong(order: dict[str, Any], words: str) -> None:
    assert words in "; ".join(truths.broken(order, MOBILE))


def test_it_sees_what_belongs_to_nobody_and_what_came_twice() -> None:
    assert truths.unclaimed({"unclaimed": {"whmcs_orders": [{}], "clients": []}}) == ["1 unclaimed whmcs_orders"]
    assert truths.mailed_twice(put("mails", [{"message_id": "<a>"}] * 2)) == {"<a>": 2}
