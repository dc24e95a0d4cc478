"""What is answered to a product's questions, on its page and in JSON: kept as one plain line, or refused in words; nothing else counts."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console import models
from console.models import TABLES, Cart, Order
from tests.routes.shop import Shopper, shopper
from tests.routes.test_cards import CARD, has_card
from tests.routes.test_cart import keys
from tests.routes.test_checkout import place as place_on_page
from tests.routes.test_checkout import review_form
from tests.support.api import Program
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

SKU = "VPN-JP"
QUESTIONS = {
    "version": 1,
    "options": [
        {"key": "mode", "label": {"en": "Mode"}, "type": "choice", "required": True,
         "choices": [{"value": "fast", "label": {"en": "Fast"}}, {"value": "calm", "label": {"en": "Calm"}}]},
        {"key": "seats", "label": {"en": "Seats"}, "type": "quantity", "min": 0, "max": 8},
        {"key": "port", "label": {"en": "Reservation number"}, "type": "text", "pattern": "^[0-9]{10}$"},
        {"key": "note", "label": {"en": "Note"}, "type": "text"},
    ],
}  # fmt: skip
FULL_WIDTH_CARD = "４２４２　４２４２　４２４２　４２４２"
KEPT = [
    ("mode", "ｆａｓｔ", "fast"), ("mode", " calm\t", "calm"),
    ("seats", "３", 3), ("seats", " 4 ", 4), ("seats", "８\r\n", 8),
    ("port", "０１２３４５６７８９", "0123456789"), ("port", " 0123456789\n", "0123456789"),
    ("note", "  two words ", "two words"), ("note", "助けて😀", "助けて😀"), ("note", "Ελλάδα العربية", "Ελλάδα العربية"),
    ("note", "ｆｕｌｌ　ｗｉｄｔｈ　１２", "full width 12"), ("note", "x" * 200, "x" * 200),
    ("note", "<script>alert(1)</script>", "<script>alert(1)</script>"), ("note", "' OR 1=1; --", "' OR 1=1; --"),
    ("note", "\\' OR Name != '", "\\' OR Name != '"), ("note", "{{7*7}} %s {0}", "{{7*7}} %s {0}"),
    ("note", f"card {CARD}!", "card **** 4242!"), ("note", FULL_WIDTH_CARD, "**** 4242"),
]  # fmt: skip
NUMBER, PATTERN, CHOICE = "Write a whole number.", "This is not in the form that is needed.", "Choose one of these."
REFUSED = [
    *((("mode", typed, CHOICE)) for typed in ("dialup", "FAST", "fast'", "<script>", "速い", "😀", CARD, "fast\ncalm", "[]", "x" * 3000)),
    ("mode", "", "This is needed."), ("mode", " \u3000", "This is needed."),
    *((("seats", typed, NUMBER)) for typed in ("-1", "1.5", "1e1", "0x2", "many", "三", "😀", "' OR 1=1", "<b>", "1\n2", "1 2", "٣", CARD)),
    ("seats", "9", "from 0 to 8"), ("seats", "99999999", NUMBER),
    *((("port", typed, PATTERN)) for typed in ("123", "01234567890", "012345678x", "0123456789'", "01234\n56789", "１２３", CARD)),
    *((("note", typed, PATTERN)) for typed in ("x" * 201, "a\nb", "a\r\nBcc: x@example.com", "a\x1bb", "a\u2028b", "evil\u202etxt")),
]  # fmt: skip


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Iterator[Shopper]:
    """In a shop of which one product asks all kinds of questions."""
    write(sandbox, json.dumps(QUESTIONS))
    yield shopper(app, sandbox)
    write(sandbox, "")


def write(sandbox: Running, questions: str) -> None:
    """As somebody of the catalogue's team does it in Salesforce; the portal's own user may not."""
    sandbox.control.ask("POST", "permissions", {"enforce": False})
    rest = SfRest(sandbox.info["salesforce"]).login()
    product = rest.one(f"SELECT Id FROM Product2 WHERE StockKeepingUnit = '{SKU}'")
    answer = rest.patch(f"sobjects/Product2/{product['Id']}", {"Portal_ConfigOptions_JSON__c": questions})
    sandbox.control.ask("POST", "permissions", {"enforce": True})
    assert answer.status_code == 204, answer.text


@pytest.fixture
def program(aiko: Shopper) -> Program:
    return Program.beside(aiko.browser)


def choose(aiko: Shopper, **answers: str) -> TestResponse:
    aiko.browser.get(f"/catalog/{SKU}")
    given = {f"option-{key}": answer for key, answer in ({"mode": "fast"} | answers).items()}
    return aiko.browser.post("/cart", {"sku": SKU, "then": "cart", **given})


def body(program: Program, **answers: object) -> dict[str, Any]:
    """Of an order with these answers, at the price of the catalogue."""
    options = {"mode": "fast"} | answers
    total = {"monthly": 880, "onetime": 550}
    checkout = program.post("/checkout").json["checkoutId"]
    return {"checkoutId": checkout, "lines": [{"sku": SKU, "options": options}], "expectedTotal": total, "acceptTerms": True}


def test_it_keeps_one_plain_line_of_whatever_is_typed(aiko: Shopper) -> None:
    for key, typed, kept in KEPT:
        assert choose(aiko, **{key: typed}).location == "/cart", typed
        assert Cart.get().lines[-1]["options"] == {"mode": "fast", key: kept}, typed
        if key == "note":
            assert html.escape(kept).replace("&#x27;", "&#39;") in aiko.browser.get("/cart").text
        aiko.browser.post("/cart/removal", {"line": keys(aiko)[0]})


def test_it_refuses_in_words_whatever_is_no_answer(aiko: Shopper) -> None:
    for key, typed, words in REFUSED:
        answer = choose(aiko, **{key: typed})
        assert (answer.status_code, words in html.unescape(answer.text)) == (422, True), (key, typed)
        assert "<script>alert" not in answer.text
    assert not Cart.select().exists()


def test_the_sum_beside_the_form_is_a_sum_or_none(aiko: Shopper) -> None:
    """It is asked for with each key that is pressed, whatever stands in the fields."""
    aiko.browser.get(f"/catalog/{SKU}")
    for key, typed, _words in REFUSED:
        answer = aiko.browser.post(f"/catalog/{SKU}/_total", {"option-mode": "fast", f"option-{key}": typed})
        assert (answer.status_code, "Complete your choice" in answer.text) == (200, True), (key, typed)


def test_a_quantity_is_a_number_in_any_width(aiko: Shopper) -> None:
    aiko.browser.get("/catalog/SIM-DATA-5")
    for typed, kept in (("２", 2), (" ３\r\n", 3), ("　４　", 4)):
        assert aiko.browser.post("/cart", {"sku": "SIM-DATA-5", "then": "cart", "quantity": typed}).location == "/cart"
        assert [line["quantity"] for line in Cart.get().lines] == [kept]
    [key] = keys(aiko)
    for typed in (
        "",
        "０",
        "-1",
        "1.5",
        "1e1",
        "two",
        "二",
        "😀",
        "' OR 1=1",
        "<script>alert(1)</script>",
        "9" * 5000,
        CARD,
        "1;2",
        "1\n2",
    ):
        for path, sent in (("/cart", {"sku": "SIM-DATA-5"}), ("/cart/quantity", {"line": key})):
            answer = aiko.browser.post(path, {**sent, "quantity": typed})
            assert (answer.status_code, "<script>alert" in answer.text) == (422, False), (path, typed)
    assert [line["quantity"] for line in Cart.get().lines] == [4]


@pytest.mark.parametrize("quantity", ["2", "２", 2.0, True, None, [2], {"value": 2}, 0, -1, 6, 10**30, "", "' OR 1=1"])
def test_in_json_a_quantity_is_a_number(program: Program, quantity: object) -> None:
    asked = body(program)
    answer = program.post("/orders", {**asked, "lines": [{"sku": "SIM-DATA-5", "quantity": quantity}]})
    assert (answer.status_code, Order.select().exists()) == (422, False), answer.text


def test_in_json_too_it_keeps_what_it_understands(program: Program, control: Control) -> None:
    known = {key: typed for key, typed, _kept in KEPT}  # the last of each
    asked = body(program, **known, unheard_of=f"card {CARD}", **{"\ud800": "\ud800"})
    first, again = program.post("/orders", asked), program.post("/orders", asked)
    assert (first.status_code, again.status_code, again.json) == (201, 200, first.json), first.text
    kept = {"mode": "calm", "seats": 8, "port": "0123456789", "note": "**** 4242"}
    assert [line["options"] for line in (Order.get().request["chosen"][0], Cart.get().lines[0])] == [kept, kept]
    assert not any(has_card(value) for table in TABLES for row in table.select().tuples() for value in row)
    [order] = control.truth(first.json["sfOrderId"])["orders"]
    [told] = [item["ConfigOptions_JSON__c"] for item in order["salesforce"]["items"] if item["ConfigOptions_JSON__c"]]
    assert {row["key"]: row["value"] for row in json.loads(told)["options"]} == kept


def test_in_json_too_it_refuses_what_is_no_answer(program: Program) -> None:
    asked = body(program)
    for key, typed, _words in REFUSED:
        answer = program.post("/orders", {**asked, "lines": [{"sku": SKU, "options": {"mode": "fast", key: typed}}]})
        assert answer.status_code == 422, (key, typed)
        assert answer.json["errors"][0]["code"].startswith("option_"), (key, typed)
        assert "alert(1)" not in answer.text
    for odd in (["fast"], {"value": "fast"}, True, 1.5):
        assert program.post("/orders", {**asked, "lines": [{"sku": SKU, "options": {"mode": odd}}]}).status_code == 422
    assert not Order.select().exists()


@pytest.mark.parametrize(
    "tampered",
    [
        {"price": 1}, {"unitPrice": 0, "seen": 1}, {"billingCycle": "Onetime"}, {"pricebookEntryId": "01u000000000001AAA"},
        {"itemClass": "Add-on", "installation": "NET-INST-STD"},
    ],
)  # fmt: skip
def test_what_a_line_says_of_its_price_is_nothing(program: Program, tampered: dict[str, object]) -> None:
    asked = body(program)
    answer = program.post("/orders", {**asked, "lines": [{**asked["lines"][0], **tampered}]})
    assert answer.status_code == 201, answer.text
    [line, fee] = Order.get().lines
    assert [(one["unit_price"], one["billing_cycle"]) for one in (line, fee)] == [(880, "Monthly"), (550, "Onetime")]
    assert Cart.get().lines == [{"sku": SKU, "quantity": 1, "options": {"mode": "fast"}}]


def test_other_answers_under_the_same_checkout_are_another_order(program: Program) -> None:
    asked = body(program, note="one")
    assert program.post("/orders", asked).status_code == 201
    for options in ({"mode": "calm"}, {"mode": "fast"}, {"mode": "fast", "note": "two"}):
        answer = program.post("/orders", {**asked, "lines": [{"sku": SKU, "options": options}]})
        assert (answer.status_code, answer.json["code"]) == (409, "checkout_used")
    assert Order.select().count() == 1


def test_a_page_and_a_program_with_one_checkout_make_one_order(aiko: Shopper, program: Program) -> None:
    choose(aiko, note=FULL_WIDTH_CARD)
    form = review_form(aiko)
    asked = body(program, note=CARD) | {"checkoutId": form["checkout_id"]}
    first = program.post("/orders", asked)
    assert first.status_code == 201, first.text
    assert aiko.browser.post("/orders", form).location == f"/orders/{first.json['sfOrderId']}"
    assert Order.select().count() == 1


def test_two_calls_at_once_make_one_order(app: Flask, aiko: Shopper, program: Program, control: Control) -> None:
    other = Program.of(app)
    other.log_in(aiko.user)
    asked, before = body(program), len(control.truth()["orders"])
    other.get("/orders")

    def send(one: Program) -> TestResponse:
        try:
            return one.post("/orders", asked)
        finally:
            models.database.close()

    control.latency("salesforce", 50)
    with ThreadPoolExecutor(2) as calls:
        answers = list(calls.map(send, [program, other]))
    control.latency("salesforce", 0)
    codes = [answer.status_code for answer in answers]
    assert codes.count(201) == 1, "the other one found it"
    assert set(codes) - {201} <= {200, 202}
    assert (Order.select().count(), len(control.truth()["orders"])) == (1, before + 1)


def test_a_line_of_somebody_else_cannot_be_named(app: Flask, sandbox: Running, aiko: Shopper) -> None:
    """The key of a line is made of what is in it: in another cart it names nothing but the same choice there."""
    choose(aiko, note="hers")
    [hers], maria = keys(aiko), shopper(app, sandbox)
    maria.browser.get("/cart")
    for path in ("/cart/removal", "/cart/quantity"):
        assert maria.browser.post(path, {"line": hers, "quantity": "1"}).location == "/cart"
    assert choose(maria, note="mine", line=hers).location == "/cart"
    assert [line["options"]["note"] for line in Cart.get(Cart.user == aiko.user.id).lines] == ["hers"]
    assert [line["options"]["note"] for line in Cart.get(Cart.user == maria.user.id).lines] == ["mine"]


def test_an_old_form_is_asked_anew_when_the_question_has_changed(aiko: Shopper, sandbox: Running) -> None:
    choose(aiko, mode="calm")
    form = review_form(aiko)
    write(sandbox, json.dumps(QUESTIONS).replace('"calm"', '"slow"'))
    answer = aiko.browser.post("/orders", form)
    assert (answer.status_code, CHOICE in answer.text) == (409, True)
    assert place_on_page(aiko, checkout_id=form["checkout_id"]).status_code in {409, 422}
    assert not Order.select().exists()
