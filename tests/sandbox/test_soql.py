"""SOQL over a small org: what it selects, how it words records, what it refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.soql_desk import Desk
from tests.support.sandbox import Running
from tests.support.sf_rest import VERSION

# all of it and of the year before are still to come: the clock of the sandbox goes forward only
YEAR = datetime.now(UTC).year + 2
NOW = (YEAR, 11, 21, 10, 0)
# when each order was changed last, and what it has since; made in the order of the numbers, changed in the order of the days
ORDERS: dict[int, tuple[tuple[int, ...], dict[str, Any]]] = {
    3: ((YEAR - 1, 12, 31, 23, 50), {"Name": "Other\\Name"}),
    2: ((YEAR, 10, 2, 9, 0), {"Status": "Rejected", "Attempt_Count__c": 10, "Name": "it_2"}),
    1: ((YEAR, 11, 20, 9, 0), {"Portal_Idem_Key__c": "key-A", "Name": "It's 100%"}),
    0: ((YEAR, 11, 21, 9, 0), {"Status": "Approved", "Portal_Idem_Key__c": "Key-a", "Attempt_Count__c": 2}),
}  # fmt: skip


class World(Desk):
    """Four orders of one account, two lines of the first. In queries {0} to {3} are the orders' ids, {0:.15} is a short one."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.account, self.entry = self.sf.account_id(), self.sf.price("SIM-DATA-5")
        self.made = self.orders([{"Pricebook2Id": self.entry["Pricebook2Id"]}, {}, {}, {}])
        line = {"OrderId": self.made[0], "PricebookEntryId": self.entry["Id"]}
        self.create("OrderItem", [{**line, "Quantity": 1, "UnitPrice": 1280}, {**line, "Quantity": 2, "UnitPrice": 400}])
        for number, (moment, fields) in ORDERS.items():
            self.set_clock(*moment)
            day = str(datetime(*moment, tzinfo=UTC).date())
            self.change("Order", self.made[number], EffectiveDate=day, **fields)
        self.set_clock(*NOW)

    def named(self, query: str) -> str:
        return query.format(*self.made, account=self.account)

    def numbers(self, where: str) -> list[int]:
        return [self.made.index(found) for found in self.ids(self.named(f"SELECT Id FROM Order WHERE {where}"))]


@pytest.fixture(scope="module")
def world(sandbox: Running) -> World:
    return World(sandbox)


@pytest.mark.parametrize(("where", "expected"), [
    ("Id = '{0}'", [0]),
    ("Id = '{0:.15}'", [0]),
    ("Id IN ('{2}', '{0:.15}', '{0}')", [2, 0]),
    ("Id NOT IN ('{2}')", [0, 1, 3]),
    ("AccountId = '{account}' AND Status = 'approved'", [0]),
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
    (f"LastModifiedDate < {YEAR}-11-21T08:59:00Z", [1, 2, 3]),
    (f"LastModifiedDate < {YEAR}-11-21T18:00:00.000+09:00 AND LastModifiedDate > {YEAR}-11-01T00:00:00+0000", [1]),
    ("LastModifiedDate = TODAY", [0]),
    ("LastModifiedDate >= YESTERDAY", [0, 1]),
    ("LastModifiedDate = LAST_N_DAYS:60", [0, 1, 2]),
    ("EffectiveDate = LAST_MONTH", [2]),
    ("EffectiveDate < THIS_YEAR", [3]),
    (f"EffectiveDate = {YEAR}-11-20", [1]),
    ("Account.SF_Account_No__c = 'sf-1001' AND Account.SIM_Eligible__c = true AND Status = 'Draft'", [1, 3]),
    ("Order.Account.Name = 'nobody'", []),
    ("Id IN (SELECT OrderId FROM OrderItem WHERE Quantity > 1)", [0]),
    ("Id NOT IN (SELECT OrderId FROM OrderItem) AND Status = 'Rejected'", [2]),
])  # fmt: skip
def test_it_finds_the_rows(world: World, where: str, expected: list[int]) -> None:
    assert world.numbers(where) == expected


def test_it_words_records_in_the_order_of_the_select(world: World) -> None:
    query = (
        "select Status, Account.Name, "
        "(SELECT Quantity, PricebookEntry.Product2.Name, PricebookEntry.UnitPrice FROM OrderItems ORDER BY Id DESC), "
        "portal_case_number__c from Order where Id = '{0}'"
    )
    (record,) = world.ask(world.named(query))["records"]
    assert list(record) == ["attributes", "Status", "Account", "OrderItems", "Portal_Case_Number__c"]
    assert record["attributes"] == {"type": "Order", "url": f"{VERSION}/sobjects/Order/{world.made[0]}"}
    assert (record["Account"]["attributes"]["type"], record["Account"]["Name"]) == ("Account", "Aiko Tanaka")
    assert record["Portal_Case_Number__c"] is None
    lines = record["OrderItems"]
    assert (lines["totalSize"], lines["done"]) == (2, True)
    assert [line["Quantity"] for line in lines["records"]] == [2.0, 1.0]
    entry = lines["records"][0]["PricebookEntry"]
    assert entry["Product2"]["Name"] == "eSIM 5 GB"
    assert entry["UnitPrice"] == 1280.0


def test_it_answers_null_for_an_absent_parent_and_for_no_children(world: World) -> None:
    query = "SELECT Pricebook2.Name, (SELECT Id FROM OrderItems) FROM Order o WHERE o.Id = '{1}'"
    assert world.rows(world.named(query)) == [{"Pricebook2": None, "OrderItems": None}]


def test_it_orders_limits_and_counts(world: World) -> None:
    assert world.numbers("Id != null ORDER BY Attempt_Count__c DESC NULLS LAST, LastModifiedDate") == [2, 0, 3, 1]
    assert world.numbers("Id != null ORDER BY Attempt_Count__c, Id DESC LIMIT 2 OFFSET 1") == [1, 0]
    counted = world.ask("SELECT COUNT() FROM Order WHERE Status = 'Draft'")
    assert (counted["totalSize"], counted["records"]) == (2, [])
    assert world.ask("SELECT COUNT() FROM Order LIMIT 3")["totalSize"] == 3


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
    (" ", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("", "MALFORMED_QUERY", "A query string has to be specified"),
])  # fmt: skip
def test_it_refuses_with_code_and_place(world: World, query: str, code: str, words: str) -> None:
    told, message = world.refusal(query)
    assert told == code
    assert words in message
