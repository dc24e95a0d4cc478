"""How HTMX is answered: a fragment that is still true, a move to another page."""

from __future__ import annotations

from flask import Response, make_response, request


def is_htmx() -> bool:
    """Whether HTMX asks, for a fragment, and not a browser for a page."""
    return request.headers.get("HX-Request") == "true"


def unchanged() -> Response:
    """204: the fragment that the browser shows is still true."""
    return make_response("", 204)


def go_to(address: str) -> Response:
    """A whole-page move: a redirect, or HTMX's header for it."""
    answer = make_response("", 200 if is_htmx() else 303)
    answer.headers["HX-Redirect" if is_htmx() else "Location"] = address
    return answer
