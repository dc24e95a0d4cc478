"""From the checkout to the order's status, in JSON, with what may go wrong on the way."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console.models import Order
from tests.routes.shop import Shopper, shopper
from tests.support import jobs
from tests.support.api import Program
from tests.support.sandbox import Control, Running

ESIM = {"sku": "SIM-DATA-5", "quantity": 1, "options": {}}
TOTAL = {"monthly": 1280, "onetime": 1100}


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox)


@pytest.fixture
def program(aiko: Shopper) -> Program:
    return Program.beside(aiko.browser)


def place(program: Program, checkout_id: str, lines: list[dict[str, Any]] | None = None, **changes: Any) -> TestResponse:
    body = {"checkoutId": checkout_id, "lines": [ESIM] if lines is None else lines, "expectedTotal": TOTAL, "acceptTerms": True}
    return program.post("/orders", {**body, **changes})


def begun(program: Program) -> str:
    answer = program.post("/checkout")
    assert answer.status_code == 201
    return str(answer.json["checkoutId"])


def test_it_orders_once_for_each_checkout(program: Program, control: Control) -> None:
    checkout = begun(program)
    first, again = place(program, checkout), place(program, checkout)
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    orders = control.truth(first.json["sfOrderId"])["orders"]
    assert [order["salesforce"]["Status"] for order in orders] == ["Pending Review"]
    assert begun(program) != checkout


def test_it_tells_how_the_order_is(program: Program) -> None:
    sf_order_id = place(program, begun(program)).json["sfOrderId"]
    answer = program.get(f"/orders/{sf_order_id}")
    known = {name: answer.json[name] for name in ("sfOrderId", "status", "settled", "actor", "whmcsOrderId", "iccids")}
    assert known == {
        "sfOrderId": sf_order_id, "status": "acknowledged", "settled": False, "actor": "us", "whmcsOrderId": None, "iccids": [],
    }  # fmt: skip
    assert [step["state"] for step in answer.json["milestones"]] == ["done", "current", "todo", "todo", "todo", "todo"]
    assert answer.json["updatedAt"].endswith("Z")
    assert program.get(f"/orders/{sf_order_id}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert [row["sfOrderId"] for row in program.get("/orders").json["items"]] == [sf_order_id]


def test_the_brief_s_own_path_answers_json_to_who_asks_for_it(program: Program) -> None:
    sf_order_id = place(program, begun(program)).json["sfOrderId"]
    asked = program.client.get(f"/orders/{sf_order_id}", headers={"Accept": "application/json"})
    assert asked.json == program.get(f"/orders/{sf_order_id}").json
    assert program.client.get(f"/orders/{sf_order_id}").mimetype == "text/html"


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ({"monthly": 1280, "onetime": 1100}, 201), ({"monthly": {"amount": 1280, "currency": "JPY"}, "onetime": {"amount": 1100}}, 201),
        ({"monthly": 1, "onetime": 1100}, 409), ({"monthly": 1280, "onetime": 0}, 409), ({"monthly": -1, "onetime": 0}, 422),
        ({"monthly": 1280.5, "onetime": 1100}, 422), ({"monthly": "1280", "onetime": 1100}, 422), ({}, 422),
    ],
)  # fmt: skip
def test_it_orders_only_at_the_price_that_was_seen(program: Program, expected: dict[str, Any], status: int) -> None:
    answer = place(program, begun(program), expectedTotal=expected)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert (answer.json["code"], answer.json["expectedTotal"]) == ("price_changed", {**TOTAL, "annually": 0})
    assert Order.select().count() == (status == 201)


def test_another_choice_needs_another_checkout(program: Program) -> None:
    checkout = begun(program)
    place(program, checkout)
    answer = place(program, checkout, [{**ESIM, "quantity": 2}])
    assert (answer.status_code, answer.json["code"]) == (409, "checkout_used")


def test_a_checkout_of_somebody_else_is_none(app: Flask, sandbox: Running, program: Program) -> None:
    other = Program.beside(shopper(app, sandbox).browser)
    assert place(program, begun(other)).json["code"] == "checkout_used"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"sku": "NO-SUCH"}, "product_gone"), ({"sku": "SIM-DATA-5", "quantity": 6}, "quantity"),
        ({"sku": "NET-HOME-1G"}, "installation_missing"),
        ({"sku": "NET-INST-WKND"}, "installation_missing"), ({"sku": "' OR Name != '"}, "product_gone"),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered_is_named(program: Program, line: dict[str, Any], code: str) -> None:
    answer = place(program, begun(program), [line])
    assert (answer.status_code, [error["code"] for error in answer.json["errors"]]) == (422, [code]), answer.text
    assert Order.select().count() == 0


@pytest.mark.parametrize(
    "change",
    [{"lines": []}, {"lines": [{"quantity": 1}]}, {"lines": [{**ESIM, "quantity": 0}]}, {"lines": [{**ESIM, "quantity": True}]},
     {"acceptTerms": False}, {"lines": {"sku": "SIM-DATA-5"}}, {"lines": [{**ESIM, "options": []}]}, {"checkoutId": None}],
)  # fmt: skip
def test_a_bad_body_orders_nothing(program: Program, change: dict[str, Any]) -> None:
    answer = place(program, begun(program), **change)
    assert (answer.status_code, answer.json["code"]) == (422, "fields")
    assert Order.select().count() == 0


def test_what_it_does_not_know_it_ignores(program: Program) -> None:
    answer = place(program, begun(program), [{**ESIM, "price": 1, "unitPrice": 1}], user=1, status="Approved")
    assert answer.status_code == 201
    assert Order.get().monthly == 1280


def test_without_a_payment_method_nothing_is_ordered(app: Flask, sandbox: Running) -> None:
    program = Program.beside(shopper(app, sandbox, card=False).browser)
    answer = place(program, begun(program))
    assert (answer.status_code, answer.json["code"]) == (402, "payment_method_required")


def test_while_salesforce_s_answer_is_lost_it_is_being_placed(program: Program, control: Control) -> None:
    checkout = begun(program)
    control.fault("salesforce", "tree", "late_effect", count=1, delay_ms=20_000)
    answer = place(program, checkout)
    assert (answer.status_code, answer.json) == (202, {"checkoutId": checkout, "status": "placing"})


def test_it_cancels_until_it_is_too_late(program: Program, aiko: Shopper) -> None:
    sf_order_id = place(program, begun(program)).json["sfOrderId"]
    answer = program.post(f"/orders/{sf_order_id}/cancellation")
    assert (answer.status_code, answer.json["status"], answer.json["settled"]) == (200, "cancelled", True)
    job = jobs.job(aiko.user, "succeeded")
    Order.update(state="completed").where(Order.sf_order_id == job.sf_order_id).execute()
    late = program.post(f"/orders/{job.sf_order_id}/cancellation")
    assert (late.status_code, late.json["code"]) == (409, "too_late")


def test_an_order_of_somebody_else_is_not_there(app: Flask, sandbox: Running, program: Program) -> None:
    sf_order_id = place(program, begun(program)).json["sfOrderId"]
    other = Program.beside(shopper(app, sandbox).browser)
    foreign, none = other.get(f"/orders/{sf_order_id}"), other.get(f"/orders/{jobs.order_id(999_999)}")
    assert (foreign.status_code, foreign.json["code"]) == (none.status_code, none.json["code"]) == (404, "not_found")
    assert other.post(f"/orders/{sf_order_id}/cancellation").status_code == 404


def test_it_says_what_is_wrong_with_a_line(program: Program) -> None:
    answer = place(program, begun(program), [{"sku": "VPN-JP", "quantity": 2}])
    (error,) = answer.json["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "lines", "quantity")
    assert error["message"] == "VPN-JP: One order can have at most 1 of this."


def test_a_field_is_named_as_the_body_names_it(program: Program) -> None:
    total = {"monthly": {"amount": 1, "currency": "USD"}, "onetime": 1.5}
    answer = place(program, begun(program), [{"sku": "VPN-JP", "options": {"str": [1]}}], expectedTotal=total)
    named = [error["field"] for error in answer.json["errors"]]
    assert named == ["lines.0.options.str", "expectedTotal.monthly", "expectedTotal.monthly.currency", "expectedTotal.onetime"]


def test_who_meets_a_system_that_is_down_comes_back_soon_and_not_when_a_limit_ends(program: Program, control: Control) -> None:
    control.fault("whmcs", "*", "refuse")
    answer = program.post("/auth/sso-link", {"target": "payment_methods"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
