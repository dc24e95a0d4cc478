"""Two-step sign-in through the pages: on, asked at the log-in, off; and staff who must have it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from config import Settings
from console import clock
from console.models import PendingLogin, RecoveryCode, User, UserSession
from tests.routes.test_tokens import plain
from tests.support.codes import code, enrolled
from tests.support.web import PASSWORD, Browser, make_app, make_person

PAGE = "/account/security/two-step"


def shown(page: str) -> tuple[str, str]:
    """The sealed secret and the secret of the page."""
    sealed, key = re.search(r'name="sealed"[^>]*value="([^"]+)"', page), re.search(r'id="totp-key">([^<]+)<', page)
    assert sealed
    assert key
    return sealed[1], key[1]


def turn_on(browser: Browser) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    sealed, secret = shown(browser.get(PAGE).text)
    page = browser.post(PAGE, {"sealed": sealed, "code": code(secret, clock.now() - timedelta(seconds=30))}).text
    return secret, re.findall(r"<li>([A-Z2-9 ]{19})</li>", page)


def password(browser: Browser, person: User, **more: str) -> TestResponse:
    """Through the first page; the second one is open afterwards."""
    browser.get("/login")
    answer = browser.post("/login", {"email": person.email, "password": PASSWORD, **more})
    browser.get(answer.headers["Location"])
    return answer


@pytest.fixture
def secret(app: Flask, customer: User) -> str:
    """Aiko has an app."""
    return enrolled(app.extensions["console"].policy, customer)[0]


@pytest.fixture
def strict(settings: Settings) -> Flask:
    return make_app(settings.model_copy(update={"staff_totp": "required"}))


def test_it_is_set_up_with_a_code_of_the_app_and_codes_are_shown_once(at_home: Browser, customer: User) -> None:
    page = at_home.get(PAGE).text
    assert '<svg role="img"' in page
    sealed, secret = shown(page)
    wrong = at_home.post(PAGE, {"sealed": sealed, "code": "12"})
    assert (wrong.status_code, shown(wrong.text)) == (422, (sealed, secret))
    done = at_home.post(PAGE, {"sealed": sealed, "code": code(secret)})
    codes = re.findall(r"<li>([A-Z2-9 ]{19})</li>", done.text)
    assert (len(codes), RecoveryCode.left(customer.id)) == (10, 10)
    assert done.headers["Cache-Control"] == "no-store"
    assert codes[0] not in at_home.get("/account/security").text
    assert at_home.post(PAGE, {"sealed": sealed, "code": code(secret)}).status_code == 409


def test_reading_the_page_stores_nothing(at_home: Browser) -> None:
    at_home.get(PAGE)
    assert (User.get().totp_secret, RecoveryCode.select().count()) == ("", 0)


def test_the_log_in_asks_for_the_code_and_not_again_for_the_password(browser: Browser, customer: User, secret: str) -> None:
    asked = password(browser, customer, next="/orders")
    assert asked.headers["Location"] == "/login/code?next=%2Forders"
    assert browser.get("/orders").headers["Location"].startswith("/login")
    assert UserSession.select().count() == 0
    page = browser.get(asked.headers["Location"]).text
    assert 'autocomplete="one-time-code"' in page
    assert 'type="password"' not in page
    wrong = browser.post("/login/code", {"code": "nonsense", "next": "/orders"})
    assert (wrong.status_code, "does not fit" in wrong.text) == (401, True)
    assert browser.post("/login/code", {"code": code(secret), "next": "/orders"}).headers["Location"] == "/orders"
    assert browser.get("/orders").status_code == 200
    assert PendingLogin.select().count() == 0


def test_the_right_password_alone_opens_no_page(app: Flask, customer: User, secret: str) -> None:
    browser = Browser.of(app)
    password(browser, customer)
    for page in ("/", "/orders", "/account/security", PAGE):
        assert "Log out" not in browser.get(page).text
    held = browser.client.get_cookie("session")
    assert held
    told = app.session_interface.get_signing_serializer(app).loads(held.value)  # type: ignore[attr-defined]
    assert "sid" not in told
    assert told["pending"] not in {row.fingerprint for row in PendingLogin.select()}


def test_a_code_opens_one_login(app: Flask, customer: User, secret: str) -> None:
    first, second = Browser.of(app), Browser.of(app)
    password(first, customer)
    password(second, customer)
    given = code(secret)
    assert first.post("/login/code", {"code": given}).status_code == 303
    assert second.post("/login/code", {"code": given}).status_code == 401


def test_a_recovery_code_opens_it_once(app: Flask, at_home: Browser, customer: User) -> None:
    _secret, codes = turn_on(at_home)
    for status in (303, 401):
        browser = Browser.of(app)
        password(browser, customer)
        assert browser.post("/login/code", {"code": codes[0].lower()}).status_code == status
    assert "9 recovery codes are left" in at_home.get("/account/security").text


def test_five_wrong_codes_lead_back_to_the_password(browser: Browser, customer: User, secret: str) -> None:
    password(browser, customer)
    answers = [browser.post("/login/code", {"code": "nonsense"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [303]
    assert answers[-1].headers["Location"] == "/login?next=%2F&after=code"
    assert "begin again" in browser.get(answers[-1].headers["Location"]).text


def test_too_many_for_the_account_says_when_to_come_back(app: Flask, customer: User, secret: str) -> None:
    answers = []
    for _ in range(5):
        browser = Browser.of(app)
        password(browser, customer)
        answers += [browser.post("/login/code", {"code": "nonsense"}) for _ in range(4)]
    password(browser, customer)
    last = browser.post("/login/code", {"code": code(secret)})
    assert {answer.status_code for answer in answers} == {401}
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 3600


def test_a_wrong_password_tells_nothing_about_the_second_step(app: Flask, customer: User, secret: str) -> None:
    browser = Browser.of(app)
    browser.get("/login")
    wrong = browser.post("/login", {"email": customer.email, "password": "a guess"})
    unknown = browser.post("/login", {"email": "nobody@example.com", "password": "a guess"})
    assert wrong.status_code == unknown.status_code == 401
    assert plain(wrong.text, customer.email) == plain(unknown.text, "nobody@example.com")


def test_the_code_page_needs_a_password_first(browser: Browser) -> None:
    assert browser.get("/login/code?next=/orders").headers["Location"] == "/login?next=%2Forders"
    assert browser.post("/login/code", {"code": "123456"}).headers["Location"] == "/login?next=%2F&after=code"


def test_a_session_id_from_before_is_worth_nothing(app: Flask, customer: User, secret: str) -> None:
    browser = Browser.of(app)
    password(browser, customer)
    planted = browser.client.get_cookie("session")
    assert planted
    browser.post("/login/code", {"code": code(secret)})
    thief = Browser.of(app)
    thief.client.set_cookie("session", planted.value)
    assert thief.get("/orders").headers["Location"].startswith("/login")


def test_it_goes_off_with_a_code_and_a_fresh_login(at_home: Browser, customer: User) -> None:
    secret, _codes = turn_on(at_home)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        asked = at_home.get(PAGE).text
        assert "once more" in asked
        assert f'name="next" value="{PAGE}"' in asked
        assert at_home.post("/account/security/again", {"password": PASSWORD, "next": PAGE}).headers["Location"] == PAGE
        assert at_home.post(f"{PAGE}/removal", {"code": "nonsense"}).status_code == 422
        assert at_home.post(f"{PAGE}/removal", {"code": code(secret)}).status_code == 303
    assert not User.get_by_id(customer.id).two_step


def test_new_recovery_codes_are_shown_once(at_home: Browser, customer: User) -> None:
    _secret, old = turn_on(at_home)
    page = at_home.post(f"{PAGE}/codes").text
    new = re.findall(r"<li>([A-Z2-9 ]{19})</li>", page)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_staff_reach_only_the_enrolment_until_it_is_done(strict: Flask) -> None:
    browser, ops = Browser.of(strict), make_person("ops@example.com", role="ops")
    assert browser.log_in(ops).status_code == 303
    for page in ("/staff/jobs", "/staff/incidents", "/account/security", "/account/security/password"):
        assert browser.get(page).headers["Location"] == PAGE
    assert browser.post("/account/security/logout").headers["Location"] == PAGE
    assert "Everybody who works here needs it" in browser.get(PAGE).text
    turn_on(browser)
    assert browser.get("/staff/jobs").status_code == 200
    assert browser.post("/logout").status_code == 303


def test_staff_who_take_their_time_are_asked_for_the_password_and_go_on(strict: Flask) -> None:
    browser, ops = Browser.of(strict), make_person("ops@example.com", role="ops")
    browser.log_in(ops)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        assert "once more" in browser.get(PAGE).text
        assert browser.post("/account/security/again", {"password": PASSWORD, "next": PAGE}).headers["Location"] == PAGE
        turn_on(browser)
        assert browser.get("/staff/jobs").status_code == 200


def test_the_json_doors_are_closed_to_staff_until_then(strict: Flask) -> None:
    browser, ops = Browser.of(strict), make_person("ops@example.com", role="ops")
    browser.log_in(ops)
    assert browser.get("/api/openapi.json").status_code == 403
    turn_on(browser)
    assert browser.get("/api/openapi.json").status_code == 200


def test_json_takes_password_and_code_in_one_go(app: Flask, customer: User, secret: str) -> None:
    browser = Browser.of(app)

    def log_in(**body: str) -> tuple[int, str]:
        token = browser.get("/api/auth/csrf").get_json()["csrfToken"]
        sent = {"email": customer.email, "password": PASSWORD, **body}
        answer = browser.client.post("/api/auth/login", json=sent, headers={"X-CSRFToken": token})
        return answer.status_code, answer.get_json().get("code", "")

    assert log_in() == (401, "totp_required")
    assert log_in(totp="123") == (401, "wrong_code")
    assert log_in(password="a guess", totp=code(secret)) == (401, "invalid_login")
    given = code(secret)
    assert log_in(totp=given) == (200, "")
    assert log_in(totp=given) == (401, "wrong_code")


def test_staff_with_an_app_are_asked_for_the_code(strict: Flask) -> None:
    browser, ops = Browser.of(strict), make_person("ops@example.com", role="ops")
    secret, _codes = enrolled(strict.extensions["console"].policy, ops)
    assert password(browser, ops).headers["Location"].startswith("/login/code")
    assert browser.post("/login/code", {"code": code(secret), "next": "/staff/jobs"}).headers["Location"] == "/staff/jobs"
    assert browser.get("/staff/jobs").status_code == 200


def test_staff_who_turn_it_off_are_back_at_the_enrolment(strict: Flask) -> None:
    browser, ops = Browser.of(strict), make_person("ops@example.com", role="ops")
    browser.log_in(ops)
    secret, _codes = turn_on(browser)
    assert browser.post(f"{PAGE}/removal", {"code": code(secret)}).status_code == 303
    assert browser.get("/staff/jobs").headers["Location"] == PAGE


def test_customers_may_do_without(strict: Flask) -> None:
    browser = Browser.of(strict)
    browser.log_in(make_person("aiko@example.com"))
    assert browser.get("/account/security").status_code == 200
