"""A customer's orders with where each of them is: searched, by state, a page at a time, one query for a page."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from console.models import Job, Order, User
from console.models import history as rows
from console.models.history import STATES
from console.services.explaining import OrderStatus, order_status

PAGE = 20
LOOKS = 5  # pages that a search looks through at once
LONGEST = 80


@dataclass(frozen=True)
class Wanted:
    """`state`: a key of STATES; `before`: the cursor that the page before has given."""

    text: str = ""
    state: str = "all"
    before: str = ""


@dataclass(frozen=True)
class Page:
    """`older`: the cursor of the next page, "" at the end."""

    rows: tuple[tuple[Order, OrderStatus], ...]
    older: str


def clean(text: str) -> str:
    """A search term as it is looked for: in the usual width, one line, no longer than a name."""
    seen = "".join(char if char.isprintable() else " " for char in unicodedata.normalize("NFKC", text))
    return " ".join(seen.split())[:LONGEST]


def history(user: User, wanted: Wanted = Wanted(), limit: int = PAGE) -> Page:
    """The page that is wanted, newest first. An unknown state is `all`."""
    text, state = clean(wanted.text).lower(), wanted.state if wanted.state in STATES else "all"
    found: list[tuple[Order, Job | None]] = []
    before, more = wanted.before, True
    for _look in range(LOOKS if text else 1):
        read = rows.page(user.id, state, text, before, limit + 1)
        more = len(read) > limit
        found += [(order, job) for order, job in read[:limit] if _matches(order, text)]
        if len(found) >= limit or not more:
            break
        before = rows.cursor(read[limit - 1][0])
    return _page(found, limit, more, before)


def _page(found: list[tuple[Order, Job | None]], limit: int, more: bool, before: str) -> Page:
    shown, left = found[:limit], len(found) > limit
    older = rows.cursor(shown[-1][0]) if shown and (left or (more and len(shown) == limit)) else before if more else ""
    return Page(tuple((order, order_status(order, job, [])) for order, job in shown), older)


def _matches(order: Order, text: str) -> bool:
    """In the order's number, or in the name of something that was ordered."""
    called = (name for line in order.lines for name in (line.get("name", ""), *line.get("names", {}).values()))
    return text in order.order_number or any(text in name.lower() for name in called)


def mine(user: User, sf_order_id: str) -> Order | None:
    """This person's order of that Salesforce id."""
    order = Order.at(sf_order_id)
    return order if order is not None and order.user_id == user.id else None
