"""Orders in the org: placed as a tree, changed in composites, reviewed, and the Flow that an approval sets off."""

from typing import Any

import pytest
import requests

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest


def culprit(answer: requests.Response) -> tuple[str, str]:
    """(reference, statusCode) of a refused tree."""
    assert (answer.status_code, answer.json()["hasErrors"]) == (400, True)
    (only,) = answer.json()["results"]
    return only["referenceId"], only["errors"][0]["statusCode"]


def order_count(sf: SfRest) -> int:
    return int(sf.get("query", q="SELECT COUNT() FROM Order").json()["totalSize"])


# -- composite/tree


def test_it_places_an_order_with_its_items(sf: SfRest, key: str) -> None:
    order_id = sf.place(key, "SIM-DATA-5", "SIM-ACT")
    order = sf.get(f"sobjects/Order/{order_id}").json()
    items = sf.query(f"SELECT Quantity, UnitPrice, ListPrice, Product2.Name FROM OrderItem WHERE OrderId = '{order_id}' ORDER BY UnitPrice")
    assert (order["TotalAmount"], order["StatusCode"], len(order["OrderNumber"])) == (2380.0, "Draft", 8)
    assert [item["Product2"]["Name"] for item in items] == ["SIM activation", "eSIM 5 GB"]
    assert items[0]["ListPrice"] == 1100.0


def test_it_names_the_order_that_holds_the_key_already(sf: SfRest, key: str) -> None:
    order_id = sf.place(key)
    again = sf.post("composite/tree/Order", sf.order_tree(key, "SIM-DATA-5"))
    assert culprit(again) == ("order", "DUPLICATE_VALUE")
    assert order_id[:15] in again.json()["results"][0]["errors"][0]["message"]
    assert sf.get(f"sobjects/Order/Portal_Idem_Key__c/{key}").json()["Id"] == order_id


def test_it_keeps_keys_apart_that_differ_in_case(sf: SfRest, key: str) -> None:
    assert sf.place(f"a{key}") != sf.place(f"A{key}")


