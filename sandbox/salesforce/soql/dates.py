"""SOQL's names for spans of days: TODAY, THIS_QUARTER, LAST_N_MONTHS:3. The org's day is that of UTC, its week begins on Sunday."""

from collections.abc import Callable
from datetime import date, timedelta

Begin = Callable[[date, int], date]
STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
ONE = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}


def days(text: str, today: date) -> tuple[date, date]:
    """The first day and the day after the last. Raises KeyError for no such name; OverflowError, ValueError beyond the calendar."""
    name, colon, number = text.partition(":")
    if colon:
        return _counted(name, int(number), today)
    if name in ONE:
        return _day(today, ONE[name]), _day(today, ONE[name] + 1)
    if name == "LAST_90_DAYS":
        return _day(today, -90), _day(today, 1)
    if name == "NEXT_90_DAYS":
        return _day(today, 1), _day(today, 91)
    step, _, unit = name.partition("_")
    begin = UNITS[unit.removeprefix("FISCAL_")]
    return begin(today, STEPS[step]), begin(today, STEPS[step] + 1)


def _counted(name: str, n: int, today: date) -> tuple[date, date]:
    if name.startswith("N_"):
        begin = UNITS[name.removeprefix("N_").removesuffix("S_AGO")]
        return begin(today, -n), begin(today, 1 - n)
    step, _, unit = name.partition("_N_")
    begin = UNITS[unit.removeprefix("FISCAL_").removesuffix("S")]
    if step == "LAST":
        # days up to and with today; greater units without the one that is not over yet
        return begin(today, -n), begin(today, 1 if unit == "DAYS" else 0)
    if step != "NEXT":
        raise KeyError(name)
    return begin(today, 1), begin(today, n + 1)


def _day(day: date, step: int) -> date:
    return day + timedelta(days=step)


def _week(day: date, step: int) -> date:
    return day + timedelta(days=7 * step - (day.weekday() + 1) % 7)


def _month(day: date, step: int) -> date:
    years, month = divmod(day.month - 1 + step, 12)
    return date(day.year + years, month + 1, 1)


def _quarter(day: date, step: int) -> date:
    return _month(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3 * step)


def _year(day: date, step: int) -> date:
    return date(day.year + step, 1, 1)


UNITS: dict[str, Begin] = {"DAY": _day, "WEEK": _week, "MONTH": _month, "QUARTER": _quarter, "YEAR": _year}
