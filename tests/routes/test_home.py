"""The customer's first page: what needs them, what is under way, what they have; from our own rows, in a few queries."""

from __future__ import annotations

from flask import Flask

from console import clock
from console.models import CustomerLink, Order, User
from tests.support import jobs
from tests.support.queries import counted
from tests.support.web import Browser


def can_pay(user: User) -> None:
    CustomerLink.update(payment_seen_at=clock.now()).where(CustomerLink.user == user.id).execute()


def test_it_has_a_calm_page_for_who_needs_nothing(at_home: Browser, customer: User) -> None:
    can_pay(customer)
    page = at_home.get("/").text
    assert "Hello Aiko" in page
    assert 'class="notice' not in page
    assert "Nothing ordered yet" in page
    assert 'href="/catalog"' in page


def test_it_asks_once_for_a_payment_method(at_home: Browser) -> None:
    page = at_home.get("/").text
    assert page.count("Orders start only when there is a way to pay.") == 1
    assert 'href="/account/payment?next=/"' in page


def test_it_asks_for_a_skipped_address_until_something_was_ordered(at_home: Browser, customer: User) -> None:
    can_pay(customer)
    assert "Add your address" not in at_home.get("/").text
    at_home.post("/account/address/later", {"next": "/"})
    assert "Add your address" in at_home.get("/").text
    jobs.order(customer)
    assert "Add your address" not in at_home.get("/").text


def test_it_says_that_a_link_is_not_verified_yet(at_home: Browser, customer: User) -> None:
    CustomerLink.update(verified=False, case_number="00001007").where(CustomerLink.user == customer.id).execute()
    assert "00001007" in at_home.get("/").text


def test_it_leads_to_the_order_that_waits_for_the_person(at_home: Browser, customer: User) -> None:
    order = jobs.order(customer)
    jobs.job(customer, "needs_customer", int(order.order_number), placed=False, error_code="payment_method")
    page = at_home.get("/").text
    assert f"Order {order.order_number} waits for you" in page
    assert "Action needed from you" in page
    assert page.count(f'href="/orders/{order.sf_order_id}"') == 2


def test_it_lists_what_is_under_way_before_what_is_done(at_home: Browser, customer: User) -> None:
    done, busy = jobs.order(customer, name="Done before"), jobs.order(customer, name="Under way now")
    Order.update(state="completed").where(Order.id == done.id).execute()
    page = at_home.get("/").text
    assert ("Orders under way" in page, busy.sf_order_id in page, done.sf_order_id in page) == (True, True, False)
    Order.update(state="completed").execute()
    page = at_home.get("/").text
    assert ("Your last orders" in page, busy.sf_order_id in page, done.sf_order_id in page) == (True, True, True)


def test_it_leads_to_the_esims_page(at_home: Browser, customer: User) -> None:
    job = jobs.job(customer, "succeeded")
    esim = jobs.subscribed(job, "8981100000000000001", 7, "sub_1")
    page = at_home.get("/").text
    assert f'href="/subscriptions/{esim.id}"' in page
    assert "eSIM: code and installation" in page


def test_it_asks_our_own_rows_only_and_few_of_them(app: Flask, at_home: Browser, customer: User) -> None:
    """Nothing listens where its upstreams should be: a call would fail the page."""
    for _ in range(8):
        jobs.subscribed(jobs.job(customer, "running"), "", 7, "sub_1")
    with counted(app.extensions["console"].database) as statements:
        assert at_home.get("/").status_code == 200
    assert len(statements) <= 6, [sql for sql, _params in statements]
