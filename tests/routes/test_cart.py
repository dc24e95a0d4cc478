"""The cart's pages: what is put in, changed, taken out, and what is told of it."""

import re

import pytest
from flask import Flask

from console.models import Cart
from tests.routes.shop import Shopper, shopper
from tests.support import goods
from tests.support.sandbox import Running
from tests.support.web import Browser

KEY = re.compile(r'id="line-(\w+)"')
RIGHT = {"option-access_mode": "ipoe", "option-static_addresses": "3", "installation": "NET-INST-STD"}


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox)


def keys(aiko: Shopper) -> list[str]:
    return KEY.findall(aiko.browser.get("/cart").text)


def put(aiko: Shopper, sku: str, **fields: object) -> str:
    """Into the cart, and where that leads."""
    aiko.browser.get(f"/catalog/{sku}")
    return aiko.browser.post("/cart", {"sku": sku, "then": "cart", **fields}).location


def test_it_counts_in_the_navigation_what_is_in_it(aiko: Shopper) -> None:
    before = aiko.browser.get("/catalog").text
    put(aiko, "SIM-DATA-5", quantity=2)
    put(aiko, "VPN-JP")

    assert "badge-count" not in before
    for page in ("/catalog", "/cart", "/account/address"):
        assert re.search(r'href="/cart"[^<]*>Cart <span class="badge-count num">3</span>', aiko.browser.get(page).text), page


def test_it_shows_lines_with_fees_answers_and_totals(aiko: Shopper) -> None:
    put(aiko, "SIM-DATA-5", quantity=2)
    put(aiko, "NET-HOME-1G", **RIGHT)
    page = aiko.browser.get("/cart").text

    for words in ("eSIM 5 GB", "Home Internet 1G", "Static addresses", "Standard installation", "SIM activation", "¥2,560", "¥8,910"):
        assert words in page
    assert 'href="/checkout"' in page


def test_it_changes_a_quantity_and_takes_lines_out(aiko: Shopper) -> None:
    put(aiko, "SIM-DATA-5")
    put(aiko, "VPN-JP")
    esim, vpn = keys(aiko)
    changed = aiko.browser.post("/cart/quantity", {"line": esim, "quantity": " ３ "})
    aiko.browser.post("/cart/removal", {"line": vpn})
    again = aiko.browser.post("/cart/removal", {"line": vpn})

    assert (changed.location, again.location) == ("/cart", "/cart")
    assert [(line["sku"], line["quantity"]) for line in Cart.get().lines] == [("SIM-DATA-5", 3)]
    aiko.browser.post("/cart/removal", {"line": esim})
    assert "Your cart is empty" in aiko.browser.get("/cart").text
    assert "badge-count" not in aiko.browser.get("/catalog").text


@pytest.mark.parametrize(
    ("quantity", "words"),
    [("0", "At least one"), ("6", "at most 5"), ("-1", "At least one"), ("many", "Write a whole number"), ("", "Write a whole")],
)
def test_it_says_what_is_wrong_with_a_quantity(aiko: Shopper, quantity: str, words: str) -> None:
    put(aiko, "SIM-DATA-5")
    answer = aiko.browser.post("/cart/quantity", {"line": keys(aiko)[0], "quantity": quantity})

    assert (answer.status_code, words in answer.text) == (422, True)
    assert Cart.get().lines[0]["quantity"] == 1


def test_it_changes_the_answers_of_a_line(aiko: Shopper) -> None:
    put(aiko, "NET-HOME-1G", **RIGHT)
    (key,) = keys(aiko)
    form = aiko.browser.get(f"/catalog/NET-HOME-1G?line={key}").text
    put(aiko, "NET-HOME-1G", **{**RIGHT, "option-static_addresses": "1", "line": key})

    assert f'name="line" type="hidden" value="{key}"' in form
    assert 'value="3"' in form
    assert [line["options"] for line in Cart.get().lines] == [{"access_mode": "ipoe", "static_addresses": 1}]


