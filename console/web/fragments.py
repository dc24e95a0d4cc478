"""Pages and the fragments of them that HTMX asks for: the same file, the same values."""

from __future__ import annotations

from flask import Response, make_response, render_template, request


def is_htmx() -> bool:
    """Whether HTMX asks, for a fragment, and not a browser for a page."""
    return request.headers.get("HX-Request") == "true"


def page_or_fragment(page: str, fragment: str, **values: object) -> str:
    """The fragment alone for HTMX, the whole page for everybody else."""
    return render_template(fragment if is_htmx() else page, **values)


def unchanged() -> Response:
    """204: the fragment that the browser shows is still true."""
    return make_response("", 204)


def go_to(address: str) -> Response:
    """A whole-page move: a redirect, or HTMX's header for it."""
    answer = make_response("", 200 if is_htmx() else 303)
    answer.headers["HX-Redirect" if is_htmx() else "Location"] = address
    return answer
