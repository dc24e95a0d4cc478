"""Logging in and out: the same words for every no, a new session each time, limits that let the owner in."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from pydantic import SecretStr

from config import Settings
from console import clock
from console.models import User, UserSession
from tests.support.web import PASSWORD, Browser, make_app, make_person


def log_in(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> object:
    browser.get("/login")
    return browser.post("/login", {"email": email, "password": password, **more})


def test_it_logs_a_customer_in(browser: Browser, customer: User) -> None:
    assert browser.log_in(customer).headers["Location"] == "/"
    assert "Hello Aiko" in browser.get("/").text


def test_it_takes_the_e_mail_in_any_case_and_width(browser: Browser, customer: User) -> None:
    assert log_in(browser, " ＡＩＫＯ.Tanaka@example.com ").status_code == 303


def test_it_leads_staff_to_their_pages(at_work: Browser) -> None:
    assert at_work.get("/").headers["Location"] == "/staff/jobs"


@pytest.mark.parametrize("case", ["unknown", "wrong", "unconfirmed"])
def test_it_says_the_same_for_every_no(browser: Browser, customer: User, case: str) -> None:
    make_person("new@example.com", confirmed_at=None)
    email = {"unknown": "nobody@example.com", "wrong": customer.email, "unconfirmed": "new@example.com"}[case]
    answer = log_in(browser, email, "not the password" if case == "wrong" else PASSWORD)
    assert answer.status_code == 401
    assert "do not fit together" in answer.text
    assert f'value="{email}"' in answer.text
    assert PASSWORD not in answer.text
    assert UserSession.select().count() == 0


def test_it_makes_a_new_session_at_each_login(browser: Browser, customer: User) -> None:
    browser.get("/login")
    before = browser.token
    browser.log_in(customer)
    first = UserSession.get().fingerprint
    assert browser.token != before
    browser.client.set_cookie("session", browser.client.get_cookie("session").value)  # type: ignore[union-attr]
    log_in(browser, customer.email)
    assert [row.fingerprint for row in UserSession.select()] != [first]
    assert UserSession.select().count() == 1


def test_it_kills_the_session_at_the_log_out(at_home: Browser) -> None:
    stolen = at_home.client.get_cookie("session")
    assert stolen
    assert at_home.post("/logout").status_code == 303
    at_home.client.set_cookie("session", stolen.value)
    assert at_home.get("/account/address").headers["Location"].startswith("/login")


def test_it_comes_back_to_the_page_that_was_asked_for(browser: Browser, customer: User) -> None:
    asked = browser.get("/account/payment?next=/catalog")
    assert asked.headers["Location"] == "/login?next=%2Faccount%2Fpayment%3Fnext%3D%2Fcatalog"
    browser.get(asked.headers["Location"])
    assert log_in(browser, customer.email, next="/account/payment?next=/catalog").headers["Location"] == "/account/payment?next=/catalog"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example", "\t//evil"]
)
def test_it_goes_nowhere_else(browser: Browser, customer: User, address: str) -> None:
    assert log_in(browser, customer.email, next=address).headers["Location"] == "/"


def test_a_session_that_ended_while_typing_leads_back_to_the_form(at_home: Browser) -> None:
    UserSession.delete().execute()
    page = {"Referer": "http://localhost/account/address"}
    to = at_home.post("/account/address", {"city": "Shibuya"}, headers=page).headers["Location"]
    assert to == "/login?next=%2Faccount%2Faddress&after=form"
    assert "so nothing was sent" in at_home.get(to).text


def test_a_fragment_without_a_session_moves_the_whole_page(browser: Browser) -> None:
    answer = browser.get("/_account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/login?next=%2F")


@pytest.mark.parametrize(("role", "idle"), [("customer", timedelta(hours=2)), ("support", timedelta(hours=1))])
def test_it_ends_an_idle_session(app: Flask, role: str, idle: timedelta) -> None:
    browser, page = Browser.of(app), "/account/number" if role == "customer" else "/no"
    person = make_person("one@example.com", role=role)
    browser.log_in(person)
    with time_machine.travel(clock.now() + idle - timedelta(minutes=1), tick=False):
        assert "Log out" in browser.get(page).text
    with time_machine.travel(clock.now() + 2 * idle, tick=False):
        assert "Log out" not in browser.get(page).text


def test_a_page_that_refreshes_itself_keeps_no_session_alive(at_home: Browser) -> None:
    before = UserSession.get().last_seen_at
    with time_machine.travel(clock.now() + timedelta(minutes=30), tick=False):
        at_home.fragment("/_account?v=working")
        assert UserSession.get().last_seen_at == before
        at_home.get("/")
        assert UserSession.get().last_seen_at > before


def test_it_ends_every_session_after_a_day(at_home: Browser) -> None:
    start = clock.now()
    for hour in range(1, 24):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            assert "Log out" in at_home.get("/no").text
    with time_machine.travel(start + timedelta(hours=24, seconds=5), tick=False):
        assert "Log out" not in at_home.get("/no").text


def test_it_throttles_failures_and_says_when_to_come_back(browser: Browser, customer: User) -> None:
    answers = [log_in(browser, customer.email, f"wrong {n}") for n in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    assert "Please wait a little" in answers[-1].text


def test_the_owner_elsewhere_still_gets_in(app: Flask, browser: Browser, customer: User) -> None:
    for n in range(11):
        log_in(browser, customer.email, f"wrong {n}")
    owner = Browser.of(app)
    owner.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert owner.log_in(customer).status_code == 303


def test_logging_in_often_is_no_fault(browser: Browser, customer: User) -> None:
    assert {browser.log_in(customer).status_code for _ in range(12)} == {303}


def test_a_cookie_from_before_the_log_in_is_worth_nothing_after_it(app: Flask, browser: Browser, customer: User) -> None:
    """Whoever planted a cookie in somebody's browser is not logged in with them."""
    browser.get("/login")
    planted = browser.client.get_cookie("session")
    assert planted
    browser.log_in(customer)
    thief = Browser.of(app)
    thief.client.set_cookie("session", planted.value)
    assert thief.get("/account/address").headers["Location"].startswith("/login")
    assert thief.client.post("/logout", data={"csrf_token": browser.token}).status_code == 400


