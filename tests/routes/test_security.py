"""What holds for every answer: headers, forgery protection, who may, the correlation id, and words instead of faults."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from peewee import OperationalError

from config import Settings
from console import log
from console.app import create_app
from console.errors import Misconfigured
from console.models import database
from console.models.migrating import upgrade
from console.services import logging_in
from console.web.auth import public
from console.web.headers import HTMX_URL
from tests.support.answers import assert_closed
from tests.support.web import Browser, make_app

KENJI = "Kenji Sato kenji.sato@example.com"
EVERYWHERE = [
    ("GET", "/login", 200), ("HEAD", "/login", 200), ("OPTIONS", "/login", 200), ("GET", "/signup", 200), ("GET", "/healthz", 200),
    ("GET", "/readyz", 200), ("GET", "/", 303), ("GET", "/account/address", 303), ("GET", "/static/console.css", 200),
    ("GET", "/static/vendor/htmx.min.js", 200), ("GET", "/static/none.css", 404), ("GET", "/static/../config.py", 404),
    ("GET", "/no-such-page", 404), ("POST", "/login", 400), ("PUT", "/login", 405), ("POST", "/healthz", 405),
    ("POST", "/no-such-page", 404), ("GET", "/login?next=%00", 400), ("GET", "/broken", 500), ("GET", "/failing", 503),
]  # fmt: skip


@pytest.fixture
def app(settings: Settings) -> Flask:
    """With two doors that fail: by a defect of ours, and because an upstream does not answer."""
    app = make_app(settings)

    @app.get("/broken")
    @public
    def broken() -> str:
        raise RuntimeError(f"the inner life of {KENJI}")

    @app.get("/failing")
    @public
    def failing() -> str:
        raise Misconfigured("whmcs", "bad", "Invalid IP 10.0.0.7")

    return app


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE)
def test_every_answer_carries_the_headers(browser: Browser, method: str, path: str, status: int) -> None:
    answer = browser.client.open(path, method=method)
    headers = answer.headers
    assert answer.status_code == status
    assert headers["Content-Security-Policy"].startswith(f"default-src 'none'; script-src 'self' {HTMX_URL}; style-src 'self';")
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert_closed(answer)


def test_everything_says_what_it_is(browser: Browser) -> None:
    for path, kind in {"/login": "text/html", "/no-such-page": "text/html", "/healthz": "application/json"}.items():
        assert browser.get(path).headers["Content-Type"].startswith(kind)


def test_scripts_and_pictures_are_kept_and_pages_never(browser: Browser) -> None:
    assert "max-age=31536000" in browser.get("/static/console.css").headers["Cache-Control"]
    for path in ("/login", "/signup", "/confirm/1.x", "/no-such-page", "/broken"):
        assert browser.get(path).headers["Cache-Control"] == "no-store", path


def test_a_personal_page_is_stored_nowhere(at_home: Browser) -> None:
    assert at_home.get("/").headers["Cache-Control"] == "no-store"
    assert at_home.get("/no-such-page").headers["Cache-Control"] == "no-store"


def test_it_takes_a_correlation_id_only_if_it_is_a_uuid(browser: Browser) -> None:
    given = str(uuid4())
    assert browser.get("/login", headers={"X-Correlation-Id": given}).headers["X-Correlation-Id"] == given
    assert browser.get("/login", headers={"X-Correlation-Id": "x\ty"}).headers["X-Correlation-Id"] != "x\ty"


def test_the_demos_cookie_works_without_https(browser: Browser) -> None:
    cookie = browser.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert "Secure" not in cookie
    for mark in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert mark in cookie
    assert "Strict-Transport-Security" not in browser.get("/login").headers


def test_the_cookie_is_closed_over_https(settings: Settings) -> None:
    app = make_app(settings.model_copy(update={"public_url": "https://portal.example"}))
    headers = app.test_client().get("/login", base_url="https://portal.example").headers
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Domain" not in cookie
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    for mark in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert mark in cookie


def test_nobody_reads_what_went_wrong_but_a_reference(app: Flask, browser: Browser, capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO")  # to this test's stderr
    answer = browser.get("/broken?q=kenji")
    assert answer.status_code == 500
    assert "inner life" not in answer.text
    assert answer.headers["X-Correlation-Id"] in answer.text
    told = capfd.readouterr().err
    assert answer.headers["X-Correlation-Id"] in told
    for word in ("RuntimeError", "test_security.py", '"request_failed"'):
        assert word in told
    for word in KENJI.split():
        assert word not in told


def test_an_upstreams_text_never_reaches_a_person(browser: Browser) -> None:
    answer = browser.get("/failing")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text
    assert answer.headers["X-Correlation-Id"] in answer.text


def test_an_error_page_needs_no_database(at_home: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object, **_more: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(logging_in, "whose", gone)
    for path in ("/no-such-page", "/account/address", "/broken"):
        answer = at_home.client.get(path)
        assert (answer.status_code, "Something went wrong on our side" in answer.text) == (500, True), path
        assert answer.headers["Content-Security-Policy"]


def test_readiness_says_no_without_its_tables(settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'empty.db'}"}))
    assert app.test_client().get("/readyz").status_code == 503
    upgrade(database.obj)
    assert app.test_client().get("/readyz").json == {"status": "ok"}


def test_the_log_names_routes_and_nobody(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    browser = Browser.of(make_app(settings.model_copy(update={"log_level": "INFO"})))
    browser.get("/confirm/1.secret-token?q=kenji.sato@example.com")
    browser.post("/login", {"email": "kenji.sato@example.com", "password": "secret-word"})
    log = capfd.readouterr().err
    assert '"/confirm/<token>"' in log
    for word in ("secret", "kenji"):
        assert word not in log
