"""What a line used: burnt on the phone or by the test endpoint, read as records by day, by country or for a whole period."""

import re
from collections.abc import Callable, Iterable, Sequence

from sandbox import clock
from sandbox.gigs import subscriptions, topups
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import Call
from sandbox.gigs.moments import day, seconds, stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import whole
from sandbox.gigs.refusals import invalid, unacceptable
from sandbox.store import Doc, Store

BURN = "gigs_burn"
AMOUNTS = ("data", "voice", "sms")
HOME = "JP"
COUNTRY = re.compile(r"[A-Z]{2}")
DAY_S = 86_400
# the year 2200: nobody asks for more
LAST = 230 * 365 * DAY_S
AGGREGATIONS = ("daily", "period", "country")


def burn(store: Store, line: Doc, amounts: dict[str, int], country: str) -> Doc:
    """An active line is used now; the provider tells of it after its lag."""
    now = clock.now()
    row: Doc = {
        "id": fresh_id(store, "use"), "subscription": line["id"], "at": now, "day": day(now), "period": line["currentPeriod"]["number"],
        "country": country, **amounts, "visible_from": now + behaviour(store)["usage_lag_ms"] / 1000,
    }  # fmt: skip
    store.put(BURN, row["id"], row)
    if line["firstUsageAt"] is None:
        store.put(subscriptions.SUBSCRIPTION, line["id"], {**line, "firstUsageAt": stamp(now)})
    topups.used(store, line["id"])
    return row


def simulate(call: Call, subscription_id: str) -> Doc:
    """The endpoint of test projects; answers with the record of that day and country, without a lag."""
    line = subscriptions.held(call, subscription_id)
    call.only()
    call.properties((), (*AMOUNTS, "country"))
    country = call.text("country") or HOME
    if not COUNTRY.fullmatch(country):
        raise invalid("country must be two capital letters", "country")
    amounts = {name: call.whole(name) for name in AMOUNTS}
    if line["status"] not in subscriptions.ALIVE:
        raise unacceptable(f"The subscription is {line['status']}.")
    made = burn(call.store, line, amounts, country)
    rows = [row for row in of(call.store, subscription_id) if (row["day"], row["country"]) == (made["day"], country)]
    return record(rows, *bounds(made["day"]))


def of(store: Store, subscription_id: str) -> list[Doc]:
    return store.find(BURN, "subscription", subscription_id)


def reported(store: Store, subscription_id: str) -> list[Doc]:
    """What the provider knows of by now, oldest first."""
    return [row for row in of(store, subscription_id) if row["visible_from"] <= clock.now()]


def listed(call: Call, subscription_id: str) -> Doc:
    line = subscriptions.held(call, subscription_id)
    call.only("period", "start", "end", "aggregation")
    (aggregation, *more) = call.words("aggregation", AGGREGATIONS, ("daily",))
    if more:
        raise invalid("aggregation takes one word", "aggregation")
    span = asked_days(call) if "start" in call.query or "end" in call.query else asked_period(call, line)
    if span is None:
        return whole([])
    start, end, wanted = span
    rows = [row for row in reported(call.store, subscription_id) if wanted(row)]
    return whole(GROUPED[aggregation](rows, start, end))


Span = tuple[str, str, Callable[[Doc], bool]]


def asked_days(call: Call) -> Span:
    """Both days are meant, whether they came as dates or as moments."""
    if "period" in call.query or not ("start" in call.query and "end" in call.query):
        raise invalid("start and end go together, and not with period", "start")
    first, last = (day_of(call, name) for name in ("start", "end"))
    if first > last:
        raise invalid("end is before start", "end")
    return bounds(first)[0], bounds(last)[1], lambda row: first <= row["day"] <= last


def day_of(call: Call, name: str) -> str:
    text = call.query[name]
    try:
        at = seconds(text) if len(text) >= len("2026-01-01") else -1
    except (ValueError, OverflowError):
        at = -1
    if not 0 <= at < LAST:
        raise invalid(f"{name} must be a date", name)
    return day(at)


def asked_period(call: Call, line: Doc) -> Span | None:
    """The period of that number, or the latest; None before there is one."""
    periods = line.get("periods", [])
    text = call.query.get("period", str(len(periods)))
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise invalid("period must be a number", "period")
    number = int(text)
    if not 1 <= number <= len(periods):
        return None
    found = periods[number - 1]
    return found["start"], found["end"], lambda row: bool(row["period"] == number)


def daily(rows: Sequence[Doc], start: str, end: str) -> list[Doc]:
    keys = sorted({(row["day"], row["country"]) for row in rows})
    return [record([row for row in rows if (row["day"], row["country"]) == key], *bounds(key[0])) for key in keys]


def by_country(rows: Sequence[Doc], start: str, end: str) -> list[Doc]:
    return [record([row for row in rows if row["country"] == name], start, end) for name in sorted({row["country"] for row in rows})]


def total(rows: Sequence[Doc], start: str, end: str) -> list[Doc]:
    return [record(rows, start, end)] if rows else []


GROUPED = {"daily": daily, "period": total, "country": by_country}


def bounds(of_day: str) -> tuple[str, str]:
    began = seconds(of_day)
    return stamp(began), stamp(began + DAY_S)


def record(rows: Sequence[Doc], start: str, end: str) -> Doc:
    countries = {row["country"] for row in rows}
    country = countries.pop() if len(countries) == 1 else None
    labels = {"country": country, "roaming": roaming(country), "subscription": rows[0]["subscription"]}
    return {
        "object": "usageRecord",
        **{name: summed(rows, name) for name in AMOUNTS},
        "end": end,
        "labels": {name: value for name, value in labels.items() if value},
        "start": start,
        "updatedAt": stamp(max(row["at"] for row in rows)),
    }


def roaming(country: str | None) -> str | None:
    """Not told where several countries are in one record."""
    return None if country is None else "none" if country == HOME else "international"


def summed(rows: Iterable[Doc], name: str) -> int:
    return sum(row[name] for row in rows)
