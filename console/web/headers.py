"""The headers that every answer carries, and the correlation id around every request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from console.log import correlated

HTMX_URL = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"
HTMX_SRI = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"
# a mail carries its styles inline; beside them it may nothing: no script, no form, no address of elsewhere
_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
Wsgi = Any  # (environ, start_response) -> body: werkzeug and ProxyFix disagree on the exact type


def init_app(app: Flask) -> None:
    policy = _policy(app.config["WHMCS_URL"])
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if app.config["SESSION_COOKIE_SECURE"]:
        fixed["Strict-Transport-Security"] = "max-age=31536000"
    app.jinja_env.globals.update(HTMX_URL=HTMX_URL, HTMX_SRI=HTMX_SRI)

    @app.after_request
    def _add(answer: Response) -> Response:
        answer.headers.update(fixed)
        if answer.headers.get("Content-Security-Policy") != _MAIL:
            answer.headers["Content-Security-Policy"] = policy
        # not no-referrer: the forgery check over HTTPS needs the Referer of our own forms
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        # pages of strangers too: what was typed into the sign-up form, and the link of a mail
        answer.headers.setdefault("Cache-Control", "no-cache" if request.endpoint == "static" else "no-store")
        return answer


def styled_inline(answer: Response) -> Response:
    """The answer with the policy of a mail, the only one beside the pages' own."""
    answer.headers["Content-Security-Policy"] = _MAIL
    return answer


def _policy(whmcs_url: str) -> str:
    billing = "{0.scheme}://{0.netloc}".format(urlsplit(whmcs_url))
    return (
        f"default-src 'none'; script-src 'self' {HTMX_URL}; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        f"form-action 'self' {billing}; base-uri 'none'; frame-ancestors 'none'"
    )


class Correlated:
    """Runs every request inside its correlation id and answers the id in the header."""

    def __init__(self, wsgi: Wsgi) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with correlated(environ.get("HTTP_X_CORRELATION_ID")) as reference:

            def start(status: str, lines: list[tuple[str, str]], exc_info: Any = None) -> Any:
                return start_response(status, [*lines, ("X-Correlation-Id", reference)], exc_info)

            body: Iterable[bytes] = self.wsgi(environ, start)
            return body
