"""Every template compiles, points only to what exists, and holds nothing that the content security policy forbids."""

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes
from werkzeug.exceptions import HTTPException

from config import Settings
from console.app import create_app

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
MAILS = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob("mail/*.mail"))
_COMMENT = re.compile(r"{#.*?#}", re.S)
_FORBIDDEN = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "inline style": re.compile(r"<style\b|\sstyle=", re.I),
    "inline event": re.compile(r"\son[a-z]+=|hx-on", re.I),
    "script address": re.compile(r"javascript:|js:", re.I),
    "event filter": re.compile(r"hx-trigger=\"[^\"]*\["),
}
_OWN_PATH = re.compile(r"""(?:href|action|hx-get|hx-post|src)="(/[^"{]*)\"""")


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings)


def source(name: str) -> str:
    return _COMMENT.sub("", (TEMPLATES / name).read_text())


def test_it_finds_templates() -> None:
    assert PAGES
    assert MAILS


def test_it_compiles_every_template(app: Flask) -> None:
    for name in PAGES + MAILS:
        app.jinja_env.get_template(name)


def test_it_names_only_endpoints_that_exist(app: Flask) -> None:
    unknown = [f"{name}: {endpoint}" for name in PAGES for endpoint in _endpoints(app, name) if endpoint not in app.view_functions]
    assert unknown == []


def _endpoints(app: Flask, name: str) -> list[str]:
    calls = app.jinja_env.parse(source(name)).find_all(nodes.Call)
    named = [call.args[0] for call in calls if isinstance(call.node, nodes.Name) and call.node.name == "url_for" and call.args]
    return [argument.value for argument in named if isinstance(argument, nodes.Const)]


def test_it_says_changes_from_outside_of_what_is_swapped() -> None:
    """A region that is itself replaced is not read out: the page around the fragment announces it."""
    swapped = [name for name in PAGES if Path(name).name.startswith("_")]
    assert swapped
    assert [name for name in swapped if 'aria-live="polite"' in source(name)] == []


def test_it_has_no_dead_links(app: Flask) -> None:
    dead = [f"{name}: {path}" for name in PAGES for path in _OWN_PATH.findall(source(name)) if not _served(app, path)]
    assert dead == []


def _served(app: Flask, path: str) -> bool:
    address = path.partition("?")[0].partition("#")[0]
    if address.startswith("/static/"):
        return (TEMPLATES.parent / address[1:]).is_file()
    return any(_matches(app, address, method) for method in ("GET", "POST"))


def _matches(app: Flask, path: str, method: str) -> bool:
    try:
        app.url_map.bind("localhost").match(path, method=method)
    except HTTPException:
        return False
    return True


@pytest.mark.parametrize("kind", _FORBIDDEN)
def test_it_needs_nothing_that_the_policy_forbids(kind: str) -> None:
    assert [name for name in PAGES if _FORBIDDEN[kind].search(source(name))] == []
