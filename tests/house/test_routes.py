"""Every route says who may use it, and nothing unsafe goes without CSRF protection."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from config import Settings
from console.app import create_app

GUARD = re.compile(r"public|person|customer|staff:(viewer|support|ops|admin)")
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_it_guards_every_route(app: Flask) -> None:
    bare = [rule.rule for rule in rules(app) if not GUARD.fullmatch(getattr(app.view_functions[rule.endpoint], "guard", ""))]
    assert bare == []


def test_it_lets_only_staff_into_the_staff_pages(app: Flask) -> None:
    wrong = [rule.rule for rule in rules(app) if rule.rule.startswith("/staff") != _guard(app, rule).startswith("staff:")]
    assert wrong == []


def test_it_never_lets_a_viewer_change_anything(app: Flask) -> None:
    wrong = [rule.rule for rule in rules(app) if _guard(app, rule) == "staff:viewer" and UNSAFE & (rule.methods or set())]
    assert wrong == []


def test_it_exempts_nothing_from_csrf(app: Flask) -> None:
    protection = app.extensions["csrf"]
    assert not protection._exempt_views
    assert not protection._exempt_blueprints


def _guard(app: Flask, rule: Rule) -> str:
    return str(getattr(app.view_functions[rule.endpoint], "guard", ""))
