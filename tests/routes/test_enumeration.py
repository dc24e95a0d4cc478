"""Nobody learns who has an account: words, status, work and time are the same for every address, on pages and in JSON."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

from console.models import OutboxMessage, Throttle, User
from console.web.even import EVEN_S
from tests.routes.test_signup import FORM
from tests.support.api import Program
from tests.support.web import Browser, make_person

WISH = {"password": FORM["password"], "sfNumber": "SF-1003", "firstName": "Kenji", "lastName": "Sato", "acceptTerms": True}
PAGES = {
    "sign-up": ("/signup", "/signup", FORM), "log-in": ("/login", "/login", {"password": "not the password"}),
    "forgot": ("/forgot", "/forgot", {}), "again": ("/signup/sent", "/signup/again", {}),
}  # fmt: skip
CALLS = {"sign-up in JSON": ("/auth/signup", WISH), "log-in in JSON": ("/auth/login", {"password": "not the password"})}
DOORS = [*PAGES, *CALLS]
MAILING = [door for door in DOORS if "log-in" not in door]
RING_S = 0.05
MOMENTS = {"Date", "X-RateLimit-Reset", "Retry-After"}
_CHANGING = re.compile(r'csrf_token"[^>]*value="[^"]+"|nonce="[^"]+"|nonce-[\w+/=-]+|"reference": ?"[^"]+"|[\w-]{36}')


class Untouched:
    """Upstreams of which nobody may ask anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")


@pytest.fixture
def people(app: Flask, customer: User) -> dict[str, str]:
    """Addresses by what is known of them; no upstream is asked about any."""
    console, nobody = app.extensions["console"], Untouched()
    app.extensions["console"] = replace(console, upstreams=replace(console.upstreams, salesforce=nobody, whmcs=nobody, mobile=nobody))
    staff = make_person("ops@example.com", role="ops")
    waiting = make_person("new@example.com", confirmed_at=None)
    return {"known": customer.email, "staff": staff.email, "unconfirmed": waiting.email, "unknown": "nobody@example.com"}


def knock(app: Flask, door: str, email: str) -> tuple[TestResponse, float]:
    """The answer to a stranger, and the seconds that it took."""
    browser = Browser.of(app)
    if door in PAGES:
        page, path, values = PAGES[door]
        browser.get(page)
        return _timed(lambda: browser.post(path, {**values, "email": email}))
    program, (path, body) = Program.of(app), CALLS[door]
    program.token = program.get("/auth/csrf").json["csrfToken"]
    return _timed(lambda: program.post(path, {**body, "email": email}))


def _timed(ask: Callable[[], TestResponse]) -> tuple[TestResponse, float]:
    started = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - started


def heard(app: Flask, door: str, email: str) -> tuple[object, ...]:
    """Status, headers, cookies and words, without the address that was typed and what differs each time."""
    answer, _seconds = knock(app, door, email)
    text = _CHANGING.sub("", answer.text.replace(email, "EMAIL"))
    headers = {name: _CHANGING.sub("", value) for name, value in answer.headers if name not in {*MOMENTS, "Content-Length", "Set-Cookie"}}
    return answer.status_code, headers, [one.partition("=")[0] for one in answer.headers.getlist("Set-Cookie")], text


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the password hasher did: it is what takes time."""
    done: list[str] = []

    def counted(name: str) -> Callable[..., object]:
        real = getattr(PasswordHasher, name)
        return lambda *given, **more: done.append(name) or real(*given, **more)

    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, counted(name))
    return done


@pytest.mark.parametrize("door", DOORS)
def test_status_words_and_work_are_the_same(app: Flask, people: dict[str, str], door: str, worked: list[str]) -> None:
    answers = []
    for email in people.values():
        Throttle.delete().execute()  # how many tries are left is counted for each address, known or not
        worked.clear()
        answers.append((*heard(app, door, email), tuple(worked)))
    assert answers == [answers[0]] * len(people)
    assert answers[0][0] == (401 if "log-in" in door else 202 if "JSON" in door else 303)
    assert answers[0][-1] == (("verify",) if "log-in" in door else ("hash",) if "sign-up" in door else ())


@pytest.mark.parametrize("door", MAILING)
def test_the_time_is_the_same_with_a_mail_and_without(app: Flask, people: dict[str, str], door: str) -> None:
    """The ring that a mail makes is inside of it, as slow as a queue may be."""
    app.extensions["bell"].outbox = lambda: time.sleep(RING_S * bool(OutboxMessage.due(0)))
    took: dict[str, list[float]] = {"known": [], "unconfirmed": [], "unknown": []}
    for n in range(3):  # one after the other, so that what else the machine does concerns all of them
        for known, seconds in took.items():
            seconds.append(knock(app, door, people[known] if known != "unknown" else f"nobody{n}@example.com")[1])
    medians = {known: median(seconds) for known, seconds in took.items()}
    assert min(min(seconds) for seconds in took.values()) >= EVEN_S
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


@pytest.mark.parametrize("door", ["log-in", "log-in in JSON"])
def test_the_time_is_the_same_for_a_wrong_password_and_for_nobody(app: Flask, people: dict[str, str], door: str) -> None:
    took: dict[str, list[float]] = {known: [] for known in people}
    for _ in range(7):
        for known, seconds in took.items():
            seconds.append(knock(app, door, people[known])[1])
    medians = {known: median(seconds) for known, seconds in took.items()}
    assert max(medians.values()) < 2 * min(medians.values()), medians


@pytest.mark.parametrize(("door", "often"), [("sign-up", 5), ("again", 5), ("log-in in JSON", 10)])
def test_the_limit_is_the_same(app: Flask, people: dict[str, str], door: str, often: int) -> None:
    answers = {known: [knock(app, door, people[known])[0].status_code for _ in range(often + 1)] for known in ("known", "unknown")}
    assert answers["known"] == answers["unknown"]
    assert [code == 429 for code in answers["known"]] == [False] * often + [True]
