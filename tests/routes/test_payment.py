"""The way to pay, kept in WHMCS: opened there on a click, seen again on coming back, believed for seconds."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask

from console import clock
from console.models import CustomerLink, Job, User, UserSession
from console.services import billing
from console.wiring import Console
from deploy.browser import Browser as Outside
from tests.routes.shop import shopper
from tests.support.sandbox import Control, Running
from tests.support.web import PASSWORD, Browser


@pytest.fixture
def kenji(app: Flask, sandbox: Running) -> User:
    return shopper(app, sandbox, card=False).user


@pytest.fixture
def at_home(app: Flask, kenji: User) -> Browser:
    browser = Browser.of(app)
    browser.log_in(kenji)
    return browser


def add_card(browser: Browser) -> None:
    """As the customer does it: through our button, at WHMCS's own page."""
    address = browser.post("/account/payment").headers["Location"]
    outside = Outside(address)
    page = outside.open(address)
    outside.submit(page, page.forms[0], press="add")


def test_the_button_opens_whmcs_logged_in_and_leaves_no_trace(at_home: Browser, console: Console) -> None:
    answer = at_home.post("/account/payment")
    assert answer.status_code == 303
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    opened = requests.get(answer.headers["Location"], timeout=10)
    assert opened.status_code == 200
    assert urlsplit(opened.url).netloc == urlsplit(console.settings.whmcs_url).netloc


def test_it_is_seen_and_the_customer_goes_on(at_home: Browser) -> None:
    looked = at_home.post("/account/payment/check", {"next": "/catalog/SIM-DATA-5"})
    assert looked.headers["Location"] == "/account/payment?looked=1&next=%2Fcatalog%2FSIM-DATA-5"
    assert "found none that is valid" in at_home.get(looked.headers["Location"]).text
    add_card(at_home)
    assert at_home.post("/account/payment/check", {"next": "/catalog/SIM-DATA-5"}).headers["Location"] == "/catalog/SIM-DATA-5"
    assert "Payment method on file" in at_home.get("/account/payment").text


def test_coming_back_to_the_tab_looks_by_itself(at_home: Browser) -> None:
    assert "focus from:window" in at_home.get("/account/payment").text
    asked = {"headers": {"HX-Request": "true"}}
    nothing = at_home.post("/account/payment/check", {"next": "/catalog"}, **asked)
    assert nothing.status_code == 200
    assert nothing.text.lstrip().startswith('<div id="payment-state"')
    add_card(at_home)
    assert at_home.post("/account/payment/check", {"next": "/catalog"}, **asked).headers["HX-Redirect"] == "/catalog"


def test_it_wakes_what_waited_for_it(at_home: Browser, kenji: User) -> None:
    waits = {"state": "needs_customer", "error_code": "payment_method", "next_run_at": clock.after(3600)}
    job, _made = Job.make("provision", "801000000000001AAA", user=kenji.id, **waits)
    add_card(at_home)
    assert at_home.post("/account/payment/check").headers["Location"] == "/orders"
    assert Job.get_by_id(job.id).next_run_at <= clock.now()


def test_the_banner_stays_until_one_exists(at_home: Browser, kenji: User) -> None:
    kenji.address_seen = True
    kenji.save()
    assert "Orders start only when there is a way to pay" in at_home.get("/").text
    add_card(at_home)
    at_home.post("/account/payment/check")
    assert "Orders start only" not in at_home.get("/").text


def test_the_page_is_there_while_whmcs_does_not_answer(at_home: Browser, control: Control) -> None:
    control.fault("whmcs", "GetPayMethods", "error_before", count=1)
    answer = at_home.get("/account/payment")
    assert answer.status_code == 200
    assert "Not known just now" in answer.text


def test_an_older_login_is_asked_for_the_password(at_home: Browser, kenji: User) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        assert "once more" in at_home.post("/account/payment").text
        wrong = at_home.post("/account/payment", {"password": "not it"})
        assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
        assert at_home.post("/account/payment", {"password": PASSWORD}).status_code == 303
        assert at_home.post("/account/payment").status_code == 303
        assert UserSession.get().user_id == kenji.id


def test_the_banner_is_on_every_page_until_one_exists(at_home: Browser) -> None:
    for page in ("/catalog", "/orders", "/subscriptions", "/account"):
        assert 'class="pay-banner"' in at_home.get(page).text, page
    assert 'class="pay-banner"' not in at_home.get("/account/payment").text
    add_card(at_home)
    at_home.post("/account/payment/check")
    assert 'class="pay-banner"' not in at_home.get("/orders").text


def looks(control: Control) -> int:
    return sum(call["operation"] == "GetPayMethods" for call in control.calls("whmcs"))


def test_a_yes_is_believed_for_seconds_and_a_no_never(at_home: Browser, control: Control) -> None:
    control.clear_calls()
    for _ in range(2):
        assert "No payment method yet" in at_home.get("/account/payment").text
    assert looks(control) == 2
    add_card(at_home)
    for _ in range(2):
        assert "Payment method on file" in at_home.get("/account/payment").text
    assert looks(control) == 3
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=True):
        assert "Payment method on file" in at_home.get("/account/payment").text
    assert looks(control) == 4


def test_a_second_browser_shares_what_the_first_has_seen(app: Flask, at_home: Browser, kenji: User, control: Control) -> None:
    add_card(at_home)
    at_home.get("/account/payment")
    elsewhere = Browser.of(app)
    elsewhere.log_in(kenji)
    control.clear_calls()
    assert "Payment method on file" in elsewhere.get("/account/payment").text
    assert looks(control) == 0


def test_what_was_known_is_told_as_such_while_whmcs_does_not_answer(
    at_home: Browser, console: Console, kenji: User, control: Control
) -> None:
    add_card(at_home)
    at_home.get("/account/payment")
    control.fault("whmcs", "GetPayMethods", "refuse")
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=True):
        told = billing.payment_summary(console.upstreams, CustomerLink.of(kenji.id))
        assert (told.has, told.stale) == (True, True)
        page = at_home.get("/account/payment").text
    assert "Not known just now" in page
    assert "there was one" in page


def test_coming_back_while_whmcs_does_not_answer_says_so(at_home: Browser, control: Control) -> None:
    at_home.get("/account/payment")
    control.fault("whmcs", "GetPayMethods", "refuse")
    answer = at_home.post("/account/payment/check", {"next": "/catalog"})
    assert answer.status_code == 200
    assert "Not known just now" in answer.text
    assert 'name="next" value="/catalog"' in answer.text


def test_the_way_out_is_not_opened_without_end(at_home: Browser) -> None:
    statuses = [at_home.post("/account/payment").status_code for _ in range(31)]
    assert statuses == [303] * 30 + [429]


def test_a_get_opens_nothing(at_home: Browser, control: Control) -> None:
    control.clear_calls()
    at_home.get("/account/payment")
    at_home.get("/account")
    assert "CreateSsoToken" not in {call["operation"] for call in control.calls("whmcs")}
