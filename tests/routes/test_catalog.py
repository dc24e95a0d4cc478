"""The catalogue's pages as a customer sees them."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.routes.shop import Shopper, shopper
from tests.support import customers, goods
from tests.support.sandbox import Control, Running
from tests.support.web import Browser


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox)


def test_it_lists_a_category_with_prices_fees_and_reasons(aiko: Shopper) -> None:
    page = aiko.browser.get("/catalog").text

    assert 'href="/catalog/SIM-DATA-5"' in page
    assert "¥1,280" in page
    assert "+ ¥1,100 SIM activation" in page
    assert "SIM-FAMILY-50" not in page
    assert "Not available for ordering here" in page
    assert "+ installation from ¥16,500" in aiko.browser.get("/catalog?category=Internet").text


def test_it_shows_the_first_category_for_one_that_does_not_exist(aiko: Shopper) -> None:
    assert "eSIM 5 GB" in aiko.browser.get("/catalog?category=<script>").text


def test_it_says_how_old_prices_are_while_salesforce_is_down(at_home: Browser) -> None:
    goods.keep(age_s=3600)

    page = at_home.get("/catalog").text

    assert "Esim" in page
    assert "Our order system does not answer just now" in page


def test_it_has_no_catalogue_when_none_was_ever_read(at_home: Browser) -> None:
    answer = at_home.get("/catalog")

    assert answer.status_code == 503
    assert "The catalogue is not available now" in answer.text


def test_it_asks_for_the_options_of_a_product(aiko: Shopper) -> None:
    page = aiko.browser.get("/catalog/NET-HOME-1G").text

    for words in ("Connection", "+ ¥330 a month", "Static addresses", "Standard installation, ¥16,500 once", 'action="/cart"'):
        assert words in page


def test_it_shows_the_gate_before_anything_is_configured(app: Flask, sandbox: Running) -> None:
    maria = shopper(app, sandbox, card=False)
    before = maria.browser.get("/catalog/SIM-DATA-5").text
    refused = maria.browser.post("/cart", {"sku": "SIM-DATA-5", "quantity": "1"})
    customers.add_card(sandbox, maria.user.email)
    after = maria.browser.get("/catalog/SIM-DATA-5").text

    assert "First, a payment method is needed" in before
    assert 'action="/cart"' not in before
    assert 'href="/account/payment?next=/catalog/SIM-DATA-5"' in before
    assert refused.status_code == 402
    assert 'action="/cart"' in after


def test_it_lets_configure_while_billing_does_not_answer(aiko: Shopper, control: Control) -> None:
    control.fault("whmcs", "GetPayMethods", "error_before", count=1)

    assert 'action="/cart"' in aiko.browser.get("/catalog/SIM-DATA-5").text


@pytest.mark.parametrize("sku", ["NO-SUCH", "SIM-ACT", "NET-INST-STD", "SIM-TOPUP-1"])
def test_it_has_no_page_for_what_is_not_sold_by_itself(aiko: Shopper, sku: str) -> None:
    assert aiko.browser.get(f"/catalog/{sku}").status_code == 404


def test_it_says_why_a_product_cannot_be_ordered(at_home: Browser) -> None:
    goods.keep(replace(goods.ESIM, options_json="{"))

    page = at_home.get("/catalog/ESIM").text

    assert "Not available at the moment" in page
    assert 'action="/cart"' not in page
