"""The orders' pages: the list, and one order's page that refreshes itself and stops."""

import re

import pytest
from flask import Flask, template_rendered

from console import clock
from console.models import Job, Order, Pace, User
from console.services.order_history import PAGE
from tests.support import jobs
from tests.support.queries import counted
from tests.support.web import Browser, make_link, make_person

POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"')


LINES = [
    {
        "sku": "ESIM",
        "name": "eSIM 5 GB",
        "category": "SIM",
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


def test_an_unchanged_poll_costs_two_queries_and_no_template(app: Flask, at_home: Browser, order: Order) -> None:
    Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, state="running")
    found = POLL.search(at_home.get(address(order)).text)
    assert found
    rendered: list[str] = []
    with template_rendered.connected_to(lambda _app, template, **_: rendered.append(template.name), app):
        with counted(app.extensions["console"].database) as unchanged:
            assert at_home.fragment(found[1]).status_code == 204
        assert (len(unchanged) <= 2, rendered) == (True, []), unchanged
        Job.update(attempt=1, updated_at=clock.after(1)).execute()
        with counted(app.extensions["console"].database) as changed:
            assert at_home.fragment(found[1]).status_code == 200
    assert len(changed) <= 3, changed


def test_it_tells_whose_turn_it_is_and_what_comes_next(at_home: Browser, order: Order) -> None:
    Pace.keep({"SIM": [60.0, 120.0]})
    page = at_home.get(address(order)).text
    for words in ("We do", "Once it is approved we set everything up", "nearly always within 2 minutes of the approval"):
        assert words in page
    assert '<p class="visually-hidden">Now: Waiting for approval</p>' in page
    assert f'href="{address(order)}/support"' in page


def test_it_finds_orders_by_search_state_and_page(at_home: Browser, customer: User) -> None:
    every = [jobs.order(customer, name="VPN Tokyo" if n == 3 else "eSIM 5 GB") for n in range(PAGE + 2)]
    first = at_home.get("/orders").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = at_home.get(older[1].replace("&amp;", "&")).text
    assert (first.count('href="/orders/801'), second.count('href="/orders/801')) == (PAGE, 2)
    assert address(every[0]) in second
    assert 'href="/orders"' in second
    assert 'rel="next"' not in second
    found = at_home.get("/orders?q=vpn+tokyo&state=open").text
    assert (found.count('href="/orders/801'), 'value="vpn tokyo"' in found, 'name="state" value="open"' in found) == (1, True, True)
    assert "No order found" in at_home.get("/orders?state=completed").text
    assert "No order found" in at_home.get("/orders?q=%3Cscript%3E%27").text


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


def test_it_tells_what_is_paid_each_year(at_home: Browser, customer: User) -> None:
    order = jobs.order(customer)
    yearly = {"name": "VPN", "quantity": 1, "unit_price": 8800, "billing_cycle": "Annually"}
    Order.update(lines=[yearly], monthly=0, due_today=8800).where(Order.id == order.id).execute()
    page = at_home.get(f"/orders/{order.sf_order_id}").text
    assert "Each year" in page
    assert "Then monthly" not in page
