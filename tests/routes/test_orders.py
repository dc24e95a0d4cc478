"""The orders' pages: the list, and one order's page that refreshes itself and stops."""

import re

import pytest

from console.models import Job, Order, User
from tests.support import jobs
from tests.support.web import Browser, make_link, make_person

POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"')


LINES = [
    {
        "sku": "ESIM",
        "name": "eSIM 5 GB",
        "item_class": "Service",
        "quantity": 1,
        "unit_price": 1280,
        "billing_cycle": "Monthly",
        "mobile": True,
    },
    {
        "sku": "ACT",
        "name": "Activation",
        "item_class": "Activation",
        "quantity": 1,
        "unit_price": 1100,
        "billing_cycle": "Onetime",
        "mobile": False,
    },
]


def placed(user: User) -> Order:
    order = jobs.order(user)
    order.lines = LINES
    order.save()
    return order


@pytest.fixture
def order(at_home: Browser, customer: User) -> Order:
    return placed(customer)


def address(order: Order) -> str:
    return f"/orders/{order.sf_order_id}"


def test_it_lists_orders_newest_first(at_home: Browser, order: Order, customer: User) -> None:
    other = placed(customer)
    page = at_home.get("/orders").text

    assert page.index(address(other)) < page.index(address(order))
    assert "Received" in page


def test_it_says_what_to_do_without_orders(at_home: Browser) -> None:
    assert 'href="/catalog"' in at_home.get("/orders").text


def test_it_lists_what_is_still_being_placed(at_home: Browser, order: Order) -> None:
    Order.update(state="placing", sf_order_id=None).execute()

    assert f"/orders/placing/{order.checkout_id}" in at_home.get("/orders").text


def test_it_refreshes_itself_and_answers_204_while_nothing_changes(at_home: Browser, order: Order) -> None:
    page = at_home.get(address(order)).text
    found = POLL.search(page)
    assert found
    Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, source="stream")

    assert 'http-equiv="refresh"' in page
    changed = at_home.fragment(found[1])
    assert 'data-status="in_progress"' in changed.text
    assert "<html" not in changed.text
    again = POLL.search(changed.text)
    assert again
    assert at_home.fragment(again[1]).status_code == 204


@pytest.mark.parametrize(
    ("state", "word"), [("completed", "Your order is complete"), ("rejected", "Your order was not approved"), ("cancelled", "cancelled")]
)
def test_it_stops_once_settled(at_home: Browser, order: Order, state: str, word: str) -> None:
    Order.update(state=state).execute()
    page = at_home.get(address(order)).text

    assert word in page
    assert "hx-get" not in page
    assert "http-equiv" not in page


def test_it_says_what_the_customer_must_do(at_home: Browser, order: Order) -> None:
    Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, state="needs_customer", error_code="payment_method")
    page = at_home.get(address(order)).text

    assert 'data-status="pending"' in page
    assert 'action="/account/payment" target="_blank"' in page
    assert f'name="next" value="{address(order)}"' in page


def test_it_says_that_it_is_our_turn_when_provisioning_failed(at_home: Browser, order: Order) -> None:
    Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, state="needs_attention", error_text="Client ID Not Found")
    page = at_home.get(address(order)).text

    assert "nothing for you to do" in page
    assert "every 60s" in page
    assert "Client ID Not Found" not in page


@pytest.mark.parametrize("path", ["", "/_status"])
def test_it_hides_orders_of_others(at_home: Browser, order: Order, path: str) -> None:
    stranger = make_person("stranger@example.com")
    make_link(stranger, sf_account_id="001000000000002AAA", sf_number="SF-1002")
    foreign = placed(stranger)

    assert at_home.get(address(foreign) + path).status_code == 404
    assert at_home.get(f"/orders/801000000000000AAA{path}").status_code == 404
    assert at_home.get(f"/orders/placing/{foreign.checkout_id}").status_code == 404
