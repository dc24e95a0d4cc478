"""SOQL over a small org: what it selects, how it words records, what it refuses."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.salesforce import schema as org
from sandbox.salesforce import soql
from sandbox.salesforce.ids import new_id

SCHEMA = org.load(Path(__file__).parents[2] / "salesforce")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ACCOUNT, PRODUCT, BOOK, ENTRY = (new_id(kind, 1) for kind in ("Account", "Product2", "Pricebook2", "PricebookEntry"))
ORDERS = [new_id("Order", number) for number in (1, 2, 3, 4)]


def order(number: int, status: str, changed: str, **more: object) -> dict[str, object]:
    held = {"Id": ORDERS[number], "AccountId": ACCOUNT, "Status": status, "LastModifiedDate": changed, "EffectiveDate": changed[:10]}
    return {**held, **more}


ROWS = {
    "Account": [{"Id": ACCOUNT, "Name": "Aiko Tanaka", "SF_Account_No__c": "SF-1001", "SIM_Eligible__c": True}],
    "Product2": [{"Id": PRODUCT, "Name": "eSIM 5 GB", "ProductCode": "SIM-DATA-5"}],
    "PricebookEntry": [{"Id": ENTRY, "Product2Id": PRODUCT, "Pricebook2Id": BOOK, "UnitPrice": 1280.0, "IsActive": True}],
    "Order": [
        order(0, "Approved", "2026-11-21T09:00:00.000+0000", Portal_Idem_Key__c="Key-a", Attempt_Count__c=2.0),
        order(1, "Draft", "2026-11-20T09:00:00.000+0000", Portal_Idem_Key__c="key-A", Name="It's 100%"),
        order(2, "Rejected", "2026-10-02T09:00:00.000+0000", Attempt_Count__c=10.0, Name="it_2"),
        order(3, "Draft", "2025-12-31T23:59:59.000+0000", Name="Other\\Name"),
    ],
    "OrderItem": [
        {"Id": new_id("OrderItem", 2), "OrderId": ORDERS[0], "PricebookEntryId": ENTRY, "Quantity": 1.0, "UnitPrice": 1280.0},
        {"Id": new_id("OrderItem", 1), "OrderId": ORDERS[0], "PricebookEntryId": ENTRY, "Quantity": 2.0, "UnitPrice": 400.0},
    ],
}


def ask(query: str) -> soql.Result:
    return soql.run(query, SCHEMA, lambda name: ROWS.get(name, []), now=NOW)


def numbers(where: str) -> list[int]:
    return [ORDERS.index(record["Id"]) for record in ask(f"SELECT Id FROM Order WHERE {where}").records]


def refusal(query: str) -> soql.SoqlError:
    with pytest.raises(soql.SoqlError) as caught:
        ask(query)
    return caught.value


@pytest.mark.parametrize(("where", "expected"), [
    (f"Id = '{ORDERS[0]}'", [0]),
    (f"Id = '{ORDERS[0][:15]}'", [0]),
    (f"Id IN ('{ORDERS[2]}', '{ORDERS[0][:15]}', '{ORDERS[0]}')", [2, 0]),
    (f"Id NOT IN ('{ORDERS[2]}')", [0, 1, 3]),
    (f"AccountId = '{ACCOUNT}' AND Status = 'approved'", [0]),
    ("Portal_Idem_Key__c = 'Key-a'", [0]),
    ("Portal_Idem_Key__c = 'KEY-A'", []),
    ("Portal_Idem_Key__c = null", [2, 3]),
    ("Portal_Idem_Key__c != 'Key-a'", [1, 2, 3]),
    ("Status IN ('Draft', 'Rejected') AND NOT Name = 'it_2'", [1, 3]),
    ("(Status = 'Draft' AND Name LIKE 'it%') OR Status = 'Approved'", [0, 1]),
    ("Name LIKE 'it\\_%'", [2]),
    ("Name LIKE '%100\\%'", [1]),
    ("Name = 'It\\'s 100%'", [1]),
    ("Name = 'other\\\\name'", [3]),
    ("Attempt_Count__c >= 2 AND Attempt_Count__c < 10", [0]),
    ("Attempt_Count__c > 1.5", [0, 2]),
    ("LastModifiedDate < 2026-11-21T08:59:00Z", [1, 2, 3]),
    ("LastModifiedDate < 2026-11-21T18:00:00.000+09:00 AND LastModifiedDate > 2026-11-01T00:00:00+0000", [1]),
    ("LastModifiedDate = TODAY", [0]),
    ("LastModifiedDate >= YESTERDAY", [0, 1]),
    ("LastModifiedDate = LAST_N_DAYS:60", [0, 1, 2]),
    ("EffectiveDate = LAST_MONTH", [2]),
    ("EffectiveDate < THIS_YEAR", [3]),
    ("EffectiveDate = 2026-11-20", [1]),
    ("Account.SF_Account_No__c = 'sf-1001' AND Account.SIM_Eligible__c = true AND Status = 'Draft'", [1, 3]),
    ("Order.Account.Name = 'nobody'", []),
    ("Id IN (SELECT OrderId FROM OrderItem WHERE Quantity > 1)", [0]),
    ("Id NOT IN (SELECT OrderId FROM OrderItem) AND Status = 'Rejected'", [2]),
])  # fmt: skip
def test_it_finds_the_rows(where: str, expected: list[int]) -> None:
    assert numbers(where) == expected


def test_it_words_records_in_the_order_of_the_select() -> None:
    query = (
        "select Status, Account.Name, "
        "(SELECT Quantity, PricebookEntry.Product2.Name, PricebookEntry.UnitPrice FROM OrderItems ORDER BY Id), "
        f"portal_case_number__c from Order where Id = '{ORDERS[0]}'"
    )
    record = ask(query).records[0]
    assert list(record) == ["attributes", "Status", "Account", "OrderItems", "Portal_Case_Number__c"]
    assert record["attributes"] == {"type": "Order", "url": f"/services/data/v67.0/sobjects/Order/{ORDERS[0]}"}
    assert record["Account"]["attributes"]["type"] == "Account"
    assert record["Portal_Case_Number__c"] is None
    lines = record["OrderItems"]
    assert (lines["totalSize"], lines["done"]) == (2, True)
    assert [line["Quantity"] for line in lines["records"]] == [2.0, 1.0]
    entry = lines["records"][0]["PricebookEntry"]
    assert entry["Product2"]["Name"] == "eSIM 5 GB"
    assert entry["UnitPrice"] == 1280.0


def test_it_answers_null_for_an_absent_parent_and_for_no_children() -> None:
    record = ask(f"SELECT Pricebook2.Name, (SELECT Id FROM OrderItems) FROM Order o WHERE o.Id = '{ORDERS[1]}'").records[0]
    assert record["Pricebook2"] is None
    assert record["OrderItems"] is None


def test_it_orders_limits_and_counts() -> None:
    assert numbers("Id != null ORDER BY Attempt_Count__c DESC NULLS LAST, LastModifiedDate") == [2, 0, 3, 1]
    assert numbers("Id != null ORDER BY Attempt_Count__c, Id DESC LIMIT 2 OFFSET 1") == [1, 0]
    counted = ask("SELECT COUNT() FROM Order WHERE Status = 'Draft'")
    assert (counted.total, counted.records) == (2, [])
    assert ask("SELECT COUNT() FROM Order LIMIT 3").total == 3


@pytest.mark.parametrize(("query", "code", "words"), [
    ("SELECT Id, Nope__c FROM Order", "INVALID_FIELD", "ERROR at Row:1:Column:12\nNo such column 'Nope__c' on entity 'Order'."),
    ("SELECT Id FROM Orders", "INVALID_TYPE", "sObject type 'Orders' is not supported."),
    ("SELECT Id, (SELECT Id FROM Items) FROM Order", "INVALID_TYPE", "Didn't understand relationship 'Items'"),
    ("SELECT Nobody.Name FROM Order", "INVALID_FIELD", "Didn't understand relationship 'Nobody'"),
    ("SELECT Id, Id FROM Order", "INVALID_FIELD", "duplicate field selected: Id"),
    ("SELECT Id FROM Order WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
    ("SELECT Id FROM Order WHERE Status = 'a' OR Status = 'b' AND Name = 'c'", "MALFORMED_QUERY", "unexpected token: 'AND'"),
    ("SELECT Id FROM Order WHERE Status = Draft", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
    ("SELECT Id FROM Order WHERE Attempt_Count__c = '2'", "INVALID_FIELD", "must be of type double and should not be enclosed in quotes"),
    ("SELECT Id FROM Order WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
    ("SELECT Id FROM Order WHERE Description = 'a'", "INVALID_FIELD", "can not be filtered"),
    ("SELECT Id FROM Order WHERE LastModifiedDate > SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
    ("SELECT Id FROM Order WHERE LastModifiedDate > 2026-13-41T00:00:00Z", "MALFORMED_QUERY", "invalid datetime literal"),
    ("SELECT Id FROM Order WHERE Name = 'a\\q'", "MALFORMED_QUERY", "Illegal character sequence"),
    ("SELECT Id FROM Order WHERE Name = 'open", "MALFORMED_QUERY", "no viable alternative"),
    ("SELECT Id FROM Order LIMIT 5 GROUP BY Id", "MALFORMED_QUERY", "unexpected token: 'GROUP'"),
    ("SELECT Id FROM Order LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
    ("SELECT Id FROM Order OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ("SELECT FROM Order", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
    ("DELETE Order", "MALFORMED_QUERY", "unexpected token: 'DELETE'"),
    ("", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
])  # fmt: skip
def test_it_refuses_with_code_and_place(query: str, code: str, words: str) -> None:
    error = refusal(query)
    assert error.code == code
    assert words in error.message


def test_it_asks_the_narrowest_index_and_scans_nothing() -> None:
    asked: list[tuple[str, str, object]] = []

    def find(name: str, field: str, value: object) -> list[dict[str, object]]:
        asked.append((name, field, value))
        return [row for row in ROWS[name] if row.get(field) == value]

    def scan(name: str) -> list[dict[str, object]]:
        raise AssertionError(f"{name} was scanned")

    soql.run(f"SELECT Id FROM Order WHERE Status = 'DRAFT' AND Id = '{ORDERS[1][:15]}'", SCHEMA, scan, find)
    soql.run("SELECT Id, (SELECT Id FROM OrderItems) FROM Order WHERE Portal_Idem_Key__c = 'Key-a'", SCHEMA, scan, find)
    soql.run("SELECT Id FROM Order WHERE activation_status__c = 'ACTIVATING' AND LastModifiedDate < TODAY", SCHEMA, scan, find)
    assert asked == [
        ("Order", "Id", ORDERS[1]),
        ("Order", "Portal_Idem_Key__c", "Key-a"),
        ("OrderItem", "OrderId", ORDERS[0]),
        ("Order", "Activation_Status__c", "Activating"),
    ]
