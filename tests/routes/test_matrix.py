"""Who may do what, for every route that there is: roles, owners, forgery protection. A new route is in the tests by being a route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask import Flask
from peewee import Field, Model
from werkzeug.routing import Rule

from console import clock
from console.models import TABLES, CatalogueSnapshot, EmailToken, Job, Order, Subscription, SupportRequest, User, UserSession
from console.services.quoting import quote
from tests.support import goods, jobs
from tests.support.answers import assert_closed
from tests.support.web import Browser, make_link, make_person

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
RANK = ("viewer", "support", "ops", "admin")
PEOPLE = ("stranger", "customer", "other", *RANK)
OWNED = ("sf_order_id", "checkout_id", "subscription_id", "login_id", "request_id")


ENDS = ("/account/security/logout", "/api/auth/logout", "/logout")  # the session of whoever asks; public ones last


@dataclass(frozen=True)
class World:
    """What belongs to the customer: values for the parameters of the routes."""

    owner: User
    values: dict[str, str]


@pytest.fixture
def world(app: Flask) -> World:
    owner = make_person("aiko.tanaka@example.com", sf_number="SF-1001")
    make_link(owner)
    goods.keep()
    job = jobs.job(owner, "needs_attention")
    lines = [line.row() for line in quote(goods.catalogue(), [{"sku": goods.ESIM.sku, "quantity": 1, "options": {}}]).lines]
    Order.update(lines=lines).execute()
    order = Order.get(Order.sf_order_id == job.sf_order_id)
    placing = Order.create(
        user=owner, checkout_id=str(uuid4()), idem_key="key-placing", request={}, lines=lines, due_today=1, monthly=1, state="placing"
    )
    esim = jobs.subscribed(job, "8981100000000000001", 7, "sub_1")
    token = EmailToken.create(user=owner, purpose="confirm", expires_at=clock.after(3600))
    genuine = app.extensions["console"].policy.vault.token("confirm", token.id, token.nonce)
    elsewhere = UserSession.create(fingerprint="of another device", user=owner, expires_at=clock.after(3600))
    asked = SupportRequest.create(user=owner, order=order, form_id=str(uuid4()), topic="other")
    values = {
        "sf_order_id": order.sf_order_id, "checkout_id": placing.checkout_id, "subscription_id": str(esim.id), "job_id": str(job.id),
        "sku": goods.ESIM.sku, "token": genuine, "login_id": str(elsewhere.id), "user_id": str(owner.id), "request_id": str(asked.id),
        "template": "welcome", "mail_id": "1",
    }  # fmt: skip
    return World(owner, values)


def browser_of(app: Flask, world: World, who: str) -> Browser:
    browser = Browser.of(app)
    if who == "stranger":
        browser.get("/login")
    else:
        browser.log_in(world.owner if who == "customer" else _person(who))
    return browser


def _person(who: str) -> User:
    person = make_person(f"{who}@example.com", role=who if who in RANK else "customer")
    if who == "other":
        make_link(person, sf_number="SF-1002", sf_account_id="001000000000002AAA", whmcs_client_id=2, whmcs_user_id=2)
    return person


def doors(app: Flask, world: World, methods: set[str]) -> Iterator[tuple[str, str, Rule]]:
    """(method, address, rule) of every route that takes one of these methods; what ends a session comes last."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: ENDS.index(rule.rule) + 1 if rule.rule in ENDS else 0)
    for rule in rules:
        for method in sorted(methods & (rule.methods or set())):
            if rule.endpoint != "static":
                yield method, re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda found: world.values[found[1]], rule.rule), rule


def asked(browser: Browser, method: str, path: str) -> tuple[int, str]:
    """Status, and where a redirect leads."""
    if path.startswith("/api/"):
        answer = browser.client.open(path, method=method, json={} if method in UNSAFE else None, headers={"X-CSRFToken": browser.token})
    else:
        answer = browser.client.open(path, method=method, data={"csrf_token": browser.token} if method in UNSAFE else None)
    return answer.status_code, answer.headers.get("Location", "")


def may(guard: str, who: str) -> bool:
    if guard in {"public", "person"}:
        return guard == "public" or who != "stranger"
    if guard == "customer":
        return who in {"customer", "other"}
    return who in RANK and RANK.index(who) >= RANK.index(guard.removeprefix("staff:"))


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_comes_through_its_own_doors_only(app: Flask, world: World, who: str) -> None:
    browser, wrong = browser_of(app, world, who), []
    for method, path, rule in doors(app, world, {"GET"} | UNSAFE):
        guard = app.view_functions[rule.endpoint].guard  # type: ignore[attr-defined]
        status, to = asked(browser, method, path)
        if may(guard, who):
            right = status not in {401, 403, 405, 500} and (guard == "public" or not to.startswith("/login?next="))
        elif path.startswith("/api/"):
            right = status == (401 if who == "stranger" else 403)
        elif who == "stranger":
            right = status == 303 and to.startswith("/login?next=")
        else:
            right = status == 403
        if not right:
            wrong.append((method, path, status, to))
    assert wrong == []


