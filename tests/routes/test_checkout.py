"""From the product's page to the placed order, with what may go wrong on the way."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console import models
from console.models import Cart, CatalogueSnapshot, CustomerLink, Order
from tests.routes.shop import Shopper, shopper
from tests.support import customers, goods
from tests.support.sandbox import Control, Running
from tests.support.web import Browser

FORM = re.compile(r'name="(checkout_id|expected_today|expected_monthly)"[^>]*value="([^"]*)"')


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox)


def review_form(aiko: Shopper) -> dict[str, Any]:
    """The hidden fields of the review, ticked."""
    return {**dict(FORM.findall(aiko.browser.get("/checkout").text)), "terms": "y"}


def place(aiko: Shopper, **changes: Any) -> TestResponse:
    return aiko.browser.post("/orders", {**review_form(aiko), **changes})


def test_it_orders_from_product_to_status_page(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5", quantity=1)
    review = aiko.browser.get("/checkout").text
    answer = place(aiko)

    for words in ("SIM activation", "added automatically", "¥2,380", "¥1,280", "1-2-3 Shibuya", "Payment method on file"):
        assert words in review
    order = Order.get()
    assert (answer.status_code, answer.location) == (303, f"/orders/{order.sf_order_id}")
    page = aiko.browser.get(answer.location).text
    assert f"Order {order.order_number}" in page
    assert 'data-status="acknowledged"' in page
    assert control.truth(order.sf_order_id)["orders"][0]["salesforce"]["Status"] == "Pending Review"


def test_it_orders_options_and_the_installation(aiko: Shopper) -> None:
    answers = {"option-access_mode": "ipoe", "option-static_addresses": "2", "installation": "NET-INST-WKND"}
    aiko.choose("NET-HOME-1G", **answers)
    review = aiko.browser.get("/checkout").text
    place(aiko)

    assert "Weekend installation" in review
    assert "IPoE" in review
    order = Order.get()
    assert (order.due_today, order.monthly) == (5280 + 330 + 2200 + 19800, 5280 + 330 + 2200)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"option-access_mode": "dialup"}, "Choose one of these."),
        ({"option-static_addresses": "9"}, "Choose a number from 0 to 8."),
        ({"option-static_addresses": "many"}, "Write a whole number."),
        ({"installation": "NET-INST-NONE"}, "Choose one of these."),
        ({"installation": ""}, "This is needed."),
    ],
)
def test_it_keeps_what_was_typed_when_an_answer_is_wrong(aiko: Shopper, wrong: dict[str, str], words: str) -> None:
    right = {"option-access_mode": "ipoe", "option-static_addresses": "3", "installation": "NET-INST-STD"}
    aiko.browser.get("/catalog/NET-HOME-1G")
    answer = aiko.browser.post("/cart", {"sku": "NET-HOME-1G", **right, **wrong})

    assert answer.status_code == 422
    assert words in answer.text
    if "option-static_addresses" not in wrong:
        assert 'value="3"' in answer.text
    assert not Cart.select().exists()


def test_it_says_that_a_product_is_gone_before_the_review_too(aiko: Shopper) -> None:
    aiko.browser.get("/catalog/SIM-DATA-5")
    answer = aiko.browser.post("/cart", {"sku": "SIM-OLD"})

    assert answer.status_code == 409
    assert "This cannot be ordered any more" in answer.text


def test_it_shows_the_choice_again_for_a_change(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5", quantity=3)

    assert 'value="3"' in aiko.browser.get("/catalog/SIM-DATA-5").text
    assert aiko.browser.get("/cart").location == "/checkout"


def test_it_wants_the_terms(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    answer = place(aiko, terms="")

    assert answer.status_code == 422
    assert "Please accept the terms" in answer.text
    assert not Order.select().exists()


def test_it_makes_one_order_of_a_repeated_form(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    before = len(control.truth()["orders"])
    answers = [aiko.browser.post("/orders", form) for _ in range(2)]

    assert answers[0].location == answers[1].location
    assert Order.select().count() == 1
    assert len(control.truth()["orders"]) == before + 1


def test_it_makes_one_order_of_a_form_that_comes_twice_at_once(app: Flask, aiko: Shopper, control: Control) -> None:
    other_tab = Browser.of(app)
    other_tab.log_in(aiko.user)
    aiko.choose("SIM-DATA-5")
    form, before = review_form(aiko), len(control.truth()["orders"])

    def post(browser: Browser) -> TestResponse:
        try:
            return browser.post("/orders", form)
        finally:
            models.database.close()

    control.latency("salesforce", 50)
    with ThreadPoolExecutor(2) as tabs:
        answers = list(tabs.map(post, [aiko.browser, other_tab]))
    control.latency("salesforce", 0)

    assert [answer.status_code for answer in answers] == [303, 303]
    assert (Order.select().count(), len(control.truth()["orders"])) == (1, before + 1)
    assert all(aiko.browser.get(answer.location).status_code in {200, 303} for answer in answers)


def test_it_carries_the_requests_correlation_id_upstream(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5")
    form, click = review_form(aiko), str(uuid4())
    control.clear_calls()
    aiko.browser.post("/orders", form, headers={"X-Correlation-Id": click})

    assert Order.get().correlation_id == click
    assert {(call["upstream"], call["correlation_id"]) for call in control.calls()} == {("salesforce", click), ("whmcs", click)}


def test_it_asks_before_the_same_is_ordered_again(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    place(aiko)
    back = aiko.browser.get("/checkout").text
    aiko.browser.post("/cart/renewal")
    place(aiko)

    assert "You have placed this order already" in back
    assert 'action="/orders"' not in back
    assert Order.select().count() == 2


def test_it_shows_a_changed_price_and_asks_again(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    answer = place(aiko, expected_today="2000")

    assert answer.status_code == 409
    assert "The price has changed" in answer.text
    assert "First bill: ¥2,000 before, ¥2,380 now." in answer.text
    assert not Order.select().exists()
    assert aiko.browser.post("/orders", {**dict(FORM.findall(answer.text)), "terms": "y"}).status_code == 303


def test_it_says_that_the_product_is_gone(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    Cart.update(lines=[{"sku": "SIM-OLD", "quantity": 1, "options": {}}]).execute()
    answer = aiko.browser.post("/orders", form)

    assert answer.status_code == 409
    assert "This cannot be ordered any more" in answer.text
    assert aiko.browser.get("/checkout").status_code == 409


def test_it_wants_a_payment_method_at_the_end_too(aiko: Shopper, sandbox: Running) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    customers.remove_cards(sandbox, aiko.user.email)
    answer = aiko.browser.post("/orders", form)

    assert answer.status_code == 402
    assert "/account/payment?next=/checkout" in answer.text
    assert 'action="/orders"' not in aiko.browser.get("/checkout").text
    assert not Order.select().exists()


def test_it_shows_the_present_choice_to_a_form_of_another_tab(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    old = review_form(aiko)
    aiko.choose("SIM-DATA-20")
    answer = aiko.browser.post("/orders", old)

    assert answer.status_code == 409
    assert "Your choice has changed" in answer.text
    assert "eSIM 20 GB" in answer.text


def test_it_goes_on_by_itself_when_the_answer_stays_away(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    control.fault("salesforce", "tree", "refuse")
    answer = aiko.browser.post("/orders", form)
    order = Order.get()
    page = aiko.browser.get(answer.location).text
    poll = f"{answer.location}/_placing"

    assert answer.location == f"/orders/placing/{order.checkout_id}"
    assert "We are placing your order" in page
    assert poll in page
    assert aiko.browser.fragment(poll).status_code == 204
    Order.update(state="placed", sf_order_id="801SB0000000001AAA").execute()
    assert aiko.browser.fragment(poll).headers["HX-Redirect"] == "/orders/801SB0000000001AAA"
    assert aiko.browser.get(answer.location).location == "/orders/801SB0000000001AAA"


def test_it_says_that_nothing_was_ordered_when_salesforce_refuses(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    place(aiko)
    Order.update(state="failed", sf_order_id=None).execute()
    order = Order.get()
    page = aiko.browser.get(f"/orders/placing/{order.checkout_id}").text

    assert "Your order was not placed" in page
    assert "hx-get" not in page
    assert aiko.browser.post("/cart/renewal").location == "/checkout"
    assert place(aiko).status_code == 303


def test_it_orders_nothing_while_an_upstream_is_down(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    control.fault("salesforce", "query", "error_before", count=3)
    answer = aiko.browser.post("/orders", form)

    assert answer.status_code == 503
    assert "Nothing was ordered" in answer.text
    assert not Order.select().exists()


def test_it_asks_for_the_address_that_was_skipped(app: Flask, sandbox: Running) -> None:
    maria = shopper(app, sandbox, homeless=True)
    maria.choose("SIM-DATA-5")

    assert 'href="/account/address?next=/checkout">Add your address' in maria.browser.get("/checkout").text


def test_it_reviews_while_the_address_cannot_be_read(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5")
    control.fault("whmcs", "GetClientsDetails", "error_before", count=1)

    assert "It cannot be shown just now" in aiko.browser.get("/checkout").text


def test_it_has_no_review_without_a_choice_or_a_finished_account(aiko: Shopper) -> None:
    assert aiko.browser.get("/checkout").location == "/catalog"
    assert aiko.browser.get("/cart").location == "/catalog"
    CustomerLink.update(whmcs_client_id=None).execute()
    assert aiko.browser.get("/checkout").status_code == 409


def test_it_takes_a_price_from_the_server_only(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5", price="1", unit_price="1")
    CatalogueSnapshot.delete().execute()
    goods.keep()

    assert place(aiko, expected_today="1", expected_monthly="1").status_code == 409
