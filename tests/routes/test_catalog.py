"""The catalogue's pages as a customer sees them."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from peewee import Database

from console.models import CatalogueSnapshot, CustomerLink
from console.services import catalog
from tests.routes.shop import Shopper, shopper
from tests.support import customers, goods
from tests.support.queries import counted
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
    assert "We are reading them anew" in page


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


def test_strangers_look_around_and_are_told_how_to_order(browser: Browser) -> None:
    goods.keep()
    listed, product = browser.get("/catalog").text, browser.get("/catalog/ESIM").text

    for page in (listed, product):
        assert "Sign up to order" in page
        assert 'href="/signup"' in page
    assert 'href="/login?next=/catalog/ESIM"' in product
    assert 'action="/cart"' not in product
    assert "Checked against your address" not in listed
    assert browser.get("/cart").location == "/login?next=%2Fcart"


def test_staff_see_it_as_strangers_do_and_order_nothing(at_work: Browser) -> None:
    goods.keep()

    assert "Only they can order" in at_work.get("/catalog/ESIM").text
    assert at_work.post("/cart", {"sku": "ESIM"}).status_code == 403


def test_it_is_personal(aiko: Shopper) -> None:
    page = aiko.browser.get("/catalog?category=Internet").text

    assert "Checked against your address and account." in page
    assert 'href="/catalog/NET-HOME-1G"' in page
    assert 'href="/catalog/NET-HOME-10G"' not in page
    assert "Not available at your address. There you can have Home 1G." in page
    assert page.index("Home Internet 1G") < page.index("Home Internet 10G")


@pytest.mark.parametrize(
    ("found", "words"), [("", "We have not checked your address"), ("Not available", "Internet is not available at your address.")]
)
def test_it_says_why_no_internet_can_be_had(aiko: Shopper, found: str, words: str) -> None:
    CustomerLink.update(internet_eligibility=found).execute()

    for page in ("/catalog?category=Internet", "/catalog/NET-HOME-1G"):
        text = aiko.browser.get(page).text
        assert words in text
        assert 'action="/cart"' not in text


def test_it_shows_nothing_of_an_account_that_is_not_verified(aiko: Shopper) -> None:
    CustomerLink.update(verified=False, internet_eligibility="Not available", sim_eligible=False).execute()
    page = aiko.browser.get("/catalog?category=Internet").text

    assert 'href="/catalog/NET-HOME-10G"' in page
    assert "Not available" not in page


@pytest.mark.parametrize(
    ("asked", "found", "hidden"),
    [
        ("q=voice", "SIM-VOICE-20", "SIM-DATA-5"), ("q=5GB", "SIM-DATA-5", "SIM-VOICE-20"), ("q=ＶＯＩＣＥ", "SIM-VOICE-20", "VPN-JP"),
        ("q=net-home-1g", "NET-HOME-1G", "SIM-DATA-5"), ("q=tokyo&category=vpn", "VPN-JP", "VPN-US"),
        ("q=tokyo&category=none", "VPN-JP", "VPN-US"),
    ],
)  # fmt: skip
def test_it_is_searched(aiko: Shopper, asked: str, found: str, hidden: str) -> None:
    page = aiko.browser.get(f"/catalog?{asked}").text

    assert f'href="/catalog/{found}"' in page
    assert f'href="/catalog/{hidden}"' not in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1", "😀", "%00x", "x" * 3000, " ", "4242 4242 4242 4242"])
def test_it_says_that_nothing_was_found_whatever_was_typed(at_home: Browser, text: str) -> None:
    goods.keep()
    answer = at_home.get("/catalog", query_string={"q": text})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "4242 4242 4242 4242" not in answer.text
    assert ("Nothing found" in answer.text) is bool(text.strip())


def test_it_shows_what_the_choice_comes_to(aiko: Shopper) -> None:
    aiko.browser.get("/catalog/NET-HOME-1G")
    chosen = {"option-access_mode": "ipoe", "option-static_addresses": "２", "installation": "NET-INST-WKND"}
    total = aiko.browser.post("/catalog/NET-HOME-1G/_total", chosen)
    unfinished = aiko.browser.post("/catalog/NET-HOME-1G/_total", {**chosen, "installation": "NET-INST-NONE"})

    for words in ('id="total"', "¥19,800", "¥7,810", "¥27,610"):
        assert words in total.text
    assert "<html" not in total.text
    assert "Complete your choice" in unfinished.text


def test_it_shows_a_total_from_the_start_and_a_year_as_a_year(aiko: Shopper) -> None:
    page = aiko.browser.get("/catalog/VPN-JP-YEAR").text

    for words in ("/ year", "Each year", "¥8,800", "¥9,350"):
        assert words in page
    assert "Each month" not in page


def test_a_product_of_bad_data_breaks_nothing(at_home: Browser) -> None:
    bad: list[dict[str, Any]] = [
        {"options_json": "{"}, {"options_json": '{"version": 1, "options": [{"key": "x", "type": "colour"}]}'}, {"labels_json": "[1"},
        {"labels_json": '{"en": "text"}'}, {"category": "", "name": ""}, {"item_class": "?"}, {"billing_cycle": ""}, {"sku": "<b>"},
    ]  # fmt: skip
    products = [replace(goods.ESIM, **{"name": "Bad", "sku": f"BAD-{n}", **changes}) for n, changes in enumerate(bad)]
    goods.keep(goods.VPN, *products)

    for category in ("SIM", "VPN", "Other"):
        assert at_home.get(f"/catalog?category={category}").status_code == 200
    assert "We are working on it" in at_home.get("/catalog?category=SIM").text
    assert "<b>" not in at_home.get("/catalog?category=SIM").text


def test_a_warm_view_asks_no_upstream_and_the_database_four_times_at_most(aiko: Shopper, database: Database, control: Control) -> None:
    aiko.browser.get("/catalog")
    aiko.choose("SIM-DATA-5", quantity=2)
    for page in ("/catalog", "/catalog?q=esim", "/cart"):
        control.clear_calls()
        with counted(database) as statements:
            assert aiko.browser.get(page).status_code == 200
        assert control.calls() == []
        assert len(statements) <= 4, "\n".join(sql for sql, _values in statements)


def test_a_stale_view_waits_for_nobody_and_rings_once(app: Flask, at_home: Browser, database: Database) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    rung: list[str] = []
    app.extensions["bell"].catalogue = lambda: rung.append("catalogue")
    app.extensions["bell"].eligibility = lambda _link_id: rung.append("eligibility")
    pages = [at_home.get("/catalog").text for _ in range(3)]

    assert all("We are reading them anew" in page for page in pages)
    assert rung == ["catalogue", "eligibility"]
    assert CatalogueSnapshot.select().count() == 1
