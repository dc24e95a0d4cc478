"""The account, its profile and its address, kept in WHMCS: read and written there, never lost when it does not answer."""

from itertools import count
from typing import ClassVar

import pytest
from flask import Flask

from console.clients.whmcs import Address, ClientRef, NewClient, Whmcs
from console.models import BillingChange, CustomerLink, Job, User
from console.wiring import Console
from tests.support.sandbox import Control
from tests.support.web import Browser, make_link, make_person

FORM = {
    "last_name": "Sato", "first_name": "Kenji", "postcode": "１５０００２１", "state": "東京都", "city": "渋谷区",
    "address1": "渋谷２－２１－１", "address2": "ヒカリエ 8F", "phone": "", "next": "",
}  # fmt: skip
_numbers = count()


@pytest.fixture
def whmcs(console: Console) -> Whmcs:
    return console.upstreams.whmcs


@pytest.fixture
def client(whmcs: Whmcs) -> ClientRef:
    """A client in WHMCS, one per test."""
    nobody = Address("Kenji", "Sato", "", "", "", "", "", "", "JP")
    return whmcs.add_client(NewClient(f"kenji{next(_numbers)}@example.com", "a-password-of-nobody", nobody, "SF-1003", "portal:1"))


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
        assert found.address.address2 == "**** 4242"

    def test_it_is_kept_and_said_so_while_whmcs_does_not_answer(self, at_home: Browser, kenji: User, control: Control) -> None:
        control.fault("whmcs", "UpdateClient", "error_before", count=1)
        assert at_home.post("/account/address", FORM).status_code == 303
        page = at_home.get("/account/address?saved=1").text
        assert "Kept, not yet sent to billing" in page
        assert "The address is saved" not in page
        assert 'value="渋谷2-21-1"' in page
        assert "Not yet sent to billing" in at_home.get("/account").text
        assert Job.keyed(f"billing:{kenji.id}").state == "retry_wait"

    def test_it_goes_to_billing_as_soon_as_it_answers_and_the_last_one_wins(
        self, at_home: Browser, whmcs: Whmcs, client: ClientRef, control: Control
    ) -> None:
        control.fault("whmcs", "UpdateClient", "error_before", count=1)
        at_home.post("/account/address", FORM)
        at_home.post("/account/address", FORM | {"address1": "渋谷1-1-1"})
        found = whmcs.client(client.client_id)
        assert found
        assert found.address.address1 == "渋谷1-1-1"
        assert BillingChange.select().count() == 0
        assert "not yet sent" not in at_home.get("/account/address").text

    @pytest.mark.parametrize(
        ("field", "typed", "said"),
        [
            ("last_name", "", "This is needed"),
            ("last_name", "   ", "This is needed"),
            ("first_name", "x" * 81, "At most 80 characters"),
            ("city", "x" * 101, "At most 100 characters"),
            ("address1", "x" * 151, "At most 150 characters"),
            ("postcode", "渋谷", "Seven digits"),
            ("postcode", "150-00021", "Seven digits"),
            ("phone", "call me", "Digits"),
            ("country", "XX", "Not a valid choice"),
        ],
    )
    def test_it_refuses_what_cannot_be(self, at_home: Browser, field: str, typed: str, said: str) -> None:
        answer = at_home.post("/account/address", FORM | {field: typed})
        assert answer.status_code == 422
        assert said in answer.text
        assert f'id="{field}-error"' in answer.text
        assert f'aria-describedby="{field}-error"' in answer.text
        assert BillingChange.select().count() == 0

    @pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "O'Hara\" OR 1=1 --", "　🏠 ハイツ\r\n"])
    def test_it_takes_whatever_people_write_as_text(self, at_home: Browser, whmcs: Whmcs, client: ClientRef, typed: str) -> None:
        assert at_home.post("/account/address", FORM | {"address2": typed}).status_code == 303
        found = whmcs.client(client.client_id)
        assert found
        assert found.address.address2 == " ".join(typed.split())
        assert "<script>alert" not in at_home.get("/account/address").text

    def test_another_country_has_plain_fields(self, at_home: Browser, whmcs: Whmcs, client: ClientRef) -> None:
        abroad = FORM | {
            "country": "SE",
            "postcode": "114 55",
            "state": "",
            "city": "Stockholm",
            "address1": "Strandvägen 1",
            "address2": "",
        }
        page = at_home.post("/account/address/form", abroad).text
        assert "State or region" in page
        assert "Find address" not in page
        assert 'value="Stockholm"' in page
        assert at_home.post("/account/address", abroad).status_code == 303
        found = whmcs.client(client.client_id)
        assert found
        assert found.address == Address("Kenji", "Sato", "", "114 55", "", "Stockholm", "Strandvägen 1", "", "SE")
        assert "State or region" in at_home.get("/account/address").text

    def test_nobody_is_shut_out_of_the_portal_while_whmcs_does_not_answer(self, at_home: Browser, kenji: User, control: Control) -> None:
        control.fault("whmcs", "*", "refuse")
        way_in = at_home.get("/")
        answer = at_home.get(way_in.headers["Location"])
        assert (answer.status_code, way_in.headers["Location"]) == (200, "/account/address?next=/")
        assert "Our billing system does not answer" in answer.text
        assert f'value="{kenji.last_name}"' in answer.text
        assert at_home.post("/account/address", FORM | {"next": "/"}).headers["Location"] == "/"
        assert at_home.get("/").status_code == 200
        assert 'value="渋谷2-21-1"' in at_home.get("/account/address").text