def test_it_plants_nothing_when_an_item_is_refused(sf: SfRest, key: str) -> None:
    before, tree = order_count(sf), sf.order_tree(key, "SIM-DATA-5", "SIM-ACT")
    del tree["records"][0]["OrderItems"]["records"][1]["PricebookEntryId"]
    answer = sf.post("composite/tree/Order", tree)
    assert culprit(answer) == ("line1", "REQUIRED_FIELD_MISSING")
    codes = [error["statusCode"] for error in answer.json()["results"][0]["errors"]]
    assert codes == ["REQUIRED_FIELD_MISSING", "FIELD_INTEGRITY_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION"]
    assert order_count(sf) == before
    assert sf.get(f"sobjects/Order/Portal_Idem_Key__c/{key}").status_code == 404


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Status": "Activated"}, "FAILED_ACTIVATION"),
        ({"AccountId": None}, "REQUIRED_FIELD_MISSING"),
        ({"EffectiveDate": None}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_it_refuses_an_order_that_breaks_a_rule(sf: SfRest, key: str, change: dict[str, Any], expected: str) -> None:
    assert culprit(sf.post("composite/tree/Order", sf.order_tree(key, "SIM-DATA-5", **change))) == ("order", expected)


def test_it_wants_items_of_the_orders_own_price_book(sf: SfRest, key: str) -> None:
    standard = sf.one("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["Id"]
    tree = sf.order_tree(key, "SIM-DATA-5", Pricebook2Id=standard)
    assert culprit(sf.post("composite/tree/Order", tree)) == ("line0", "FIELD_INTEGRITY_EXCEPTION")


def test_it_keeps_the_price_book_of_an_order_with_items(sf: SfRest, key: str) -> None:
    standard = sf.one("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["Id"]
    answer = sf.patch(f"sobjects/Order/{sf.place(key)}", {"Pricebook2Id": standard})
    assert answer.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_it_does_not_let_the_portal_activate(sf: SfRest, key: str) -> None:
    assert sf.patch(f"sobjects/Order/{sf.place(key)}", {"Status": "Activated"}).json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


# -- composite


def requests_for(sf: SfRest, key: str, price_id: str) -> list[dict[str, Any]]:
    base = "/services/data/v63.0/sobjects"
    order = sf.order_tree(key, "SIM-DATA-5")["records"][0]
    fields = {name: value for name, value in order.items() if name not in ("attributes", "OrderItems")}
    item = {"OrderId": "@{order.id}", "PricebookEntryId": price_id, "Quantity": 2, "UnitPrice": 1280}
    return [
        {"method": "POST", "url": f"{base}/Order", "referenceId": "order", "body": fields},
        {"method": "POST", "url": f"{base}/OrderItem", "referenceId": "item", "body": item},
        {"method": "GET", "url": f"{base}/Order/@{{order.id}}?fields=TotalAmount", "referenceId": "read"},
    ]


def test_it_fills_references_in_a_composite(sf: SfRest, key: str) -> None:
    body = {"allOrNone": True, "compositeRequest": requests_for(sf, key, sf.price("SIM-DATA-5")["Id"])}
    items = sf.post("composite", body).json()["compositeResponse"]
    assert [(item["referenceId"], item["httpStatusCode"]) for item in items] == [("order", 201), ("item", 201), ("read", 200)]
    assert items[2]["body"]["TotalAmount"] == 2560.0
    assert items[0]["httpHeaders"]["Location"].endswith(items[0]["body"]["id"])


def test_it_rolls_a_composite_back_as_a_whole(sf: SfRest, key: str) -> None:
    answer = sf.post("composite", {"allOrNone": True, "compositeRequest": requests_for(sf, key, "")})
    items = answer.json()["compositeResponse"]
    assert answer.status_code == 200
    assert [item["body"][0]["errorCode"] for item in items] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert sf.get(f"sobjects/Order/Portal_Idem_Key__c/{key}").status_code == 404


def test_it_goes_on_without_all_or_none(sf: SfRest, key: str) -> None:
    items = sf.post("composite", {"compositeRequest": requests_for(sf, key, "")}).json()["compositeResponse"]
    assert [item["httpStatusCode"] for item in items] == [201, 400, 200]


def test_it_refuses_a_malformed_envelope(sf: SfRest) -> None:
    twice = {"method": "GET", "url": "/services/data/v63.0/limits", "referenceId": "a"}
    for body in ({}, {"compositeRequest": []}, {"compositeRequest": [{}]}, {"compositeRequest": [twice, twice]}):
        assert sf.post("composite", body).status_code == 400


# -- composite/sobjects


def changes(sf: SfRest, key: str, second: str) -> list[dict[str, Any]]:
    ids = [sf.place(f"{key}a"), sf.place(f"{key}b")]
    values = zip(ids, ["1", second], strict=True)
    return [{"attributes": {"type": "Order"}, "Id": at, "WHMCS_Order_ID__c": value} for at, value in values]


def test_it_changes_several_records_at_once(sf: SfRest, key: str) -> None:
    records = changes(sf, key, "2")
    answer = sf.patch("composite/sobjects", {"allOrNone": True, "records": records})
    assert answer.json() == [{"id": record["Id"], "success": True, "errors": []} for record in records]
    assert sf.get(f"sobjects/Order/{records[1]['Id']}").json()["WHMCS_Order_ID__c"] == "2"


@pytest.mark.parametrize(("all_or_none", "kept"), [(True, None), (False, "1")])
def test_it_undoes_a_collection_only_when_asked(sf: SfRest, key: str, all_or_none: bool, kept: str | None) -> None:
    records = changes(sf, key, "x" * 99)
    answers = sf.patch("composite/sobjects", {"allOrNone": all_or_none, "records": records}).json()
    assert answers[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert answers[0]["success"] is not all_or_none
    assert sf.get(f"sobjects/Order/{records[0]['Id']}").json()["WHMCS_Order_ID__c"] == kept


# -- the review


def test_it_marks_and_announces_an_approved_order(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    said = control.approve(order_id)
    order = sf.get(f"sobjects/Order/{order_id}").json()
    assert (said["status"], order["Status"]) == ("Approved", "Approved")
    assert (order["Activation_Status__c"], order["Provisioning_Status__c"]) == ("Activating", "Pending")
    (event,) = control.truth(order_id)["orders"][0]["events"]
    assert (event["uuid"], event["idem_key"]) == (said["event_uuid"], key)


def test_it_fires_once_and_also_for_an_approval_over_the_api(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    for _ in range(2):
        assert sf.patch(f"sobjects/Order/{order_id}", {"Status": "Approved"}).status_code == 204
    assert len(control.truth(order_id)["orders"][0]["events"]) == 1


def test_it_takes_the_orders_id_for_a_missing_key(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.post("composite/tree/Order", sf.order_tree(key, "SIM-DATA-5", Portal_Idem_Key__c=None)).json()["results"][0]["id"]
    control.approve(order_id)
    assert control.truth(order_id)["orders"][0]["events"][0]["idem_key"] == order_id


def test_it_publishes_nothing_for_an_approval_that_is_rolled_back(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    path = f"/services/data/v63.0/sobjects/Order/{order_id}"
    asked = [
        {"method": "PATCH", "url": path, "referenceId": "approve", "body": {"Status": "Approved"}},
        {"method": "PATCH", "url": path, "referenceId": "fail", "body": {"Status": "Nonsense"}},
    ]
    sf.post("composite", {"allOrNone": True, "compositeRequest": asked})
    (found,) = control.truth(order_id)["orders"]
    assert (found["salesforce"]["Status"], found["events"]) == ("Pending Review", [])


def test_it_rejects_without_an_event(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    assert control.reject(order_id) == {"status": "Rejected", "event_uuid": None}
    assert control.truth(order_id)["orders"][0]["events"] == []
