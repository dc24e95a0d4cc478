"""The application and named people with browsers. A test that asks for `sandbox` too has the sandbox upstream, else nobody there."""

import pytest
from flask import Flask

from config import Settings
from console.models import User
from tests.support.web import Browser, make_app, make_link, make_person


@pytest.fixture
def app(settings: Settings) -> Flask:
    return make_app(settings)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A stranger's."""
    return Browser.of(app)


@pytest.fixture
def customer(app: Flask) -> User:
    """With a finished, verified link to a client that exists only in our rows."""
    person = make_person("aiko.tanaka@example.com", sf_number="SF-1001")
    make_link(person)
    return person


@pytest.fixture
def support(app: Flask) -> User:
    return make_person("support@example.com", role="support")


@pytest.fixture
def at_home(app: Flask, customer: User) -> Browser:
    """The customer, logged in."""
    return _logged_in(app, customer)


@pytest.fixture
def at_work(app: Flask, support: User) -> Browser:
    """Somebody of support, logged in."""
    return _logged_in(app, support)


def _logged_in(app: Flask, person: User) -> Browser:
    browser = Browser.of(app)
    browser.log_in(person)
    return browser
