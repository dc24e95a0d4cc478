"""How often one may try: sign-up, log-in and confirmation, by account and by the address that really asks."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config import Settings
from console import clock
from console.models import EmailToken, Throttle, User
from tests.routes.shop import shopper
from tests.routes.test_signup import FORM, sign_up
from tests.support import phone
from tests.support.sandbox import Running
from tests.support.web import PASSWORD, Browser, make_app, make_person


def try_login(browser: Browser, email: str, times: int, **more: object) -> list[int]:
    browser.get("/login")
    return [browser.post("/login", {"email": email, "password": f"wrong {n}"}, **more).status_code for n in range(times)]


def limited(answer: TestResponse, window_s: int) -> None:
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= window_s
    assert "Please wait a little" in answer.text
    assert answer.headers["Content-Security-Policy"]


def almost(limit: int) -> None:
    """The one counter that grew with every try so far stands one before its end: hundreds of tries need not be made."""
    first, second, *_rest = Throttle.select().order_by(Throttle.hits.desc())
    assert first.hits > second.hits
    Throttle.update(hits=limit - 1).where(Throttle.key == first.key).execute()


def test_sign_up_says_when_to_come_back(browser: Browser) -> None:
    for _ in range(5):
        assert sign_up(browser).status_code == 303
    limited(sign_up(browser), 3600)


def test_one_address_cannot_sign_up_the_world(browser: Browser) -> None:
    for n in range(2):
        assert sign_up(browser, email=f"person{n}@example.com").status_code == 303
    almost(120)
    assert browser.post("/signup", FORM | {"email": "no mail"}).status_code == 422
    limited(sign_up(browser, email="third@example.com"), 3600)


def guess(browser: Browser, n: int, **more: object) -> TestResponse:
    """At an account that nobody has."""
    return browser.post("/login", {"email": f"person{n}@example.com", "password": "a guess"}, **more)


def test_one_address_cannot_try_many_accounts(browser: Browser) -> None:
    browser.get("/login")
    assert [guess(browser, n).status_code for n in range(2)] == [401] * 2
    almost(50)
    assert guess(browser, 3).status_code == 401
    limited(guess(browser, 4), 900)


def test_many_addresses_cannot_try_one_account_for_ever(browser: Browser, customer: User) -> None:
    browser.get("/login")
    answers = []
    for n in range(4):
        browser.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{n}"
        answers.append(browser.post("/login", {"email": customer.email, "password": "a guess"}))
        if n == 1:
            almost(100)
    assert [answer.status_code for answer in answers] == [401] * 3 + [429]
    limited(answers[-1], 3600)


def test_another_spelling_is_no_other_account(browser: Browser, customer: User) -> None:
    """Full-width letters lead to the same account, so they count for it."""
    browser.get("/login")
    name, _at, domain = customer.email.partition("@")
    spelt = [name[:n] + chr(ord(name[n]) + 0xFEE0) + name[n + 1 :] for n in range(4)] + [name, name.upper(), f" {name}"]
    answers = [browser.post("/login", {"email": f"{each}@{domain}", "password": "a guess"}).status_code for each in spelt * 2]
    assert answers == [401] * 10 + [429] * 4


def test_a_right_password_is_no_way_around_the_limit(browser: Browser, customer: User) -> None:
    assert try_login(browser, customer.email, 10) == [401] * 10
    limited(browser.post("/login", {"email": customer.email, "password": PASSWORD}), 900)


def test_the_limit_says_nothing_of_the_account(browser: Browser, customer: User) -> None:
    assert try_login(browser, customer.email, 11) == try_login(browser, "nobody@example.com", 11)


def test_links_cannot_be_tried_for_ever(app: Flask, browser: Browser) -> None:
    """Five tries are a link's own; this is for many links from one address."""
    vault = app.extensions["console"].policy.vault
    person = make_person("one@example.com", confirmed_at=None)
    rows = [EmailToken.create(user=person, purpose="confirm", expires_at=clock.after(3600)) for _ in range(4)]
    answers = []
    for n, row in enumerate(rows):
        answers.append(browser.post(f"/confirm/{vault.token('confirm', row.id, row.nonce)}", {"password": "a guess"}))
        if n == 1:
            Throttle.update(hits=49).execute()
    assert [answer.status_code for answer in answers] == [422] * 3 + [429]
    limited(answers[-1], 900)


def test_a_header_is_no_other_address(browser: Browser) -> None:
    """Without a proxy of ours in front, X-Forwarded-For is anybody's word."""
    browser.get("/login")
    answers = []
    for n in range(4):
        answers.append(guess(browser, n, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code)
        if n == 1:
            almost(50)
    assert answers == [401] * 3 + [429]


@pytest.fixture
def proxied(settings: Settings) -> Flask:
    """Behind one proxy of ours."""
    return make_app(settings.model_copy(update={"trusted_proxies": 1}))


def test_behind_a_proxy_people_are_told_apart(proxied: Flask, customer: User) -> None:
    browser = Browser.of(proxied)
    there = {"X-Forwarded-For": "198.51.100.1"}
    assert try_login(browser, customer.email, 11, headers=there) == [401] * 10 + [429]
    assert try_login(browser, customer.email, 1, headers={"X-Forwarded-For": "198.51.100.2"}) == [401]


def test_behind_a_proxy_only_its_own_word_counts(proxied: Flask, customer: User) -> None:
    """What the client itself wrote stands further left."""
    browser = Browser.of(proxied)
    browser.get("/login")
    answers = [
        browser.post(
            "/login", {"email": customer.email, "password": "x"}, headers={"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.1"}
        ).status_code
        for n in range(11)
    ]
    assert answers == [401] * 10 + [429]


def test_the_counters_know_nobody(browser: Browser, customer: User) -> None:
    try_login(browser, customer.email, 1)
    rows = [row.key for row in Throttle.select()]
    assert rows
    assert all(len(key) == 64 and "example" not in key for key in rows)


def test_a_code_is_not_shown_without_end(app: Flask, sandbox: Running) -> None:
    aiko, sara = (shopper(app, sandbox, card=False) for _ in range(2))
    wired = app.extensions["console"]
    rows = [phone.activated(wired.upstreams, wired.policy, one.user) for one in (aiko, sara)]
    assert [aiko.browser.post(f"/subscriptions/{rows[0].id}/reveal").status_code for _ in range(30)] == [200] * 30
    answer = aiko.browser.post(f"/subscriptions/{rows[0].id}/reveal")
    limited(answer, 3600)
    assert "LPA:" not in answer.text
    assert aiko.browser.get(f"/subscriptions/{rows[0].id}").status_code == 200
    assert sara.browser.post(f"/subscriptions/{rows[1].id}/reveal").status_code == 200
