"""The link in a mail: one purpose, an end, one use, five tries; and nothing tells a stranger who has an account."""

from __future__ import annotations

import re
import secrets
from typing import Any

import argon2
import pytest
from flask import Flask

from config import Settings
from console import clock
from console.models import EmailToken, Job, User, UserSession
from console.vault import Vault
from tests.routes.test_signup import link_of, sign_up
from tests.support.web import PASSWORD, Browser, make_app, make_person


@pytest.fixture
def vault(app: Flask) -> Vault:
    return app.extensions["console"].policy.vault  # type: ignore[no-any-return]


@pytest.fixture
def fresh(app: Flask) -> User:
    """Signed up, not confirmed."""
    return make_person("kenji.sato@example.com", confirmed_at=None, sf_number="SF-1003")


def token_for(user: User, purpose: str = "confirm", **values: Any) -> EmailToken:
    return EmailToken.create(user=user, purpose=purpose, **({"expires_at": clock.after(3600)} | values))


def link(vault: Vault, row: EmailToken, purpose: str = "") -> str:
    return f"/confirm/{vault.token(purpose or row.purpose, row.id, row.nonce)}"


def test_a_link_of_another_purpose_confirms_nothing(browser: Browser, vault: Vault, fresh: User) -> None:
    reset = token_for(fresh, "reset")
    confirm = token_for(fresh)
    for path in (link(vault, reset), link(vault, reset, "confirm"), link(vault, confirm, "reset")):
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"password": PASSWORD}).status_code == 404
    assert not User.get_by_id(fresh.id).confirmed


def test_a_link_ends_and_is_used_once(app: Flask, vault: Vault, fresh: User) -> None:
    over, live = token_for(fresh, expires_at=clock.now()), token_for(fresh)
    assert Browser.of(app).post(link(vault, over), {"password": PASSWORD}).status_code == 404
    answers = [Browser.of(app).post(link(vault, live), {"password": PASSWORD}).status_code for _ in range(2)]
    assert answers == [303, 404]
    assert (Job.select().count(), UserSession.select().count()) == (1, 1)


def test_it_confirms_the_person_of_the_link_only(browser: Browser, vault: Vault, fresh: User) -> None:
    """Knowing one's own password is no use with another's link, nor is the number of another's row."""
    other = make_person("sara@example.com", confirmed_at=None, password_hash="none")
    mine, theirs = token_for(fresh), token_for(other)
    genuine = link(vault, mine).partition(".")[2]
    assert browser.post(link(vault, theirs), {"password": PASSWORD}).status_code == 422
    assert browser.post(f"/confirm/{theirs.id}.{genuine}", {"password": PASSWORD}).status_code == 404
    assert not User.select().where(User.confirmed_at.is_null(False)).exists()


def test_five_tries_are_counted_in_the_row(app: Flask, vault: Vault, fresh: User) -> None:
    """Another browser, another address: the same five."""
    row = token_for(fresh)
    answers = []
    for n in range(6):
        browser = Browser.of(app)
        browser.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{n}"
        answers.append(browser.post(link(vault, row), {"password": "a guess"}).status_code)
    assert answers == [422] * 5 + [429]


def test_links_outlive_a_rotation_of_the_key_and_no_theft_of_the_table(settings: Settings, app: Flask, vault: Vault, fresh: User) -> None:
    """The table holds a nonce: without SECRET_KEY nobody makes a link of it."""
    row, new = token_for(fresh), secrets.token_urlsafe(48)
    path = link(vault, row)
    assert path.partition(".")[2] not in (row.nonce, "")
    keys = settings.encryption_keys.get_secret_value().split(",")
    assert Vault(new, keys, [settings.secret_key.get_secret_value()]).token_matches(path[9:], "confirm", row.id, row.nonce)
    assert not Vault(new, keys).token_matches(path[9:], "confirm", row.id, row.nonce)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the password hasher did: it is what takes time."""
    done: list[str] = []
    for name in ("verify", "hash"):
        monkeypatch.setattr(argon2.PasswordHasher, name, _noting(done, name, getattr(argon2.PasswordHasher, name)))
    return done


def _noting(done: list[str], name: str, work: Any) -> Any:
    def noted(hasher: argon2.PasswordHasher, *given: str) -> Any:
        done.append(name)
        return work(hasher, *given)

    return noted


def test_a_log_in_takes_the_same_for_every_no(browser: Browser, customer: User, fresh: User, counted: list[str]) -> None:
    seen: list[Any] = []
    cases = [(customer.email, "a guess"), ("nobody@example.com", "a guess"), (fresh.email, "a guess"), (fresh.email, PASSWORD)]
    for email, password in cases:
        counted.clear()
        answer = browser.post("/login", {"email": email, "password": password})
        seen.append((answer.status_code, plain(answer.text, email), tuple(counted)))
    assert seen == [(401, seen[0][1], ("verify",))] * 4


def plain(page: str, email: str) -> str:
    """A page without what differs each time."""
    return re.sub(r'(name="csrf_token"[^>]* value=")[^"]+', r"\1", page).replace(email, "")


def test_the_sent_page_names_nobody(browser: Browser) -> None:
    sign_up(browser)
    page = browser.get("/signup/sent").text
    assert "kenji" not in page.lower()


def test_a_stranger_cannot_lock_a_sign_up_by_starting_another(app: Flask, vault: Vault) -> None:
    """The newest link is the one that works, and only with the password that was chosen with it."""
    first, second = Browser.of(app), Browser.of(app)
    sign_up(first)
    older = link_of(vault)
    sign_up(second, password="the strangers choice")
    assert first.post(older, {"password": PASSWORD}).status_code == 404
    assert first.post(link_of(vault), {"password": PASSWORD}).status_code == 422
    assert not User.get().confirmed


def test_staff_cannot_be_signed_up_over(settings: Settings) -> None:
    app = make_app(settings)
    boss = make_person("boss@example.com", role="admin")
    sign_up(Browser.of(app), email=boss.email)
    assert (User.get_by_id(boss.id).role, User.select().count()) == ("admin", 1)
