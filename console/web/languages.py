"""The language and the clock of a request: the person's own; for strangers the language chosen in this browser, else what it asks for."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Flask, g, request, session

from console import i18n, zones
from console.web import auth

_KEY = "language"


def init_app(app: Flask) -> None:
    app.before_request(_speak)
    app.teardown_request(_fall_silent)
    app.jinja_env.globals.update(LANGUAGES=i18n.LANGUAGES)


def _speak() -> None:
    if request.endpoint != "static":
        g.speaking = ExitStack()
        g.speaking.enter_context(i18n.use(wanted()))
        user = auth.me_or_none()
        g.speaking.enter_context(zones.use(user.zone if user else zones.HOME))


def _fall_silent(_error: BaseException | None) -> None:
    if speaking := g.pop("speaking", None):
        speaking.close()


def wanted() -> str:
    """A key of LANGUAGES."""
    user = auth.me_or_none()
    asked = request.accept_languages.best_match(i18n.LANGUAGES, default="en")
    return str((user.language if user else session.get(_KEY)) or asked)


def remember(language: str) -> None:
    """For who is not logged in: kept in this browser."""
    session[_KEY] = language