def test_it_shows_the_choice_again_on_the_products_page(aiko: Shopper) -> None:
    put(aiko, "SIM-DATA-5", quantity=3)

    assert 'value="3"' in aiko.browser.get("/catalog/SIM-DATA-5").text
    assert "It is in your cart already" in aiko.browser.get("/catalog/SIM-DATA-5").text
    assert 'value="3"' not in aiko.browser.get("/catalog/SIM-DATA-5?another").text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"option-access_mode": "dialup"}, "Choose one of these."), ({"option-static_addresses": "9"}, "Choose a number from 0 to 8."),
        ({"option-static_addresses": "many"}, "Write a whole number."), ({"installation": "NET-INST-NONE"}, "Choose one of these."),
        ({"installation": ""}, "This is needed."), ({"installation": "SIM-DATA-5"}, "Choose one of these."),
    ],
)  # fmt: skip
def test_it_keeps_what_was_typed_when_an_answer_is_wrong(aiko: Shopper, wrong: dict[str, str], words: str) -> None:
    aiko.browser.get("/catalog/NET-HOME-1G")
    answer = aiko.browser.post("/cart", {"sku": "NET-HOME-1G", **RIGHT, **wrong})

    assert answer.status_code == 422
    assert words in answer.text
    if "option-static_addresses" not in wrong:
        assert 'value="3"' in answer.text
    assert not Cart.select().exists()


@pytest.mark.parametrize("quantity", ["0", "6", "99999999999", "x", "1.5", "<script>"])
def test_it_takes_no_quantity_beyond_the_limit(aiko: Shopper, quantity: str) -> None:
    aiko.browser.get("/catalog/SIM-DATA-5")

    assert aiko.browser.post("/cart", {"sku": "SIM-DATA-5", "quantity": quantity}).status_code == 422
    assert not Cart.select().exists()


def test_it_ignores_what_a_product_does_not_ask(aiko: Shopper) -> None:
    put(aiko, "VPN-JP", quantity="7", installation="NET-INST-STD", price="1", billing_cycle="Onetime", **{"option-x": "y"})

    assert [{**line, "seen": 0} for line in Cart.get().lines] == [{"sku": "VPN-JP", "quantity": 1, "options": {}, "seen": 0}]


@pytest.mark.parametrize("sku", ["SIM-OLD", "SIM-ACT", "SIM-TOPUP-1", "NET-INST-STD", "", "' OR 1=1 --"])
def test_it_takes_nothing_that_is_not_sold_by_itself(aiko: Shopper, sku: str) -> None:
    aiko.browser.get("/catalog/SIM-DATA-5")

    assert aiko.browser.post("/cart", {"sku": sku}).status_code == 409
    assert not Cart.select().exists()


@pytest.mark.parametrize("sku", ["SIM-FAMILY-50", "NET-HOME-10G"])
def test_it_takes_nothing_that_this_customer_may_not_order(aiko: Shopper, sku: str) -> None:
    answer = aiko.browser.post("/cart", {"sku": sku, "installation": "NET-INST-STD", "quantity": "1"})

    assert (answer.status_code, "Not available" in answer.text) == (422, True)
    assert not Cart.select().exists()


def test_it_sells_extras_to_what_is_chosen(aiko: Shopper) -> None:
    alone = aiko.browser.post("/cart", {"sku": "SIM-CALLS-10"})
    put(aiko, "SIM-VOICE-20", quantity=1)
    offer = aiko.browser.get("/cart").text
    led = put(aiko, "SIM-CALLS-10")

    assert (alone.status_code, "choose the service that it belongs to first" in alone.text) == (422, True)
    assert "Goes well with it" in offer
    assert led == "/cart"
    assert [line["sku"] for line in Cart.get().lines] == ["SIM-VOICE-20", "SIM-CALLS-10"]


def test_it_explains_what_has_changed_and_drops_nothing(aiko: Shopper) -> None:
    put(aiko, "SIM-DATA-5", quantity=1)
    put(aiko, "VPN-JP")
    lines = Cart.get().lines
    Cart.update(lines=[lines[0] | {"seen": 980}, lines[1] | {"sku": "VPN-OLD"}]).execute()
    page = aiko.browser.get("/cart").text

    assert "The price has changed since you chose it: ¥980 before, ¥1,280 now." in page
    assert "VPN-OLD" in page
    assert "This cannot be ordered any more." in page
    assert "Something in your cart cannot be ordered as it is." in page
    assert 'href="/checkout"' not in page


def test_it_is_a_customers_own(app: Flask, aiko: Shopper, sandbox: Running) -> None:
    put(aiko, "SIM-DATA-5")
    (key,) = keys(aiko)
    maria = shopper(app, sandbox)
    maria.browser.get("/cart")
    maria.browser.post("/cart/removal", {"line": key})

    assert len(Cart.get(Cart.user == aiko.user.id).lines) == 1


def test_it_is_shown_without_any_upstream(at_home: Browser) -> None:
    goods.keep()

    assert "Your cart is empty" in at_home.get("/cart").text