@pytest.mark.usefixtures("sandbox")
class TestPostcode:
    """Nothing of this is saved; the form comes back filled in."""

    EMPTY: ClassVar[dict[str, str]] = FORM | {"find": "1", "postcode": "", "state": "", "city": "", "address1": "", "address2": ""}

    def test_it_fills_in_the_town(self, at_home: Browser) -> None:
        page = at_home.post("/account/address/form", self.EMPTY | {"postcode": "１５０ー０００２"}).text
        assert '<option selected value="Tokyo">' in page
        assert 'value="渋谷区"' in page
        assert 'value="渋谷"' in page
        assert 'value="150-0002"' in page
        assert BillingChange.select().count() == 0

    def test_it_keeps_what_was_typed(self, at_home: Browser) -> None:
        typed = self.EMPTY | {"postcode": "1500002", "address1": "2-21-1", "address2": "ヒカリエ", "phone": "０３－１２３４－５６７８"}
        page = at_home.post("/account/address/form", typed).text
        assert 'value="渋谷2-21-1"' in page
        assert 'value="ヒカリエ"' in page
        assert 'value="03-1234-5678"' in page

    def test_it_lets_the_person_choose_where_there_are_several(self, at_home: Browser) -> None:
        page = at_home.post("/account/address/form", self.EMPTY | {"postcode": "498-0000"}).text
        assert "Which of these is it?" in page
        assert "愛知県弥富市 (アイチケン ヤトミシ)" in page
        assert "三重県桑名郡木曽岬町 (ミエケン クワナグンキソサキチョウ)" in page
        taken = at_home.post("/account/address/form", self.EMPTY | {"postcode": "498-0000", "town": "1", "take": "1"}).text
        assert '<option selected value="Mie">' in taken
        assert 'value="桑名郡木曽岬町"' in taken
        assert "Which of these" not in taken

    @pytest.mark.parametrize("town", ["", "9"])
    def test_it_asks_again_for_a_town_that_is_not_offered(self, at_home: Browser, town: str) -> None:
        typed = self.EMPTY | {"postcode": "498-0000", "town": town, "take": "1"}
        assert "Which of these is it?" in at_home.post("/account/address/form", typed).text

    @pytest.mark.parametrize("typed", ["999-8888", "", "渋谷'; --"])
    def test_it_says_when_there_is_no_such_postcode(self, at_home: Browser, typed: str) -> None:
        answer = at_home.post("/account/address/form", self.EMPTY | {"postcode": typed, "city": "渋谷区"})
        assert answer.status_code == 200
        assert "do not know this postcode" in answer.text
        assert 'value="渋谷区"' in answer.text

    def test_a_large_office_has_one_of_its_own(self, at_home: Browser) -> None:
        page = at_home.post("/account/address/form", self.EMPTY | {"postcode": "163-8001"}).text
        assert 'value="西新宿2丁目8-1"' in page
        assert 'value="東京都庁"' in page

    def test_htmx_gets_the_fields_alone(self, at_home: Browser) -> None:
        typed = self.EMPTY | {"postcode": "150-0002"}
        answer = at_home.post("/account/address/form", typed, headers={"HX-Request": "true"})
        assert answer.text.lstrip().startswith('<div id="address-fields">')
        assert "autofocus" in answer.text


