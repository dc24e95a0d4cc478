"""A customer's orders, searched, by state and a page at a time: one query a page, nothing of others."""

from __future__ import annotations

import pytest
from peewee import Database

from console import clock
from console.models import Job, Order, User
from console.services.order_history import LOOKS, PAGE, Wanted, history
from tests.support import jobs
from tests.support.queries import counted

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def aiko(database: Database) -> User:
    return jobs.customer()


def numbers(user: User, *, limit: int = PAGE, **wanted: str) -> list[str]:
    return [order.order_number for order, _status in history(user, Wanted(**wanted), limit).rows]


def test_it_pages_through_all_of_them_once_also_those_of_the_same_moment(aiko: User) -> None:
    moment, every = clock.now(), [jobs.order(aiko).order_number for _ in range(11)]
    Order.update(created_at=moment).where(Order.order_number.in_(every[3:8])).execute()
    seen, before = [], ""
    for _page in range(4):
        page = history(aiko, Wanted(before=before), 3)
        seen += [order.order_number for order, _status in page.rows]
        before = page.older
    assert (sorted(seen), before) == (sorted(every), "")


def test_the_last_full_page_is_the_end(aiko: User) -> None:
    for _ in range(3):
        jobs.order(aiko)
    assert history(aiko, limit=3).older == ""


STATES = {
    "open": [("placing", None), ("placed", None), ("placed", "queued"), ("placed", "held"), ("placed", "needs_attention"),
             ("placed", "skipped")],
    "action": [("placed", "needs_customer")],
    "completed": [("completed", "succeeded"), ("completed", None), ("placed", "succeeded")],
    "ended": [("rejected", None), ("cancelled", "cancelled"), ("failed", None), ("placed", "cancelled")],
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_it_finds_by_what_the_customer_is_told(aiko: User, state: str) -> None:
    made: dict[str, list[str]] = {}
    for name, pairs in STATES.items():
        for order_state, job_state in pairs:
            order = jobs.order(aiko)
            Order.update(state=order_state).where(Order.id == order.id).execute()
            if job_state:
                jobs.job(aiko, job_state, int(order.order_number), placed=False)
            made.setdefault(name, []).append(order.order_number)
    wanted = made["open"] + made["action"] if state == "open" else made[state]
    assert sorted(numbers(aiko, state=state)) == sorted(wanted)
    assert len(numbers(aiko, state="no such state")) == len(numbers(aiko)) == 14


@pytest.mark.parametrize("text", ["vpn tokyo", "  VPN  Tokyo ", "ＶＰＮ　Ｔｏｋｙｏ", "tokyo"])
def test_it_finds_by_product(aiko: User, text: str) -> None:
    jobs.order(aiko)
    wanted = jobs.order(aiko, name="VPN Tokyo")
    assert numbers(aiko, text=text) == [wanted.order_number]


def test_it_finds_by_number_and_by_its_end(aiko: User) -> None:
    wanted = jobs.order(aiko, 990123)
    jobs.order(aiko, 990456)
    assert numbers(aiko, text="00990123") == numbers(aiko, text="0123") == [wanted.order_number]


@pytest.mark.parametrize(
    "text", ["mobile", "sku", "%", "_", '"', "\\", "'; DROP TABLE orders; --", "<script>", "😀", "x" * 5000, "quantity", "\0"]
)
def test_it_finds_nothing_by_what_nobody_ordered(aiko: User, text: str) -> None:
    jobs.order(aiko)
    if text.strip("\0"):
        assert numbers(aiko, text=text) == []


def test_a_product_may_have_any_sign_in_its_name(aiko: User) -> None:
    wanted = jobs.order(aiko, name='光 "10G" 100%')
    jobs.order(aiko, name="光 1G")
    assert [numbers(aiko, text=text) for text in ("光 ", '"10g"', "100%")] == [
        numbers(aiko), [wanted.order_number], [wanted.order_number],
    ]  # fmt: skip


def test_a_search_goes_on_where_a_page_held_too_little(aiko: User) -> None:
    """The rows are read by the whole text of their lines, of which a name is only a part."""
    wanted = jobs.order(aiko, name="sim only")
    for _ in range(5):
        jobs.order(aiko)  # of the category SIM
    page = history(aiko, Wanted(text="sim"), 20)
    assert len(page.rows) == 6  # "eSIM 5 GB" too
    Order.update(lines=[{"name": "Plan", "item_class": "Service", "category": "SIM"}]).where(Order.id != wanted.id).execute()
    assert numbers(aiko, text="sim", limit=2) == [wanted.order_number]
    far = history(aiko, Wanted(text="sim"), 1)
    assert (far.rows, bool(far.older)) == ((), True), f"{LOOKS} looks are enough for one page"
    assert [order.id for order, _status in history(aiko, Wanted(text="sim", before=far.older), 1).rows] == [wanted.id]


def test_it_is_one_query_however_many_there_are(aiko: User, database: Database) -> None:
    for _ in range(8):
        order = jobs.order(aiko)
        jobs.job(aiko, "running", int(order.order_number), placed=False)
    with counted(database) as statements:
        assert len(history(aiko).rows) == 8
    assert len(statements) == 1


def test_a_question_to_support_is_no_job_of_the_order(aiko: User) -> None:
    order = jobs.order(aiko)
    Job.make("case", "1", user=aiko.id, state="needs_attention")
    [(_order, status)] = history(aiko).rows
    assert (order.order_number, status.status) == (_order.order_number, "acknowledged")


@pytest.mark.parametrize("before", ["x", "1", "-", "1-", "１-２", "9" * 40 + "-1", "'"])
def test_a_cursor_that_was_never_given_begins_anew(aiko: User, before: str) -> None:
    order = jobs.order(aiko)
    assert numbers(aiko, before=before) == [order.order_number]


def test_it_holds_nothing_of_others(aiko: User) -> None:
    theirs = jobs.order(jobs.customer())
    assert numbers(aiko) == numbers(aiko, text=theirs.order_number) == []