def test_what_belongs_to_another_is_not_there(app: Flask, world: World) -> None:
    owner, other, seen = browser_of(app, world, "customer"), browser_of(app, world, "other"), set()
    for method, path, rule in doors(app, world, {"GET"} | UNSAFE):
        owned = [name for name in OWNED if f"{name}>" in rule.rule]
        if owned:
            seen.update(owned)
            foreign, none = asked(other, method, path), asked(other, method, _of_nobody(path, world))
            assert foreign == none == (404, ""), path
            assert asked(owner, method, path)[0] != 404, path
    assert seen == set(OWNED)


def _of_nobody(path: str, world: World) -> str:
    """The same address with an id that was never given."""
    nobody = {
        "sf_order_id": jobs.order_id(999_999), "checkout_id": str(uuid4()), "subscription_id": "999999", "login_id": "999999",
        "request_id": "999999",
    }  # fmt: skip
    for name, value in nobody.items():
        path = re.sub(rf"/{re.escape(world.values[name])}(?=/|$)", f"/{value}", path)
    return path


def test_lists_hold_only_what_is_theirs(app: Flask, world: World) -> None:
    owner, other = browser_of(app, world, "customer"), browser_of(app, world, "other")
    for page, own in (("/orders", world.values["sf_order_id"]), ("/subscriptions", f"/subscriptions/{world.values['subscription_id']}")):
        assert own in owner.get(page).text
        assert own not in other.get(page).text


@pytest.mark.parametrize("who", ["stranger", "customer", "admin"])
def test_nothing_unsafe_goes_without_the_sessions_own_token(app: Flask, world: World, who: str) -> None:
    browser = browser_of(app, world, who)
    elsewhere = Browser.of(app)
    elsewhere.get("/login")
    before, count = rows(), 0
    for method, path, _rule in doors(app, world, UNSAFE):
        for token in (None, "", "forged", elsewhere.token):
            data = {} if token is None else {"csrf_token": token}
            assert browser.client.open(path, method=method, data=data).status_code == 400, (method, path, token)
            count += 1
    assert count
    assert rows() == before


@pytest.mark.parametrize("who", ["stranger", "customer", "admin"])
def test_every_door_answers_closed_and_is_kept_nowhere(app: Flask, world: World, who: str) -> None:
    browser = browser_of(app, world, who)
    for method, path, _rule in doors(app, world, {"GET"} | UNSAFE):
        sent = {"csrf_token": browser.token} if method in UNSAFE else None
        answer = browser.client.open(path, method=method, data=sent)
        assert_closed(answer)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["Content-Type"].endswith("charset=utf-8") or answer.mimetype.endswith("json") or not answer.data, path


@pytest.mark.parametrize("who", PEOPLE)
def test_reading_changes_nothing(app: Flask, world: World, who: str) -> None:
    browser = browser_of(app, world, who)
    before = rows()
    for method, path, _rule in doors(app, world, {"GET"}):
        browser.client.open(path, method=method)
        browser.client.open(path, method=method, headers={"HX-Request": "true"})
    assert rows() == before


def rows() -> dict[str, list[object]]:
    """Every row but sessions, which note that somebody is there, the catalogue's cache, and when the cache of an Account is due."""
    tables = [table for table in TABLES if table not in {UserSession, CatalogueSnapshot}]
    return {table.__name__: list(table.select(*_lasting(table)).tuples()) for table in tables}


def _lasting(table: type[Model]) -> list[Field]:
    return [field for field in table._meta.sorted_fields if field.name != "eligibility_due_at"]


def test_a_role_that_is_taken_away_counts_at_once(app: Flask, world: World) -> None:
    browser = browser_of(app, world, "support")
    retry = f"/staff/jobs/{world.values['job_id']}/retry"
    User.update(role="viewer").where(User.role == "support").execute()
    assert asked(browser, "POST", retry)[0] == 403
    User.update(role="no such role").where(User.role == "viewer").execute()
    for page in ("/staff/jobs", "/orders", retry):
        assert asked(browser, "GET" if page != retry else "POST", page)[0] == 403
    assert Job.get_by_id(world.values["job_id"]).state == "needs_attention"
    assert Subscription.select().count() == 1
