"""From the product's page to the placed order, with what may go wrong on the way."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console import models
from console.models import Cart, CustomerLink, Order
from tests.routes.shop import Shopper, shopper
from tests.support import customers
from tests.support.sandbox import Control, Running
from tests.support.web import Browser

FORM = re.compile(r'name="(checkout_id|expected_today|expected_monthly|expected_yearly)"[^>]*value="([^"]*)"')


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


def test_an_order_is_named_in_the_language_of_whoever_looks(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5", quantity=1)
    page = place(aiko).location
    assert "SIM activation" in aiko.browser.get(page).text
    aiko.browser.post("/language", {"language": "ja"})
    seen = aiko.browser.get(page).text
    assert ("SIM開通手数料" in seen, "SIM activation" in seen) == (True, False)
    assert page in aiko.browser.get("/orders?q=SIM開通").text


def test_it_orders_options_and_the_installation(aiko: Shopper) -> None:
    answers = {"option-access_mode": "ipoe", "option-static_addresses": "2", "installation": "NET-INST-WKND"}
    aiko.choose("NET-HOME-1G", **answers)
    review = aiko.browser.get("/checkout").text
    place(aiko)

    assert "Weekend installation" in review
    assert "IPoE" in review
    order = Order.get()
    assert (order.due_today, order.monthly) == (5280 + 330 + 2200 + 19800, 5280 + 330 + 2200)


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


def test_it_says_what_is_gone_where_it_stands_in_the_cart(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    Cart.update(lines=[{"sku": "SIM-OLD", "quantity": 1, "options": {}}]).execute()
    answer = aiko.browser.post("/orders", form)

    assert answer.status_code == 409
    for words in ("Nothing was ordered.", "SIM-OLD", "This cannot be ordered any more."):
        assert words in answer.text
    assert aiko.browser.get("/checkout").location == "/cart"


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
    assert "It could not be ordered the last time" in aiko.browser.get("/checkout").text
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
    assert "Your cart is empty" in aiko.browser.get("/cart").text
    CustomerLink.update(whmcs_client_id=None).execute()
    assert aiko.browser.get("/checkout").status_code == 409


def test_it_orders_several_categories_at_once_and_names_the_totals(aiko: Shopper, control: Control) -> None:
    aiko.choose("SIM-DATA-5", quantity=2)
    aiko.choose("NET-HOME-1G", **{"option-access_mode": "ipoe", "installation": "NET-INST-STD"})
    aiko.choose("VPN-JP-YEAR")
    review = aiko.browser.get("/checkout").text
    place(aiko)

    order = Order.get()
    monthly, once = 2 * 1280 + 5280 + 330, 2 * 1100 + 16500 + 550
    assert (order.due_today, order.monthly, order.yearly) == (monthly + 8800 + once, monthly, 8800)
    amounts = [f"¥{amount:,}" for amount in (once, monthly, order.yearly, order.due_today)]
    for words in ("Set-up, once", "Each month", "Each year", "IPoE", "SIM activation × 2", *amounts):
        assert words in review
    (found,) = control.truth(order.sf_order_id)["orders"]
    assert len(found["salesforce"]["items"]) == len(order.lines) == 8


def test_it_asks_again_when_only_the_yearly_price_has_changed(aiko: Shopper) -> None:
    aiko.choose("VPN-JP-YEAR")
    form = review_form(aiko)
    answer = aiko.browser.post("/orders", {**form, "expected_yearly": "8000"})

    assert answer.status_code == 409
    assert "Each year: ¥8,000 before, ¥8,800 now." in answer.text
    assert not Order.select().exists()


def test_it_says_that_an_unverified_customer_may_order_and_marks_it(aiko: Shopper, control: Control) -> None:
    CustomerLink.update(verified=False, case_number="00001234").execute()
    aiko.choose("NET-HOME-10G", installation="NET-INST-STD")
    review = aiko.browser.get("/checkout").text
    place(aiko)

    assert "You can order while we check" in review
    (found,) = control.truth(Order.get().sf_order_id)["orders"]
    assert (found["salesforce"]["Portal_Link_Unverified__c"], found["salesforce"]["Portal_Case_Number__c"]) == (True, "00001234")


def test_it_orders_nothing_that_the_account_may_not_have(aiko: Shopper) -> None:
    aiko.choose("NET-HOME-1G", installation="NET-INST-STD")
    form = review_form(aiko)
    CustomerLink.update(internet_eligibility="Apartment 1G").execute()
    answer = aiko.browser.post("/orders", form)

    assert answer.status_code == 409
    assert "There you can have Apartment 1G." in answer.text
    assert not Order.select().exists()


def test_it_takes_a_price_from_the_server_only(aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5", price="1", unit_price="1", seen="1")

    assert (Cart.get().lines[0]["seen"], place(aiko, expected_today="1", expected_monthly="1").status_code) == (1280, 409)


def test_it_knows_no_checkout_of_somebody_else(app: Flask, sandbox: Running, aiko: Shopper) -> None:
    maria = shopper(app, sandbox)
    aiko.choose("SIM-DATA-5")
    maria.choose("SIM-DATA-5")
    theirs = review_form(aiko)
    place(aiko)
    answer = maria.browser.post("/orders", theirs)

    assert (answer.status_code, Order.select().count()) == (409, 1)
    assert maria.browser.get(f"/orders/placing/{theirs['checkout_id']}").status_code == 404


@pytest.mark.parametrize("wrong", [{"checkout_id": ""}, {"expected_today": "-1"}, {"expected_today": "x"}, {"expected_monthly": "9" * 30}])
def test_it_shows_the_review_again_for_a_form_that_is_broken(aiko: Shopper, wrong: dict[str, str]) -> None:
    aiko.choose("SIM-DATA-5")

    assert place(aiko, **wrong).status_code == 422
    assert not Order.select().exists()


def test_it_slows_down_who_orders_like_a_program(app: Flask, aiko: Shopper) -> None:
    aiko.choose("SIM-DATA-5")
    form = review_form(aiko)
    answers = {aiko.browser.post("/orders", form).status_code for _ in range(61)}

    assert answers == {303, 429}
