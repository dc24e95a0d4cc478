"""SOQL's aggregates and groups, FIELDS(), and what it refuses there and in queries without end."""

import pytest

from tests.sandbox.soql_desk import Desk
from tests.support.sandbox import Running

COUNTS = [(0, "Draft", 100), (0, "Draft", 300), (1, "Draft", None), (1, "Approved", 50)]


class World(Desk):
    """Two orders of Aiko's and two of Sara's."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        owners = [self.sf.account_id(number) for number in ("SF-1001", "SF-1002")]
        self.orders([{"AccountId": owners[who], "Status": status, "Attempt_Count__c": count} for who, status, count in COUNTS])

    def has(self, name: str) -> set[str]:
        """Names of the fields of orders for which this property is true."""
        described = self.sf.get("sobjects/Order/describe").json()["fields"]
        return {field["name"] for field in described if field[name]}


@pytest.fixture(scope="module")
def world(sandbox: Running) -> World:
    return World(sandbox)


def test_it_counts_and_sums_without_groups(world: World) -> None:
    query = (
        "SELECT COUNT(Id), COUNT(Attempt_Count__c) known, SUM(Attempt_Count__c), AVG(Attempt_Count__c) mean, MIN(Attempt_Count__c), "
        "MAX(Status) FROM Order"
    )
    assert world.rows(query) == [{"expr0": 4, "known": 3, "expr1": 450.0, "mean": 150.0, "expr2": 50.0, "expr3": "Draft"}]
    assert world.rows("SELECT COUNT(Id), SUM(TotalAmount) FROM Order WHERE Status = 'Rejected'") == [{"expr0": 0, "expr1": None}]
    assert world.rows("SELECT COUNT_DISTINCT(AccountId) FROM Order") == [{"expr0": 2}]


def test_it_sums_money(world: World) -> None:
    listed = [row["UnitPrice"] for row in world.rows("SELECT UnitPrice FROM PricebookEntry WHERE Pricebook2.Name = 'Portal'")]
    told = world.rows("SELECT SUM(UnitPrice), MIN(UnitPrice), MAX(UnitPrice) FROM PricebookEntry WHERE Pricebook2.Name = 'Portal'")
    assert told == [{"expr0": sum(listed), "expr1": min(listed), "expr2": max(listed)}]
    assert len(set(listed)) > 10


def test_it_groups_filters_groups_and_orders_them(world: World) -> None:
    query = "SELECT Status, COUNT(Id) many FROM Order GROUP BY Status ORDER BY COUNT(Id) DESC"
    assert world.rows(query) == [{"Status": "Draft", "many": 3}, {"Status": "Approved", "many": 1}]
    parents = (
        "SELECT Account.Name who, SUM(Attempt_Count__c) FROM Order GROUP BY Account.Name HAVING SUM(Attempt_Count__c) > 60 "
        "ORDER BY Account.Name"
    )
    assert world.rows(parents) == [{"who": "Aiko Tanaka", "expr0": 400.0}]
    assert world.rows("SELECT Status FROM Order GROUP BY Status ORDER BY Status LIMIT 1") == [{"Status": "Approved"}]


def test_it_names_groups_as_the_api_does(world: World) -> None:
    record = world.ask("SELECT Status FROM Order GROUP BY Status")["records"][0]
    assert record["attributes"] == {"type": "AggregateResult"}


def test_it_spreads_fields(world: World) -> None:
    custom, every = world.has("custom"), world.has("name")
    assert set(world.rows("SELECT FIELDS(CUSTOM) FROM Order LIMIT 1")[0]) == custom
    assert set(world.rows("SELECT FIELDS(STANDARD) FROM Order")[0]) == every - custom
    assert set(world.rows("SELECT FIELDS(ALL) FROM Order LIMIT 200")[0]) == every
    assert len(custom) > 5


@pytest.mark.parametrize(("query", "code", "words"), [
    ("SELECT Name, COUNT(Id) FROM Order", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
    ("SELECT Id FROM Order WHERE COUNT(Id) > 1", "MALFORMED_QUERY", "aggregates cannot be filtered"),
    ("SELECT SUM(Status) FROM Order", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
    ("SELECT COUNT(Id) a, COUNT(Name) a FROM Order", "MALFORMED_QUERY", "duplicate alias: a"),
    ("SELECT Name other FROM Order", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
    ("SELECT FIELDS(ALL) FROM Order", "MALFORMED_QUERY", "LIMIT of at most 200"),
    ("SELECT FIELDS(SOME) FROM Order LIMIT 1", "MALFORMED_QUERY", "unexpected token: 'SOME'"),
    ("SELECT NOPE(Id) FROM Order", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT Description, COUNT(Id) FROM Order GROUP BY Description", "INVALID_FIELD", "can not be grouped"),
    ("SELECT (SELECT COUNT() FROM OrderItems) FROM Order", "MALFORMED_QUERY", "aggregates are not allowed"),
    ("SELECT Id FROM Order WHERE LastModifiedDate = LAST_N_DAYS:99999999999", "INVALID_FIELD", "out of range"),
    ("SELECT Id FROM Order WHERE LastModifiedDate = N_YEARS_AGO:9999", "INVALID_FIELD", "out of range"),
])  # fmt: skip
def test_it_refuses_with_code_and_place(world: World, query: str, code: str, words: str) -> None:
    told, message = world.refusal(query)
    assert told == code
    assert words in message


@pytest.mark.parametrize("brackets", [("(", ")"), ("NOT ", "")])
def test_it_refuses_what_is_nested_too_deep(world: World, brackets: tuple[str, str]) -> None:
    before, after = brackets
    for depth, refusal in ((1_000, world.refusal), (5_000, world.refusal_of_a_long_one)):
        code, message = refusal(f"SELECT Id FROM Order WHERE {before * depth}Name = 'a'{after * depth}")
        assert code == "QUERY_TOO_COMPLICATED"
        assert "nested too deep" in message
