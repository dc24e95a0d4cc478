"""Signing up: always the same answer, nothing before the mail's link, and the link only with the password."""

from typing import Any

import pytest
from flask import Flask

from config import Settings
from console import clock
from console.models import EmailToken, Job, OutboxMessage, User
from console.vault import Vault
from console.wiring import policy
from tests.support.web import PASSWORD, Browser, make_link, make_person

FORM = {
    "email": "kenji.sato@example.com", "password": PASSWORD, "sf_number": "SF-1003", "first_name": "Kenji", "last_name": "Sato",
    "phone": "", "terms": "y",
}  # fmt: skip


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return policy(settings).vault


def sign_up(browser: Browser, **changes: Any) -> Any:
    browser.get("/signup")
    return browser.post("/signup", FORM | changes)


def link_of(vault: Vault) -> str:
    """What the newest mail says."""
    row = EmailToken.select().order_by(EmailToken.id.desc()).get()
    return f"/confirm/{vault.token(row.purpose, row.id, row.nonce)}"


def mails() -> list[str]:
    return [row.template for row in OutboxMessage.select().order_by(OutboxMessage.id)]


def test_it_leaves_an_unconfirmed_person_a_mail_and_no_job(browser: Browser) -> None:
    assert sign_up(browser).headers["Location"] == "/signup/sent"
    user = User.by_email("kenji.sato@example.com")
    assert user
    assert not user.confirmed
    assert user.sf_number == "SF-1003"
    assert mails() == ["confirm"]
    assert Job.select().count() == 0


def test_it_answers_alike_for_an_e_mail_that_has_an_account(browser: Browser, customer: User) -> None:
    fresh, known = sign_up(browser), sign_up(browser, email=customer.email)
    assert (known.status_code, known.headers["Location"], known.data) == (fresh.status_code, fresh.headers["Location"], fresh.data)
    assert mails() == ["confirm", "already_registered"]
    assert User.by_email(customer.email) == customer


def test_it_mails_an_account_holder_once_an_hour(browser: Browser, customer: User) -> None:
    sign_up(browser, email=customer.email)
    sign_up(browser, email=customer.email)
    assert mails() == ["already_registered"]


def test_it_replaces_an_unconfirmed_sign_up_and_its_link(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    older = link_of(vault)
    sign_up(browser, password="another good one")
    assert browser.get(older).status_code == 404
    assert browser.get(link_of(vault)).status_code == 200
    assert User.select().count() == 1


def test_it_normalises_what_full_width_hands_type(browser: Browser) -> None:
    typed = {"sf_number": " ｓｆ－１００３ ", "first_name": "Ｋｅｎｊｉ", "phone": "０３－１２３４－５６７８"}
    sign_up(browser, email="Kenji.Sato@Example.COM", **typed)
    user = User.by_email("kenji.sato@example.com")
    assert user
    assert (user.sf_number, user.first_name, user.phone) == ("SF-1003", "Kenji", "03-1234-5678")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("email", "kenji", "does not look like an e-mail"),
        ("email", "kenji@example.com\nBcc: x@example.com", "does not look like an e-mail"),
        ("password", "short", "Between 8 and 256"),
        ("password", "password1", "most used passwords"),
        ("sf_number", "12 34; DROP", "Letters, digits and dashes"),
        ("sf_number", "", "This is needed"),
        ("phone", "call me", "Digits"),
        ("first_name", "", "This is needed"),
        ("last_name", "x" * 81, "At most 80 characters"),
        ("terms", None, "This is needed"),
    ],
)
def test_it_says_at_the_field_what_is_wrong_and_keeps_the_rest(browser: Browser, field: str, typed: str | None, said: str) -> None:
    browser.get("/signup")
    answer = browser.post("/signup", {name: value for name, value in (FORM | {field: typed}).items() if value is not None})
    assert answer.status_code == 422
    assert said in answer.text
    assert PASSWORD not in answer.text
    assert field == "email" or 'value="kenji.sato@example.com"' in answer.text
    assert User.select().count() == 0


