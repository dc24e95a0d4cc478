"""Forgery protection of every unsafe request, and the page for a form that was open too long."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

protect = CSRFProtect()


def init_app(app: Flask) -> None:
    # The token lives as long as the login; a form that was open overnight still works while the login does.
    app.config.update(WTF_CSRF_TIME_LIMIT=None)
    protect.init_app(app)
