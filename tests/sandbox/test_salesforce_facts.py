"""What Salesforce documents of its REST API beside the rest of these files: limits of trees, counted calls, the bin, forms of values."""

import re
from typing import Any

import pytest
import requests

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def used(answer: requests.Response) -> int:
    found = re.fullmatch(r"api-usage=(\d+)/\d+", answer.headers["Sforce-Limit-Info"])
    assert found
    return int(found[1])


def branch(levels: int, number: int = 0) -> dict[str, Any]:
    """An Account with a child account with a child account …"""
    own = {"attributes": {"type": "Account", "referenceId": f"a{number}-{levels}"}, "Name": f"level {levels}"}
    return own if levels == 1 else own | {"ChildAccounts": {"records": [branch(levels - 1, number)]}}


def test_a_tree_has_at_most_5_levels_and_200_records(sf: SfRest, free: Control) -> None:
    planted = sf.post("composite/tree/Account", {"records": [branch(5)]})
    assert (planted.status_code, len(planted.json()["results"])) == (201, 5)
    for records in ([branch(6)], [branch(1, number) for number in range(201)], [branch(3, number) for number in range(67)]):
        assert code(sf.post("composite/tree/Account", {"records": records})) == (400, "INVALID_INPUT")


def test_every_answer_tells_the_calls_and_a_composite_is_one(sf: SfRest) -> None:
    ask = {"method": "GET", "url": "/services/data/v63.0/limits"}
    body = {"compositeRequest": [{**ask, "referenceId": f"r{number}"} for number in range(25)]}
    before = used(sf.get("sobjects/Nope"))
    assert [used(sf.post("composite", body)), used(sf.get("query", q="nonsense"))] == [before + 1, before + 2]


def test_an_upsert_may_be_kept_from_creating(sf: SfRest, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    assert code(sf.call("PATCH", path, {"Subject": "a"}, updateOnly="true")) == (404, "NOT_FOUND")
    assert sf.patch(path, {"Subject": "a"}).status_code == 201
    assert sf.call("PATCH", path, {"Subject": "b"}, updateOnly="true").status_code == 200


def test_what_is_deleted_lies_in_the_bin(sf: SfRest, free: Control, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    made = sf.patch(path, {"Subject": key}).json()["id"]
    assert sf.call("DELETE", path).status_code == 204
    assert code(sf.call("DELETE", f"sobjects/Case/{made}")) == (404, "ENTITY_IS_DELETED")
    assert code(sf.patch(f"sobjects/Case/{made}", {"Subject": "x"})) == (404, "ENTITY_IS_DELETED")
    assert code(sf.get(f"sobjects/Case/{made}")) == (404, "NOT_FOUND")
    soql = f"SELECT IsDeleted FROM Case WHERE Subject = '{key}'"
    assert (sf.query(soql), [row["IsDeleted"] for row in sf.get("queryAll", q=soql).json()["records"]]) == ([], [True])
    # its key is free again
    assert sf.patch(path, {"Subject": "again"}).status_code == 201


def test_values_have_the_forms_of_the_api(sf: SfRest, key: str) -> None:
    order = sf.get(f"sobjects/Order/{sf.place(key)}").json()
    assert all(MOMENT.fullmatch(order[name]) for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"))
    assert (order["EffectiveDate"], type(order["TotalAmount"]), order["ContractId"]) == ("2026-11-21", float, None)
    assert {len(order[name]) for name in ("Id", "AccountId", "Pricebook2Id", "OwnerId", "CreatedById")} == {18}
    assert re.fullmatch(r"\d{8}", order["OrderNumber"])


def test_parents_and_children_that_are_not_there_are_null(sf: SfRest) -> None:
    sf.post("sobjects/Case", {"Subject": "alone"})
    assert sf.query("SELECT Account.Name FROM Case WHERE Subject = 'alone'")[0]["Account"] is None
    assert sf.one("SELECT (SELECT Id FROM Cases) FROM Account WHERE SF_Account_No__c = 'SF-1002'")["Cases"] is None


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT Id FROM Case WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Nope FROM Case", "INVALID_FIELD"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ],
)
def test_a_wrong_query_has_a_code_of_its_own(sf: SfRest, soql: str, expected: str) -> None:
    assert code(sf.get("query/", q=soql)) == (400, expected)


def test_a_custom_price_needs_a_standard_one_first(sf: SfRest, free: Control) -> None:
    product = sf.post("sobjects/Product2", {"Name": "Fresh"}).json()["id"]
    books = {row["IsStandard"]: row["Id"] for row in sf.query("SELECT Id, IsStandard FROM Pricebook2")}
    price = {"Product2Id": product, "UnitPrice": 5, "IsActive": True}
    assert code(sf.post("sobjects/PricebookEntry", price | {"Pricebook2Id": books[False]})) == (400, "STANDARD_PRICE_NOT_DEFINED")
    made = [sf.post("sobjects/PricebookEntry", price | {"Pricebook2Id": books[standard]}) for standard in (True, False)]
    assert [each.status_code for each in made] == [201, 201]
    moved = sf.patch(f"sobjects/PricebookEntry/{made[1].json()['id']}", {"Pricebook2Id": books[True]})
    assert code(moved) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert code(sf.call("DELETE", f"sobjects/Pricebook2/{books[True]}")) == (400, "DELETE_FAILED")


def test_an_item_without_a_price_book_entry_is_refused_with_three_errors(sf: SfRest, key: str) -> None:
    item = {"OrderId": sf.place(key), "Quantity": 1, "UnitPrice": 5, "Billing_Cycle__c": "Onetime"}
    answer = sf.post("sobjects/OrderItem", item)
    errors = ["REQUIRED_FIELD_MISSING", "FIELD_INTEGRITY_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION"]
    assert [each["errorCode"] for each in answer.json()] == errors
    assert answer.json()[2]["message"] == "Enter a List Price.: List Price"
