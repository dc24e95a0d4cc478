"""Catalogue, billing and subscriptions, in JSON."""

from typing import Any

import pytest
from flask import Flask

from console.models import CustomerLink
from tests.routes.shop import Shopper, shopper
from tests.support import goods
from tests.support.api import Program
from tests.support.sandbox import Control, Running
from tests.support.web import Browser


@pytest.fixture
def stranger(app: Flask) -> Program:
    goods.keep()
    return Program.of(app)


@pytest.fixture
def at_home_too(at_home: Browser) -> Program:
    goods.keep()
    return Program.beside(at_home)


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox)


def skus(listing: Any) -> list[str]:
    return [item["sku"] for item in listing.json["items"]]


def test_everybody_sees_the_catalogue(stranger: Program) -> None:
    answer = stranger.get("/catalog")
    esim = next(item for item in answer.json["items"] if item["sku"] == "ESIM")
    assert skus(answer) == ["ESIM", "LINE", "VPN"]
    assert (esim["price"], esim["billingCycle"], esim["itemClass"]) == ({"amount": 2980, "currency": "JPY"}, "Monthly", "Service")
    assert (esim["orderable"], esim["reason"], answer.json["stale"]) == (True, None, False)
    assert answer.json["asOf"].endswith("Z")


@pytest.mark.parametrize(
    ("asked", "found"), [("category=VPN", ["VPN"]), ("q=esi", ["ESIM"]), ("q=%EF%BC%AC%EF%BC%A9ne", ["LINE"]), ("q=none", [])]
)
def test_it_searches(stranger: Program, asked: str, found: list[str]) -> None:
    assert skus(stranger.get(f"/catalog?{asked}")) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [("sim/activation-fees", ["ESIM-ACT"]), ("vpn/activation-fees", []), ("sim/addons", []),
     ("internet/installations", ["WEEKDAY", "WEEKEND"])],
)  # fmt: skip
def test_fees_and_extras_have_lists_of_their_own(stranger: Program, path: str, found: list[str]) -> None:
    assert skus(stranger.get(f"/catalog/{path}")) == found


def test_the_brief_s_own_paths_answer_json_to_who_asks_for_it(stranger: Program) -> None:
    json = {"Accept": "application/json"}
    assert skus(stranger.client.get("/catalog", headers=json)) == ["ESIM", "LINE", "VPN"]
    assert stranger.client.get("/catalog/ESIM", headers=json).json["sku"] == "ESIM"
    assert stranger.client.get("/catalog/NONE", headers=json).json["code"] == "not_found"
    for accepts in ("text/html,application/xhtml+xml,*/*;q=0.8", "*/*", ""):
        assert stranger.client.get("/catalog", headers={"Accept": accepts}).mimetype == "text/html"


@pytest.mark.parametrize(
    ("eligibility", "found"), [("Home 1G", ["ESIM", "LINE", "VPN"]), ("Home 10G", ["ESIM", "VPN"]), ("", ["ESIM", "VPN"])]
)
def test_what_is_personal_goes_by_the_account(at_home_too: Program, eligibility: str, found: list[str]) -> None:
    CustomerLink.update(internet_eligibility=eligibility).execute()
    assert skus(at_home_too.get("/catalog/personalized")) == found


def test_an_unverified_link_sees_what_everybody_sees(at_home_too: Program) -> None:
    CustomerLink.update(internet_eligibility="", verified=False).execute()
    assert skus(at_home_too.get("/catalog/personalized")) == ["ESIM", "LINE", "VPN"]


def test_it_reads_and_changes_the_address(aiko: Shopper) -> None:
    program = Program.beside(aiko.browser)
    before = program.get("/me/billing").json
    answer = program.send("PATCH", "/me/billing", {"postcode": "１５００００２", "city": "Shibuya-ku", "address2": "  Tower   5F "})
    assert answer.status_code == 200, answer.text
    assert answer.json == {**before, "postcode": "150-0002", "city": "Shibuya-ku", "address2": "Tower 5F", "sync": "synced"}
    assert program.get("/me/billing").json == answer.json


@pytest.mark.parametrize(
    ("change", "field"),
    [({"postcode": "12"}, "postcode"), ({"city": ""}, "city"), ({"state": "Bavaria"}, "state"), ({"country": "XX"}, "country"),
     ({"firstName": 7}, "firstName")],
)  # fmt: skip
def test_a_bad_address_changes_nothing(aiko: Shopper, change: dict[str, Any], field: str) -> None:
    program = Program.beside(aiko.browser)
    before = program.get("/me/billing").json
    answer = program.send("PATCH", "/me/billing", change)
    assert (answer.status_code, [error["field"] for error in answer.json["errors"]]) == (422, [field]), answer.text
    assert program.get("/me/billing").json == before


def test_a_change_is_kept_while_billing_does_not_take_it(aiko: Shopper, control: Control) -> None:
    program = Program.beside(aiko.browser)
    control.fault("whmcs", "UpdateClient", "error_before", count=9)
    answer = program.send("PATCH", "/me/billing", {"city": "Meguro-ku"})
    assert (answer.status_code, answer.json["city"], answer.json["sync"]) == (200, "Meguro-ku", "pending")


def test_a_whole_address_is_kept_while_billing_is_away(aiko: Shopper, control: Control) -> None:
    program = Program.beside(aiko.browser)
    home = program.get("/me/billing").json
    del home["sync"]
    control.fault("whmcs", "*", "refuse")
    assert program.send("PATCH", "/me/billing", {"city": "Meguro-ku"}).status_code == 503
    answer = program.send("PATCH", "/me/billing", {**home, "city": "Meguro-ku"})
    assert (answer.status_code, answer.json) == (200, {**home, "city": "Meguro-ku", "sync": "pending"})


def test_it_says_whether_there_is_a_way_to_pay(app: Flask, sandbox: Running, aiko: Shopper) -> None:
    without = Program.beside(shopper(app, sandbox, card=False).browser)
    for program, has in ((Program.beside(aiko.browser), True), (without, False)):
        answer = program.get("/billing/payment-methods/summary").json
        assert (answer["hasPaymentMethod"], answer["stale"], answer["checkedAt"][-1]) == (has, False, "Z")


def test_the_way_to_billing_is_a_secret_of_one_use(aiko: Shopper) -> None:
    answer = Program.beside(aiko.browser).post("/auth/sso-link", {"target": "payment_methods"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json["url"].startswith("http")


def test_the_way_to_an_invoice_needs_to_know_which(aiko: Shopper) -> None:
    program = Program.beside(aiko.browser)
    answer = program.post("/auth/sso-link", {"target": "invoice"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "invoiceId")
    assert program.post("/auth/sso-link", {"target": "invoice", "invoiceId": 7}).status_code == 200


def test_without_salesforce_and_without_a_copy_it_says_so(app: Flask) -> None:
    answer = Program.of(app).get("/catalog")
    assert (answer.status_code, answer.json["code"]) == (503, "catalogue_unavailable")


def test_an_unknown_path_is_a_problem(stranger: Program) -> None:
    for method, path, status, code in (("GET", "/none", 404, "not_found"), ("DELETE", "/catalog", 405, "method_not_allowed")):
        answer = stranger.send(method, path)
        assert (answer.status_code, answer.json["code"], answer.mimetype) == (status, code, "application/problem+json")


def test_a_method_that_is_not_possible_is_answered_with_those_that_are(stranger: Program) -> None:
    answer = stranger.send("PUT", "/auth/login", {})
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
