"""SOQL's names for spans of days, from the day that the sandbox's clock shows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.sandbox.soql_desk import Desk
from tests.support.sandbox import Running

# all of it is still to come: the clock of the sandbox goes forward only
YEAR = datetime.now(UTC).year + 1
# a Saturday, the last day of a week; neither month, quarter nor year begin or end there
TODAY = next(day for day in (date(YEAR, 11, number) for number in range(15, 22)) if day.isoweekday() == 6)


def far(days: int) -> date:
    return TODAY + timedelta(days)


def first(month: int, years: int = 0) -> date:
    """Of a month this year, or so many years from it."""
    return date(YEAR + years, month, 1)


# the first day, and the day after the last
SPANS = {
    "TODAY": (far(0), far(1)), "YESTERDAY": (far(-1), far(0)), "TOMORROW": (far(1), far(2)), "LAST_N_DAYS:2": (far(-2), far(1)),
    "NEXT_N_DAYS:2": (far(1), far(3)), "N_DAYS_AGO:3": (far(-3), far(-2)), "THIS_WEEK": (far(-6), far(1)),
    "LAST_N_WEEKS:2": (far(-20), far(-6)), "N_WEEKS_AGO:1": (far(-13), far(-6)), "NEXT_MONTH": (first(12), first(1, 1)),
    "LAST_N_MONTHS:11": (first(12, -1), first(11)), "THIS_QUARTER": (first(10), first(1, 1)), "LAST_QUARTER": (first(7), first(10)),
    "NEXT_N_QUARTERS:2": (first(1, 1), first(7, 1)), "THIS_FISCAL_YEAR": (first(1), first(1, 1)),
    "LAST_N_YEARS:2": (first(1, -2), first(1)), "LAST_90_DAYS": (far(-90), far(1)),
}  # fmt: skip
# of every span the first and the last day, and the days outside beside them
EDGES = sorted({edge - timedelta(before) for span in SPANS.values() for edge in span for before in (0, 1)})


@pytest.fixture(scope="module")
def desk(sandbox: Running) -> Desk:
    """With an order that begins on each of the days."""
    desk = Desk(sandbox)
    desk.set_clock(*TODAY.timetuple()[:3], 10, 0)
    desk.orders([{"EffectiveDate": str(day)} for day in EDGES])
    return desk


@pytest.mark.parametrize("name", SPANS)
def test_it_knows_spans_of_days_by_name(desk: Desk, name: str) -> None:
    begin, beyond = SPANS[name]
    for sign, holds in (("=", begin <= TODAY < beyond), ("<", begin > TODAY), (">=", begin <= TODAY)):
        today = desk.rows(f"SELECT Id FROM Order WHERE LastModifiedDate {sign} {name}")
        assert len(today) == (len(EDGES) if holds else 0)
    found = [row["EffectiveDate"] for row in desk.rows(f"SELECT EffectiveDate FROM Order WHERE EffectiveDate = {name}")]
    assert found == [str(day) for day in EDGES if begin <= day < beyond]