def test_it_makes_the_job_and_logs_in_with_link_and_password(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    link = link_of(vault)
    browser.get(link)
    assert browser.post(link, {"password": PASSWORD}).headers["Location"] == "/"
    assert Job.get().dedupe_key == f"signup:{User.get().id}"
    assert "We are finishing your account" in browser.get("/").text
    assert browser.get(link).status_code == 404


def test_it_closes_the_link_after_five_wrong_passwords(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    link = link_of(vault)
    assert [browser.post(link, {"password": f"wrong {n}"}).status_code for n in range(5)] == [422] * 5
    assert browser.post(link, {"password": PASSWORD}).status_code == 429
    assert not User.get().confirmed
    assert Job.select().count() == 0


@pytest.mark.parametrize("spoil", [lambda link: link + "x", lambda link: "/confirm/1.forged", lambda link: "/confirm/nonsense"])
def test_it_refuses_a_link_that_is_not_ours(browser: Browser, vault: Vault, spoil: Any) -> None:
    sign_up(browser)
    answer = browser.post(spoil(link_of(vault)), {"password": PASSWORD})
    assert answer.status_code == 404
    assert "does not work any more" in answer.text
    assert not User.get().confirmed


def test_it_refuses_a_link_after_its_end(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    EmailToken.update(expires_at=clock.now()).execute()
    assert browser.get(link_of(vault)).status_code == 404


def again(browser: Browser, email: str = FORM["email"]) -> Any:
    browser.get("/signup/sent")
    return browser.post("/signup/again", {"email": email})


def test_it_sends_the_same_link_again_and_says_nothing_of_who_is_known(browser: Browser, vault: Vault, customer: User) -> None:
    sign_up(browser)
    link = link_of(vault)
    answers = [again(browser, email) for email in (FORM["email"], customer.email, "nobody@example.com")]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, "/signup/sent?again=1")}
    assert mails() == ["confirm", "confirm", "already_registered"]
    assert {row.values["token_id"] for row in OutboxMessage.select().where(OutboxMessage.template == "confirm")} == {EmailToken.get().id}
    assert browser.get(link).status_code == 200


def test_it_sends_one_again_in_ten_minutes_and_five_in_an_hour(browser: Browser) -> None:
    sign_up(browser)
    statuses = [again(browser).status_code for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    assert len(mails()) <= 3  # the sign-up's own, and one for each ten minutes that were touched


def test_it_makes_a_new_link_for_one_that_has_ended_but_gives_no_tries_back(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    ended = link_of(vault)
    browser.post(ended, {"password": "wrong one"})
    EmailToken.update(expires_at=clock.now()).execute()
    page = browser.get(ended)
    assert page.status_code == 404
    assert "This link has ended" in page.text
    assert browser.post("/signup/again", {"email": FORM["email"]}).status_code == 303
    fresh = link_of(vault)
    assert fresh != ended
    assert [browser.post(fresh, {"password": f"wrong {n}"}).status_code for n in range(5)] == [422] * 4 + [429]
    assert browser.get(ended).status_code == 404


def test_it_tells_a_used_link_from_an_unknown_one(browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    link = link_of(vault)
    browser.get(link)
    browser.post(link, {"password": PASSWORD})
    assert "This link was used already" in browser.get(link).text
    assert "does not work any more" in browser.get("/confirm/1.forged").text


def test_it_opens_on_another_device_with_the_password(app: Flask, browser: Browser, vault: Vault) -> None:
    sign_up(browser)
    phone = Browser.of(app)
    phone.get(link_of(vault))
    assert phone.post(link_of(vault), {"password": PASSWORD}).status_code == 303
    assert "finishing your account" in phone.get("/").text
    assert browser.get("/").headers["Location"] == "/login"


@pytest.mark.parametrize("email", ["", "kenji", "kenji@example.com\nBcc: x@example.com", "<script>"])
def test_it_does_not_send_to_what_is_no_address(browser: Browser, email: str) -> None:
    answer = again(browser, email)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text


def test_it_keeps_the_language_of_the_page(browser: Browser) -> None:
    browser.get("/signup")
    browser.post("/signup", FORM, headers={"Accept-Language": "ja"})
    assert User.get().language == "ja"


def test_it_shows_the_form_again_when_the_page_was_open_too_long(app: Flask) -> None:
    answer = app.test_client().post("/signup", data=FORM)
    assert answer.status_code == 400
    assert "open too long" in answer.text
    assert 'value="SF-1003"' in answer.text
    assert PASSWORD not in answer.text


def test_it_throttles_mails_to_one_address(browser: Browser) -> None:
    assert [sign_up(browser).status_code for _ in range(6)] == [303] * 5 + [429]
    assert sign_up(browser, email="other@example.com").status_code == 303


@pytest.fixture
def waiting(app: Flask) -> User:
    """Whose customer number nobody has."""
    person = make_person("kenji.sato@example.com", sf_number="SF-9999", address_seen=False)
    Job.make("signup", str(person.id), user=person.id, state="needs_customer", error_code="customer_number", next_run_at=clock.after(300))
    return person


def test_it_takes_another_customer_number_and_looks_at_once(browser: Browser, waiting: User) -> None:
    browser.log_in(waiting)
    assert "did not find your customer number" in browser.get("/").text
    assert browser.post("/account/number", {"sf_number": "sf-1003"}).status_code == 303
    assert User.get().sf_number == "SF-1003"
    assert Job.get().next_run_at <= clock.now()
    assert "finishing your account" in browser.get("/").text


def test_it_takes_five_customer_numbers_and_no_more(browser: Browser, waiting: User) -> None:
    browser.log_in(waiting)
    answers = [browser.post("/account/number", {"sf_number": f"SF-{n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [409]
    assert "ask our support" in answers[-1].text
    assert User.get().sf_number == "SF-4"


def test_it_refuses_a_number_while_nothing_waits_for_one(browser: Browser, waiting: User) -> None:
    Job.update(state="running").execute()
    browser.log_in(waiting)
    assert browser.post("/account/number", {"sf_number": "SF-1003"}).status_code == 409
    assert User.get().sf_number == "SF-9999"


def test_the_waiting_page_goes_on_by_itself(browser: Browser, waiting: User) -> None:
    Job.update(state="running").execute()
    browser.log_in(waiting)
    assert 'hx-trigger="every 2s"' in browser.get("/").text
    assert browser.fragment("/_account?v=working").status_code == 204
    make_link(waiting)
    assert browser.fragment("/_account?v=working").headers["HX-Redirect"] == "/"
    assert browser.get("/").headers["Location"] == "/account/address?next=/"


def test_the_waiting_page_says_when_support_has_it(browser: Browser, waiting: User) -> None:
    Job.update(state="needs_attention").execute()
    browser.log_in(waiting)
    assert "our support finishes your account by hand" in browser.get("/").text
