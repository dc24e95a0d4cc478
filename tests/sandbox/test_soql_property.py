"""Any SOQL condition finds what the same condition written in plain Python finds, in the order that Python sorts."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce import schema as org
from sandbox.salesforce import soql
from sandbox.salesforce.ids import new_id

SCHEMA = org.load(Path(__file__).parents[2] / "salesforce")
Row = dict[str, Any]
TEXTS = st.one_of(st.none(), st.text("aAbB%_'\\ \n", min_size=1, max_size=4))
NUMBERS = st.one_of(st.none(), st.integers(-3, 3).map(float))
DAYS = st.one_of(st.none(), st.dates(datetime(2026, 11, 18).date(), datetime(2026, 11, 24).date()).map(str))
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LETTERS = "SELECT FROM WHERE(),='\\.:0123456789%Order Id Name AND NOT IN LIKE null TODAY"
WORDS = """
SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET COUNT ( ) , = != IN LIKE NOT AND OR Id Name Order Account.Name
'a' 1 null TODAY LAST_N_DAYS:3 2026-11-21 FIELDS ALL SUM TotalAmount
"""
ORDER = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
         ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """The same twice: as SOQL writes it and as Python does."""

    soql: str
    holds: Callable[[Row], bool]


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def like(pattern: str, text: str) -> bool:
    """% stands for any characters, _ for one; by hand, so that no regular expression is checked against another."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return like(pattern[1:], text) or (bool(text) and like(pattern, text[1:]))
    return bool(text) and pattern[0] in ("_", text[0]) and like(pattern[1:], text[1:])


def fold(text: str | None) -> str | None:
    # the blank at an end is the org's to strip when it saves; what is stored is compared as it is
    return text.lower() if text else None


@st.composite
def of_text(draw: st.DrawFn) -> Condition:
    wanted = draw(st.lists(TEXTS.filter(bool), min_size=1, max_size=3))
    kind = draw(st.sampled_from(["=", "!=", "IN", "NOT IN", "LIKE", "null"]))
    low = [fold(each) for each in wanted]
    if kind == "null":
        return Condition("Name = null", lambda row: row["Name"] is None)
    if kind == "LIKE":
        pattern = draw(st.text("aB%_", min_size=1, max_size=4))
        return Condition(f"Name LIKE '{pattern}'", lambda row: bool(row["Name"]) and like(pattern.lower(), row["Name"].lower()))
    if kind in ("IN", "NOT IN"):
        members = ", ".join(quoted(each) for each in wanted)
        return Condition(f"Name {kind} ({members})", lambda row: (fold(row["Name"]) in low) == (kind == "IN"))
    return Condition(f"Name {kind} {quoted(wanted[0])}", lambda row: (fold(row["Name"]) == low[0]) == (kind == "="))


@st.composite
def of_order(draw: st.DrawFn) -> Condition:
    """A number or a day: nothing is smaller or greater than null."""
    sign = draw(st.sampled_from(sorted(ORDER)))
    field, wanted = draw(st.one_of(st.tuples(st.just("Attempt_Count__c"), NUMBERS), st.tuples(st.just("EffectiveDate"), DAYS)))
    if wanted is None:
        sign = "=" if sign in ("=", "<", "<=") else "!="
    shown = "null" if wanted is None else f"{wanted:g}" if isinstance(wanted, float) else wanted

    def holds(row: Row) -> bool:
        if row[field] is None or wanted is None:
            return sign in ("=", "!=") and ORDER[sign](row[field], wanted)
        return ORDER[sign](row[field], wanted)

    return Condition(f"{field} {sign} {shown}", holds)


def joined(word: str, parts: list[Condition]) -> Condition:
    every = all if word == "AND" else any
    return Condition(f" {word} ".join(f"({each.soql})" for each in parts), lambda row: every(each.holds(row) for each in parts))


def conditions() -> st.SearchStrategy[Condition]:
    def wider(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=2, max_size=3)
        negated = inner.map(lambda each: Condition(f"NOT ({each.soql})", lambda row: not each.holds(row)))
        return st.one_of(negated, st.builds(joined, st.sampled_from(["AND", "OR"]), several))

    return st.recursive(st.one_of(of_text(), of_order()), wider, max_leaves=6)


ROWS = st.lists(st.fixed_dictionaries({"Name": TEXTS, "Attempt_Count__c": NUMBERS, "EffectiveDate": DAYS}), max_size=12)


def stored(rows: list[Row]) -> list[Row]:
    return [{**row, "Id": new_id("Order", number)} for number, row in enumerate(rows, 1)]


@settings(max_examples=120, deadline=None)
@given(rows=ROWS.map(stored), condition=conditions())
def test_it_finds_what_python_finds(rows: list[Row], condition: Condition) -> None:
    found = soql.run(f"SELECT Id FROM Order WHERE {condition.soql}", SCHEMA, lambda name: rows, now=NOW)
    assert [row["Id"] for row in found.records] == [row["Id"] for row in rows if condition.holds(row)]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS.map(stored), down=st.booleans(), last=st.booleans(), limit=st.integers(0, 14), offset=st.integers(0, 14))
def test_it_sorts_and_cuts_as_python_does(rows: list[Row], down: bool, last: bool, limit: int, offset: int) -> None:
    order = f"Attempt_Count__c {'DESC' if down else 'ASC'} NULLS {'LAST' if last else 'FIRST'}"
    found = soql.run(f"SELECT Id FROM Order ORDER BY {order}, Id LIMIT {limit} OFFSET {offset}", SCHEMA, lambda name: rows, now=NOW)
    full = sorted((row for row in rows if row["Attempt_Count__c"] is not None), key=lambda row: row["Attempt_Count__c"], reverse=down)
    nulls = [row for row in rows if row["Attempt_Count__c"] is None]
    wanted = [*full, *nulls] if last else [*nulls, *full]
    assert [row["Id"] for row in found.records] == [row["Id"] for row in wanted[offset : offset + limit]]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS.map(stored))
def test_it_groups_as_python_does(rows: list[Row]) -> None:
    query = "SELECT EffectiveDate day, COUNT(Id) many, SUM(Attempt_Count__c) total FROM Order GROUP BY EffectiveDate"
    found = {row["day"]: (row["many"], row["total"]) for row in soql.run(query, SCHEMA, lambda name: rows, now=NOW).records}
    for day in {row["EffectiveDate"] for row in rows}:
        counts = [row["Attempt_Count__c"] for row in rows if row["EffectiveDate"] == day]
        held = [each for each in counts if each is not None]
        assert found.pop(day) == (len(counts), sum(held) if held else None)
    assert found == {}


@settings(max_examples=120, deadline=None)
@given(query=st.one_of(st.text(LETTERS, max_size=120), st.lists(st.sampled_from(WORDS.split()), max_size=16).map(" ".join)))
def test_it_answers_or_refuses_whatever_is_asked(query: str) -> None:
    with contextlib.suppress(soql.SoqlError):
        found = soql.run(query, SCHEMA, lambda name: [], now=NOW)
        assert found.total == len(found.records) or found.records == []
