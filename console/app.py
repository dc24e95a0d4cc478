"""The web application: wiring, blueprints, error pages, filters, in one function."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

import tasks
from config import Settings
from console import cli, wiring
from console.routes import (
    account,
    api,
    cart,
    catalog,
    checkout,
    health,
    home,
    language,
    orders,
    passwords,
    payment,
    security,
    sessions,
    signup,
    subscriptions,
    support,
    two_step,
)
from console.routes.staff import catalog as staff_catalog
from console.routes.staff import customers, incidents, jobs, mail
from console.web import access_log, auth, csrf, errors, filters, gate, headers, languages, limits, packed, shopping

_ROOT = Path(__file__).parent.parent
PARTS = (filters, languages, csrf, auth, limits, shopping, errors, access_log, headers, packed, gate, cli)
NOUNS = (
    health,
    home,
    language,
    signup,
    sessions,
    passwords,
    account,
    payment,
    security,
    two_step,
    cart,
    catalog,
    checkout,
    orders,
    subscriptions,
    support,
    jobs,
    customers,
    staff_catalog,
    incidents,
    mail,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The application of these settings, or of the environment's."""
    settings = settings or Settings.read()
    app = OpenAPI("console", root_path=str(_ROOT), template_folder="templates", static_folder="static", **api.DESCRIBED)
    _configure(app, settings)
    app.extensions["console"] = wiring.build(settings)
    app.extensions["bell"] = tasks.register(wiring.queue(settings))
    for part in PARTS:
        part.init_app(app)
    for noun in NOUNS:
        app.register_blueprint(noun.blueprint)
    for noun in api.NOUNS:
        app.register_api(noun.blueprint)
    app.wsgi_app = headers.Correlated(_behind_proxies(app, settings.trusted_proxies))  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=[key for key in settings.secret_key_fallbacks.get_secret_value().split(",") if key],
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
        STAFF_TOTP=settings.staff_totp,
        WHMCS_URL=settings.whmcs_url,
        ENVIRONMENT=settings.environment,
        RATELIMIT_STORAGE_OPTIONS={"redis_pool": wiring.redis_pool(settings)},
    )
    app.url_map.strict_slashes = False


def _behind_proxies(app: Flask, count: int) -> headers.Wsgi:
    return ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count) if count else app.wsgi_app
