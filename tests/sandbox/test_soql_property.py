"""Any SOQL condition finds what the same condition written in plain Python finds, in the order that Python sorts."""

import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.soql_desk import CODES, Desk
from tests.support.sandbox import Running

Row = dict[str, Any]
FIELDS = "Id, Name, Attempt_Count__c, EndDate"
LETTERS_OF_NAMES, FIRST_DAY, MANY = "aAbB%_'\\ \n", date(2026, 11, 18), 40
TEXTS = st.one_of(st.none(), st.text(LETTERS_OF_NAMES, min_size=1, max_size=4))
NUMBERS = st.one_of(st.none(), st.integers(-3, 3).map(float))
DAYS = st.one_of(st.none(), st.dates(FIRST_DAY, FIRST_DAY + timedelta(6)).map(str))
LETTERS = "SELECT FROM WHERE(),='\\.:0123456789%Order Id Name AND NOT IN LIKE null TODAY"
WORDS = """
SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET COUNT ( ) , = != IN LIKE NOT AND OR Id Name Order Account.Name
'a' 1 null TODAY LAST_N_DAYS:3 2026-11-21 FIELDS ALL SUM TotalAmount
"""
SIGNS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}  # fmt: skip


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
    sign = draw(st.sampled_from(sorted(SIGNS)))
    field, wanted = draw(st.one_of(st.tuples(st.just("Attempt_Count__c"), NUMBERS), st.tuples(st.just("EndDate"), DAYS)))
    if wanted is None:
        sign = "=" if sign in ("=", "<", "<=") else "!="
    shown = "null" if wanted is None else f"{wanted:g}" if isinstance(wanted, float) else wanted

    def holds(row: Row) -> bool:
        if row[field] is None or wanted is None:
            return sign in ("=", "!=") and SIGNS[sign](row[field], wanted)
        return SIGNS[sign](row[field], wanted)

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


class Pool(Desk):
    """Forty orders, no two drawn alike by intent; `held` is what the org keeps of them, read once without any condition."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.orders([drawn(random.Random(number)) for number in range(MANY)])
        self.held = self.rows(f"SELECT {FIELDS} FROM Order")


def drawn(dice: random.Random) -> Row:
    """One order in four has no name, no number, no day; names may begin and end with blanks, which no org keeps."""
    name = "".join(dice.choices(LETTERS_OF_NAMES, k=dice.randint(1, 4)))
    day = str(FIRST_DAY + timedelta(dice.randrange(7)))
    fields = {"Name": name, "Attempt_Count__c": dice.randint(-3, 3), "EndDate": day}
    return {field: None if dice.random() < 0.25 else value for field, value in fields.items()}


@pytest.fixture(scope="module")
def pool(sandbox: Running) -> Pool:
    return Pool(sandbox)


def test_its_pool_is_diverse(pool: Pool) -> None:
    assert len(pool.held) == MANY
    for field, kinds in (("Name", 20), ("Attempt_Count__c", 8), ("EndDate", 8)):
        values = {row[field] for row in pool.held}
        assert None in values
        assert len(values) >= kinds
    names = [row["Name"] for row in pool.held if row["Name"]]
    assert all(any(letter in name for name in names) for letter in LETTERS_OF_NAMES)
    assert len({name.lower() for name in names}) < len(names)


@settings(max_examples=120, deadline=None)
@given(condition=conditions())
def test_it_finds_what_python_finds(pool: Pool, condition: Condition) -> None:
    wanted = [row["Id"] for row in pool.held if condition.holds(row)]
    assert pool.ids(f"SELECT Id FROM Order WHERE {condition.soql}") == wanted


@settings(max_examples=60, deadline=None)
@given(condition=conditions())
def test_it_counts_what_python_counts(pool: Pool, condition: Condition) -> None:
    counted = pool.ask(f"SELECT COUNT() FROM Order WHERE {condition.soql}")
    assert (counted["totalSize"], counted["records"]) == (sum(map(condition.holds, pool.held)), [])


@settings(max_examples=60, deadline=None)
@given(condition=conditions(), down=st.booleans(), last=st.booleans(), limit=st.integers(0, MANY + 2), offset=st.integers(0, MANY + 2))
def test_it_sorts_and_cuts_as_python_does(pool: Pool, condition: Condition, down: bool, last: bool, limit: int, offset: int) -> None:
    order = f"Attempt_Count__c {'DESC' if down else 'ASC'} NULLS {'LAST' if last else 'FIRST'}"
    for where, rows in (("", pool.held), (f"WHERE {condition.soql} ", list(filter(condition.holds, pool.held)))):
        full = sorted((row for row in rows if row["Attempt_Count__c"] is not None), key=lambda row: row["Attempt_Count__c"], reverse=down)
        nulls = [row for row in rows if row["Attempt_Count__c"] is None]
        wanted = [*full, *nulls] if last else [*nulls, *full]
        found = pool.ids(f"SELECT Id FROM Order {where}ORDER BY {order}, Id LIMIT {limit} OFFSET {offset}")
        assert found == [row["Id"] for row in wanted[offset : offset + limit]]


@settings(max_examples=60, deadline=None)
@given(condition=conditions())
def test_it_groups_as_python_does(pool: Pool, condition: Condition) -> None:
    rows = list(filter(condition.holds, pool.held))
    query = f"SELECT EndDate day, COUNT(Id) many, SUM(Attempt_Count__c) total FROM Order WHERE {condition.soql} GROUP BY EndDate"
    found = {row["day"]: (row["many"], row["total"]) for row in pool.rows(query)}
    for day in {row["EndDate"] for row in rows}:
        counts = [row["Attempt_Count__c"] for row in rows if row["EndDate"] == day]
        held = [each for each in counts if each is not None]
        assert found.pop(day) == (len(counts), sum(held) if held else None)
    assert found == {}


@settings(max_examples=120, deadline=None)
@given(query=st.one_of(st.text(LETTERS, max_size=120), st.lists(st.sampled_from(WORDS.split()), max_size=16).map(" ".join)))
def test_it_answers_or_refuses_whatever_is_asked(pool: Pool, query: str) -> None:
    answer = pool.answer(query)
    if answer.status_code == 200:
        found = answer.json()
        assert found["totalSize"] == len(found["records"]) or found["records"] == []
    else:
        assert (answer.status_code, answer.json()[0]["errorCode"] in CODES) == (400, True), answer.text
