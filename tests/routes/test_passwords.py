"""The pages of a forgotten password: the same for everybody, a link that works once, rules as at the sign-up."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from console.models import OutboxMessage, User, UserSession
from console.services import mailing
from tests.support.web import PASSWORD, Browser, make_person

NEW = "a lantern in the harbour"


def ask(browser: Browser, email: str) -> tuple[int, str, str]:
    """Status, where it leads, and the page without what differs each time."""
    browser.get("/forgot")
    answer = browser.post("/forgot", {"email": email})
    shown = browser.get(answer.headers.get("Location", "/forgot")).text
    return answer.status_code, answer.headers.get("Location", ""), re.sub(r'(name="csrf_token"[^>]* value=")[^"]+', r"\1", shown)


def link(app: Flask) -> str:
    message = OutboxMessage.select().where(OutboxMessage.template == "reset").order_by(OutboxMessage.id.desc()).get()
    policy = app.extensions["console"].policy
    return str(mailing.VALUES["reset"](message, policy, "en")["url"]).removeprefix(policy.public_url)


def test_it_says_the_same_whoever_asks(browser: Browser, customer: User) -> None:
    make_person("new@example.com", confirmed_at=None)
    answers = [ask(browser, email) for email in (customer.email, "nobody@example.com", "new@example.com", customer.email.upper())]
    assert answers[0][:2] == (303, "/forgot/sent")
    assert answers == [answers[0]] * 4
    assert {row.user_id for row in OutboxMessage.select()} == {customer.id}


def test_it_leads_to_a_new_password_and_to_the_log_in(app: Flask, at_home: Browser, customer: User) -> None:
    stranger = Browser.of(app)
    ask(stranger, customer.email)
    path = link(app)
    assert "Choose a new password" in stranger.get(path).text
    answer = stranger.post(path, {"password": NEW})
    assert answer.headers["Location"] == "/login?after=reset"
    assert "Your password is changed" in stranger.get(answer.headers["Location"]).text
    assert at_home.get("/orders").headers["Location"].startswith("/login")
    assert UserSession.select().count() == 0
    assert stranger.log_in(customer, PASSWORD).status_code == 401
    assert stranger.log_in(customer, NEW).status_code == 303
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "This is needed"), ("short", "Between 8 and 256"), ("x" * 257, "Between 8 and 256"), ("Password1", "most used passwords")],
)
def test_the_rules_are_those_of_the_sign_up(app: Flask, browser: Browser, customer: User, password: str, words: str) -> None:
    ask(browser, customer.email)
    answer = browser.post(link(app), {"password": password})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert browser.post(link(app), {"password": "🙂 日本語 " + "x" * 64}).status_code == 303


def test_paste_and_password_managers_are_welcome(app: Flask, browser: Browser, customer: User) -> None:
    ask(browser, customer.email)
    page = browser.get(link(app)).text
    assert 'autocomplete="new-password"' in page
    assert "onpaste" not in page


@pytest.mark.parametrize("email", ["", "no address", "a" * 300 + "@example.com", "<script>@", "x@y\r\nBcc: z@example.com"])
def test_it_says_what_is_wrong_with_an_address(browser: Browser, email: str) -> None:
    browser.get("/forgot")
    answer = browser.post("/forgot", {"email": email})
    assert answer.status_code == 422
    assert "<script>@" not in answer.text
    assert OutboxMessage.select().count() == 0


def test_a_mailbox_is_not_filled_and_the_limit_tells_nothing(app: Flask, customer: User) -> None:
    for email in (customer.email, "nobody@example.com"):
        browser = Browser.of(app)
        answers = []
        for _ in range(6):
            browser.get("/forgot")
            answers.append(browser.post("/forgot", {"email": email}))
        assert [answer.status_code for answer in answers] == [303] * 5 + [429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert OutboxMessage.select().count() == 5


def test_a_made_up_link_opens_nothing(browser: Browser, customer: User) -> None:
    for token in ("1.AAAA", "nonsense", "999999." + "A" * 43, "１.A"):
        assert browser.get(f"/reset/{token}").status_code == 404
        assert browser.post(f"/reset/{token}", {"password": NEW}).status_code == 404