def test_the_cookie_holds_no_more_than_an_opaque_id(app: Flask, at_home: Browser, customer: User) -> None:
    held = at_home.client.get_cookie("session")
    assert held
    told = app.session_interface.get_signing_serializer(app).loads(held.value)  # type: ignore[attr-defined]
    assert set(told) <= {"sid", "csrf_token", "paying_until"}
    assert len(told["sid"]) >= 43
    assert told["sid"] not in {row.fingerprint for row in UserSession.select()}


def test_a_log_out_ends_this_session_only(app: Flask, at_home: Browser, customer: User) -> None:
    elsewhere = Browser.of(app)
    elsewhere.log_in(customer)
    at_home.post("/logout")
    assert "Log out" in elsewhere.get("/no").text
    assert UserSession.select().count() == 1


def test_nobody_logs_another_out_with_a_link(at_home: Browser) -> None:
    assert at_home.get("/logout").status_code == 405
    assert at_home.client.post("/logout").status_code == 400
    assert "Log out" in at_home.get("/no").text


def test_a_person_who_is_gone_has_no_session(app: Flask) -> None:
    browser = Browser.of(app)
    person = make_person("gone@example.com", role="ops")
    browser.log_in(person)
    person.delete_instance()
    assert browser.get("/staff/jobs").headers["Location"].startswith("/login")


def test_it_remembers_a_customer_who_asks_for_it(app: Flask, browser: Browser, customer: User) -> None:
    answer = log_in(browser, customer.email, remember="y")
    assert "Expires=" in answer.headers["Set-Cookie"]  # type: ignore[attr-defined]
    start = clock.now()
    for days, word in ((13, "Log out"), (26, "Log out"), (31, "Log in")):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            assert word in browser.client.get("/orders", follow_redirects=True).text


def test_a_remembered_device_that_was_put_away_is_logged_out(browser: Browser, customer: User) -> None:
    log_in(browser, customer.email, remember="y")
    with time_machine.travel(clock.now() + timedelta(days=15), tick=False):
        assert browser.get("/orders").headers["Location"].startswith("/login")


def test_it_forgets_with_the_browser_unless_asked(browser: Browser, customer: User) -> None:
    assert "Expires=" not in log_in(browser, customer.email).headers["Set-Cookie"]  # type: ignore[attr-defined]


def test_it_never_remembers_staff(browser: Browser, support: User) -> None:
    assert "Expires=" not in log_in(browser, support.email, remember="y").headers["Set-Cookie"]  # type: ignore[attr-defined]
    assert not UserSession.get().remembered
    assert UserSession.get().expires_at < clock.after(25 * 3600)


def test_a_wrong_password_tells_staff_no_more_than_others(settings: Settings) -> None:
    browser = Browser.of(make_app(settings.model_copy(update={"staff_totp": "required"})))
    make_person("ops@example.com", role="ops")
    wrong, unknown = log_in(browser, "ops@example.com", "a guess"), log_in(browser, "nobody@example.com", "a guess")
    assert wrong.status_code == unknown.status_code == 401  # type: ignore[attr-defined]
    assert UserSession.select().count() == 0


def test_a_rotation_of_the_key_logs_nobody_out(settings: Settings) -> None:
    before = Browser.of(make_app(settings))
    person = make_person("aiko.tanaka@example.com")
    before.log_in(person)
    held = before.client.get_cookie("session")
    assert held
    new = {"secret_key": SecretStr("n" * 48), "secret_key_fallbacks": settings.secret_key}
    for changes, word in ((new, "Log out"), (new | {"secret_key_fallbacks": SecretStr("")}, "Log in")):
        after = Browser.of(make_app(settings.model_copy(update=changes)))
        after.client.set_cookie("session", held.value)
        assert word in after.client.get("/orders", follow_redirects=True).text