@pytest.mark.usefixtures("sandbox")
class TestProfile:
    FORM: ClassVar[dict[str, str]] = {"last_name": "Satō", "first_name": "Ken", "phone": "０９０－１２３４－５６７８", "language": "ja"}

    def test_the_account_at_a_glance(self, at_home: Browser) -> None:
        at_home.post("/account/address", FORM)
        page = at_home.get("/account").text
        for told in ("kenji.sato@example.com", "150-0021 Tokyo 渋谷区", "渋谷2-21-1", "None yet"):
            assert told in page

    @pytest.mark.parametrize(("spoken", "first"), [("en", "first_name"), ("ja", "last_name")])
    def test_a_name_is_asked_in_the_order_of_its_language(self, at_home: Browser, kenji: User, spoken: str, first: str) -> None:
        User.update(language=spoken).where(User.id == kenji.id).execute()
        for path in ("/account", "/account/address"):
            page = at_home.get(path).text
            assert min(("first_name", "last_name"), key=lambda name: page.index(f'name="{name}"')) == first

    def test_names_and_phone_go_to_billing_and_the_language_stays_here(
        self, at_home: Browser, whmcs: Whmcs, client: ClientRef, kenji: User
    ) -> None:
        assert at_home.post("/account/profile", self.FORM).headers["Location"] == "/account?saved=1"
        found, person = whmcs.client(client.client_id), User.get_by_id(kenji.id)
        assert found
        assert (found.address.first_name, found.address.last_name, found.address.phone) == ("Ken", "Satō", "090-1234-5678")
        assert (person.first_name, person.last_name, person.phone, person.language) == ("Ken", "Satō", "090-1234-5678", "ja")

    def test_a_change_of_language_alone_asks_billing_nothing(self, at_home: Browser, kenji: User, control: Control) -> None:
        control.clear_calls()
        same = {"last_name": kenji.last_name, "first_name": kenji.first_name, "phone": "", "language": "ja"}
        at_home.post("/account/profile", same)
        assert control.calls("whmcs") == []
        assert User.get_by_id(kenji.id).language == "ja"

    def test_names_are_kept_while_whmcs_does_not_answer(self, at_home: Browser, kenji: User, control: Control) -> None:
        control.fault("whmcs", "UpdateClient", "refuse", count=1)
        assert at_home.post("/account/profile", self.FORM | {"language": "en"}).status_code == 303
        assert BillingChange.of(kenji.id).fields == {"first_name": "Ken", "last_name": "Satō", "phone": "090-1234-5678"}
        page = at_home.get("/account").text
        assert 'value="Ken"' in page
        assert "Not yet sent to billing" in page

    def test_it_is_there_while_whmcs_does_not_answer(self, at_home: Browser, control: Control) -> None:
        control.fault("whmcs", "*", "refuse")
        answer = at_home.get("/account")
        assert answer.status_code == 200
        assert "cannot show it just now" in answer.text

    @pytest.mark.parametrize(("field", "typed"), [("first_name", ""), ("last_name", "x" * 81), ("phone", "call me"), ("language", "tlh")])
    def test_it_says_what_is_wrong(self, at_home: Browser, kenji: User, field: str, typed: str) -> None:
        answer = at_home.post("/account/profile", self.FORM | {field: typed})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert User.get_by_id(kenji.id).first_name == "Kenji"


def test_a_profile_can_be_changed_while_the_account_is_being_made(at_home_without_upstreams: Browser) -> None:
    assert "About you" in at_home_without_upstreams.get("/account").text
    assert at_home_without_upstreams.post("/account/profile", TestProfile.FORM).status_code == 303
    assert User.get().first_name == "Ken"
    assert BillingChange.select().count() == 0


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
