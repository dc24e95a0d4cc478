"""SOQL's aggregates and groups, FIELDS(), names for spans of days, and what it refuses there."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.salesforce import schema as org
from sandbox.salesforce import soql
from sandbox.salesforce.ids import new_id
from sandbox.salesforce.soql.dates import days

SCHEMA = org.load(Path(__file__).parents[2] / "salesforce")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)  # a Saturday
ACCOUNTS = [new_id("Account", number) for number in (1, 2)]


def order(number: int, account: int, status: str, total: float | None) -> dict[str, Any]:
    return {"Id": new_id("Order", number), "AccountId": ACCOUNTS[account], "Status": status, "TotalAmount": total}


ROWS = {
    "Account": [{"Id": ACCOUNTS[0], "Name": "Aiko"}, {"Id": ACCOUNTS[1], "Name": "Ben"}],
    "Order": [order(1, 0, "Draft", 100.0), order(2, 0, "Draft", 300.0), order(3, 1, "Draft", None), order(4, 1, "Approved", 50.0)],
}


def ask(query: str) -> list[dict[str, Any]]:
    found = soql.run(query, SCHEMA, lambda name: ROWS.get(name, []), now=NOW)
    assert found.total == len(found.records)
    return [{name: value for name, value in row.items() if name != "attributes"} for row in found.records]


def test_it_counts_and_sums_without_groups() -> None:
    query = "SELECT COUNT(Id), COUNT(TotalAmount) known, SUM(TotalAmount), AVG(TotalAmount) mean, MIN(TotalAmount), MAX(Status) FROM Order"
    assert ask(query) == [{"expr0": 4, "known": 3, "expr1": 450.0, "mean": 150.0, "expr2": 50.0, "expr3": "Draft"}]
    assert ask("SELECT COUNT(Id), SUM(TotalAmount) FROM Order WHERE Status = 'Rejected'") == [{"expr0": 0, "expr1": None}]
    assert ask("SELECT COUNT_DISTINCT(AccountId) FROM Order") == [{"expr0": 2}]


def test_it_groups_filters_groups_and_orders_them() -> None:
    query = "SELECT Status, COUNT(Id) many FROM Order GROUP BY Status ORDER BY COUNT(Id) DESC"
    assert ask(query) == [{"Status": "Draft", "many": 3}, {"Status": "Approved", "many": 1}]
    parents = (
        "SELECT Account.Name who, SUM(TotalAmount) FROM Order GROUP BY Account.Name HAVING SUM(TotalAmount) > 60 ORDER BY Account.Name"
    )
    assert ask(parents) == [{"who": "Aiko", "expr0": 400.0}]
    assert ask("SELECT Status FROM Order GROUP BY Status ORDER BY Status LIMIT 1") == [{"Status": "Approved"}]


def test_it_names_groups_as_the_api_does() -> None:
    record = soql.run("SELECT Status FROM Order GROUP BY Status", SCHEMA, lambda name: ROWS.get(name, [])).records[0]
    assert record["attributes"] == {"type": "AggregateResult"}


def test_it_spreads_fields() -> None:
    custom = {name for name, field in SCHEMA.objects["Order"].fields.items() if field.custom}
    assert set(ask("SELECT FIELDS(CUSTOM) FROM Order LIMIT 1")[0]) == custom
    assert set(ask("SELECT FIELDS(STANDARD) FROM Order")[0]) | custom == set(ask("SELECT FIELDS(ALL) FROM Order LIMIT 200")[0])


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
    (f"SELECT Id FROM Order WHERE {'(' * 5000}Name = 'a'{')' * 5000}", "QUERY_TOO_COMPLICATED", "nested too deep"),
    (f"SELECT Id FROM Order WHERE {'NOT ' * 5000}Name = 'a'", "QUERY_TOO_COMPLICATED", "nested too deep"),
])  # fmt: skip
def test_it_refuses_with_code_and_place(query: str, code: str, words: str) -> None:
    with pytest.raises(soql.SoqlError) as caught:
        ask(query)
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize(("name", "first", "beyond"), [
    ("TODAY", (2026, 11, 21), (2026, 11, 22)), ("TOMORROW", (2026, 11, 22), (2026, 11, 23)),
    ("LAST_N_DAYS:2", (2026, 11, 19), (2026, 11, 22)), ("NEXT_N_DAYS:2", (2026, 11, 22), (2026, 11, 24)),
    ("N_DAYS_AGO:3", (2026, 11, 18), (2026, 11, 19)), ("THIS_WEEK", (2026, 11, 15), (2026, 11, 22)),
    ("LAST_N_WEEKS:2", (2026, 11, 1), (2026, 11, 15)), ("N_WEEKS_AGO:1", (2026, 11, 8), (2026, 11, 15)),
    ("NEXT_MONTH", (2026, 12, 1), (2027, 1, 1)), ("LAST_N_MONTHS:11", (2025, 12, 1), (2026, 11, 1)),
    ("THIS_QUARTER", (2026, 10, 1), (2027, 1, 1)), ("LAST_QUARTER", (2026, 7, 1), (2026, 10, 1)),
    ("NEXT_N_QUARTERS:2", (2027, 1, 1), (2027, 7, 1)), ("THIS_FISCAL_YEAR", (2026, 1, 1), (2027, 1, 1)),
    ("LAST_N_YEARS:2", (2024, 1, 1), (2026, 1, 1)), ("LAST_90_DAYS", (2026, 8, 23), (2026, 11, 22)),
])  # fmt: skip
def test_it_knows_spans_of_days_by_name(name: str, first: tuple[int, int, int], beyond: tuple[int, int, int]) -> None:
    assert days(name, NOW.date()) == (date(*first), date(*beyond))
