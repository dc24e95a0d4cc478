"""What nobody types by mistake: addresses without meaning, numbers beyond the database, NULs. Answered in words, never by a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.routing import Rule

from console.models import Throttle, User
from console.web.auth import safe_path
from tests.support import goods
from tests.support.web import Browser, make_person

PARTS = ["%00", "9" * 30, "2147483648", "-1", "'", "%5c", "%ff", "%F0%9F%98%80", "1.x", "%EF%BC%91", "a%0d%0ab", "x" * 3000, "{{7*7}}"]
VALUES = ["\0", "9" * 30, "//[x", "http://[", "//evil／x", "'", "x" * 5000, "{{7*7}}", "a\r\nX-Evil: 1", "1e9", "NaN", "-1", "[]", "\u202e"]
NAMES = (
    "next", "email", "password", "sf_number", "first_name", "last_name", "phone", "checkout_id", "expected_today", "expected_monthly",
    "terms", "sku", "quantity", "installation", "postcode", "state", "city", "address1", "reason", "q", "tab", "before", "category", "v",
    "line", "then", "another", "expected_yearly",
    "code", "sealed", "present", "new", "remember", "topic", "text", "form_id",
)  # fmt: skip


# whose views a person comes to; the rest is turned away before it reads anything (test_matrix)
ENDS = {"/account/security/logout"}  # the session, and with it what is tried
OPEN_TO = {"stranger": {"public"}, "customer": {"customer", "person"}, "admin": {"staff:viewer", "staff:support", "staff:ops"}}


@dataclass(frozen=True)
class Somebody:
    """A browser, and the routes behind whose guards it comes."""

    browser: Browser
    rules: list[Rule]

    def faults(self, part: str, sent: dict[str, str], only: str = "") -> list[str]:
        """What the routes (with `only` in them) make a fault of ours of."""
        Throttle.delete().execute()
        asked = [(method, re.sub(r"<[^<>]+>", part, rule.rule)) for rule in self.rules if only in rule.rule for method in self._of(rule)]
        return [f"{method} {path}"[:200] for method, path in asked if self._status(method, path, sent) == 500]

    def _of(self, rule: Rule) -> set[str]:
        return {"GET", "POST"} & (rule.methods or set())

    def _status(self, method: str, path: str, sent: dict[str, str]) -> int:
        if method == "GET":
            return self.browser.client.get(path, query_string=sent).status_code
        return self.browser.client.post(path, data={**sent, "csrf_token": self.browser.token}).status_code


@pytest.fixture(params=list(OPEN_TO))
def somebody(request: pytest.FixtureRequest, app: Flask, customer: User) -> Somebody:
    goods.keep()
    browser = Browser.of(app)
    if request.param == "stranger":
        browser.get("/login")
    else:
        browser.log_in(customer if request.param == "customer" else make_person("admin@example.com", role="admin"))
    guards = {endpoint: getattr(view, "guard", "") for endpoint, view in app.view_functions.items()}
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule not in ENDS]
    return Somebody(browser, [rule for rule in rules if guards[rule.endpoint] in OPEN_TO[request.param]])


def test_every_guard_is_tried(app: Flask) -> None:
    guards = {view.guard for name, view in app.view_functions.items() if name != "static"}  # type: ignore[attr-defined]
    assert guards <= set().union(*OPEN_TO.values())


def test_no_address_is_a_fault_of_ours(somebody: Somebody) -> None:
    assert {part: found for part in PARTS if (found := somebody.faults(part, {}, only="<"))} == {}


def test_no_value_is_a_fault_of_ours(somebody: Somebody) -> None:
    assert {value: found for value in VALUES if (found := somebody.faults("1", dict.fromkeys(NAMES, value)))} == {}


@pytest.mark.parametrize("sent", ["http://[", "//[x", "//evil／x", "https://evil.example/", "\xff"])
def test_no_referrer_is_a_fault_of_ours(browser: Browser, sent: str) -> None:
    for headers in (
        {"Referer": sent.encode("utf-8").decode("latin-1")},
        {"HX-Request": "true", "HX-Current-URL": sent.encode().decode("latin-1")},
    ):
        assert browser.client.get("/no-such-page", headers=headers).status_code == 404
        answer = browser.client.get("/orders", headers=headers)
        assert "evil" not in answer.headers.get("Location", "") + answer.headers.get("HX-Redirect", "")


@pytest.mark.parametrize("cookie", ["", "x", "\xff\xfe", "eyJzaWQiOiJ4In0.AAAA.BBBB", "x" * 4000])
def test_a_cookie_that_is_not_ours_is_a_strangers(app: Flask, cookie: str) -> None:
    answer = app.test_client().get("/orders", headers={"Cookie": f"session={cookie}"})
    assert answer.headers["Location"].startswith("/login")


def test_too_much_is_refused_in_words(browser: Browser) -> None:
    answer = browser.post("/signup", {"first_name": "x" * 70_000})
    assert (answer.status_code, "too much at once" in answer.text) == (413, True)


@pytest.mark.parametrize("given", ["/orders", "/orders?page=2", "/", "/staff/jobs?q=a%40b"])
def test_our_own_paths_are_safe(given: str) -> None:
    assert safe_path(given) == given
    assert safe_path(f"https://portal.example{given}", own_host="portal.example") == given


@pytest.mark.parametrize(
    "given",
    [
        None, "", "orders", "https://evil.example/", "//evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "data:text/html,x", "http:evil.example", "https:/evil.example", "https:///evil.example", "\t//evil.example",
        "/\t/evil.example", "/\n/evil.example", "//[", "//evil／x", "/%00\0", "https://portal.example@evil.example/",
        "https://portal.example.evil.example/", "/a\r\nSet-Cookie: x=1\u2028", "//portal.example:evil/",
    ],
)  # fmt: skip
def test_others_are_not(given: str | None) -> None:
    assert safe_path(given, own_host="portal.example") is None
