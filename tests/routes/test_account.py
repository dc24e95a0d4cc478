"""Address and payment method, both kept in WHMCS: read and written there, never lost when it does not answer."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask

from console import clock
from console.clients.whmcs import Address, ClientRef, NewClient, Whmcs
from console.models import CustomerLink, Job, User, UserSession
from console.wiring import Console
from deploy.browser import Browser as Outside
from tests.support.sandbox import Control
from tests.support.web import PASSWORD, Browser, make_link, make_person

FORM = {
    "last_name": "Sato", "first_name": "Kenji", "postcode": "１５０００２１", "state": "東京都", "city": "渋谷区",
    "address1": "渋谷２－２１－１", "address2": "ヒカリエ 8F", "phone": "", "next": "",
}  # fmt: skip


@pytest.fixture
def whmcs(console: Console) -> Whmcs:
    return console.upstreams.whmcs


@pytest.fixture
def client(whmcs: Whmcs, request: pytest.FixtureRequest) -> ClientRef:
    """A client in WHMCS, one per test."""
    nobody = Address("Kenji", "Sato", "", "", "", "", "", "", "JP")
    email = f"{request.node.name.partition('[')[0]}@example.com"[-60:]
    return whmcs.add_client(NewClient(email, "a-password-of-nobody", nobody, "SF-1003", "portal:1"))


@pytest.fixture
def kenji(app: Flask, client: ClientRef) -> User:
    person = make_person("kenji.sato@example.com", first_name="Kenji", address_seen=False)
    make_link(person, whmcs_client_id=client.client_id, whmcs_user_id=client.user_id)
    return person


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


@pytest.mark.usefixtures("sandbox")
class TestAddress:
    def test_the_first_visit_leads_to_it_and_it_may_be_skipped(self, at_home: Browser) -> None:
        assert at_home.get("/").headers["Location"] == "/account/address?next=/"
        assert "Skip for now" in at_home.get("/account/address?next=/").text
        assert at_home.post("/account/address/later", {"next": "/"}).headers["Location"] == "/"
        assert at_home.get("/").status_code == 200
        assert "Skip for now" not in at_home.get("/account/address").text

    def test_it_is_written_to_whmcs_in_plain_form(self, at_home: Browser, whmcs: Whmcs, client: ClientRef) -> None:
        assert at_home.post("/account/address", FORM).headers["Location"] == "/account/address?saved=1"
        found = whmcs.client(client.client_id)
        assert found
        assert found.address == Address("Kenji", "Sato", "", "150-0021", "Tokyo", "渋谷区", "渋谷2-21-1", "ヒカリエ 8F", "JP")
        page = at_home.get("/account/address?saved=1").text
        assert "The address is saved" in page
        assert 'value="渋谷2-21-1"' in page
        assert at_home.get("/").status_code == 200

    def test_it_goes_on_where_the_customer_was(self, at_home: Browser) -> None:
        assert at_home.post("/account/address", FORM | {"next": "/checkout"}).headers["Location"] == "/checkout"
        assert at_home.post("/account/address", FORM | {"next": "//evil.example"}).headers["Location"] == "/account/address?saved=1"

    def test_it_says_what_is_wrong_and_keeps_the_rest(self, at_home: Browser) -> None:
        answer = at_home.post("/account/address", FORM | {"postcode": "15", "state": "Atlantis", "city": ""})
        assert answer.status_code == 422
        assert "Seven digits" in answer.text
        assert answer.text.count("invalid-feedback") == 3
        assert 'value="渋谷2-21-1"' in answer.text

    def test_a_card_number_is_not_kept(self, at_home: Browser, whmcs: Whmcs, client: ClientRef) -> None:
        at_home.post("/account/address", FORM | {"address2": "4242 4242 4242 4242"})
        found = whmcs.client(client.client_id)
        assert found
        assert found.address.address2 == "****"

    def test_nothing_typed_is_lost_while_whmcs_does_not_answer(self, at_home: Browser, control: Control) -> None:
        control.fault("whmcs", "UpdateClient", "error_before", count=1)
        answer = at_home.post("/account/address", FORM)
        assert answer.status_code == 503
        assert "Nothing you typed is lost" in answer.text
        assert 'value="渋谷2-21-1"' in answer.text
        assert at_home.post("/account/address", FORM).status_code == 303

    def test_the_page_says_so_while_whmcs_does_not_answer(self, at_home: Browser, control: Control) -> None:
        control.fault("whmcs", "GetClientsDetails", "error_before", count=1)
        answer = at_home.get("/account/address")
        assert answer.status_code == 503
        assert "Our billing system does not answer" in answer.text
        assert answer.headers["X-Correlation-Id"] in answer.text


@pytest.mark.usefixtures("sandbox")
class TestPaymentMethod:
    def test_the_button_opens_whmcs_logged_in_and_leaves_no_trace(self, at_home: Browser, console: Console) -> None:
        answer = at_home.post("/account/payment")
        assert answer.status_code == 303
        assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
        opened = requests.get(answer.headers["Location"], timeout=10)
        assert opened.status_code == 200
        assert urlsplit(opened.url).netloc == urlsplit(console.settings.whmcs_url).netloc

    def test_it_is_seen_and_the_customer_goes_on(self, at_home: Browser) -> None:
        looked = at_home.post("/account/payment/check", {"next": "/catalog/SIM-DATA-5"})
        assert looked.headers["Location"] == "/account/payment?looked=1&next=%2Fcatalog%2FSIM-DATA-5"
        assert "found none that is valid" in at_home.get(looked.headers["Location"]).text
        add_card(at_home)
        assert at_home.post("/account/payment/check", {"next": "/catalog/SIM-DATA-5"}).headers["Location"] == "/catalog/SIM-DATA-5"
        assert "Payment method on file" in at_home.get("/account/payment").text

    def test_coming_back_to_the_tab_looks_by_itself(self, at_home: Browser) -> None:
        assert "focus from:window" in at_home.get("/account/payment").text
        asked = {"headers": {"HX-Request": "true"}}
        nothing = at_home.post("/account/payment/check", {"next": "/catalog"}, **asked)
        assert nothing.status_code == 200
        assert nothing.text.lstrip().startswith('<div id="payment-state"')
        add_card(at_home)
        assert at_home.post("/account/payment/check", {"next": "/catalog"}, **asked).headers["HX-Redirect"] == "/catalog"

    def test_it_wakes_what_waited_for_it(self, at_home: Browser, kenji: User) -> None:
        waits = {"state": "needs_customer", "error_code": "payment_method", "next_run_at": clock.after(3600)}
        job, _made = Job.make("provision", "801000000000001AAA", user=kenji.id, **waits)
        add_card(at_home)
        assert at_home.post("/account/payment/check").headers["Location"] == "/orders"
        assert Job.get_by_id(job.id).next_run_at <= clock.now()

    def test_the_banner_stays_until_one_exists(self, at_home: Browser, kenji: User) -> None:
        kenji.address_seen = True
        kenji.save()
        assert "Orders start only when there is a way to pay" in at_home.get("/").text
        add_card(at_home)
        at_home.post("/account/payment/check")
        assert "Orders start only" not in at_home.get("/").text

    def test_the_page_is_there_while_whmcs_does_not_answer(self, at_home: Browser, control: Control) -> None:
        control.fault("whmcs", "GetPayMethods", "error_before", count=1)
        answer = at_home.get("/account/payment")
        assert answer.status_code == 200
        assert "Not known just now" in answer.text

    def test_an_older_login_is_asked_for_the_password(self, at_home: Browser, kenji: User) -> None:
        with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
            assert "once more" in at_home.post("/account/payment").text
            wrong = at_home.post("/account/payment", {"password": "not it"})
            assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
            assert at_home.post("/account/payment", {"password": PASSWORD}).status_code == 303
            assert at_home.post("/account/payment").status_code == 303
            assert UserSession.get().user_id == kenji.id


@pytest.mark.parametrize("page", ["/account/address", "/account/payment"])
def test_it_says_that_the_account_is_not_finished_yet(at_home_without_upstreams: Browser, page: str) -> None:
    answer = at_home_without_upstreams.get(page)
    assert answer.status_code == 409
    assert "not finished yet" in answer.text


@pytest.fixture
def at_home_without_upstreams(app: Flask) -> Browser:
    """A customer whose sign-up is still running."""
    browser = Browser.of(app)
    browser.log_in(make_person("new@example.com"))
    assert CustomerLink.select().count() == 0
    return browser
