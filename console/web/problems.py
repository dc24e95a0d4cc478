"""A refusal, a bad field or a fault as `application/problem+json` (RFC 9457), and who is answered in JSON at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from flask import Response, json, make_response, request

from console.log import correlation_id


@dataclass(frozen=True)
class FieldError:
    """`field` as the body names it, `code` stable, `message` in the person's language."""

    field: str
    code: str
    message: str


def speaks_json() -> bool:
    """Under /api always; elsewhere whoever prefers JSON to a page, which no browser does."""
    if request.path == "/api" or request.path.startswith("/api/"):
        return True
    return request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json"


def answer(
    status: int, code: str, title: str, detail: str, *, errors: Sequence[FieldError] = (), more: Mapping[str, object] | None = None
) -> Response:
    """The problem; `reference` finds the request in our log."""
    body = {
        "type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code,
        "reference": correlation_id(), "errors": [asdict(error) for error in errors], **(more or {}),
    }  # fmt: skip
    made = make_response(json.dumps(body, ensure_ascii=False), status)
    made.headers["Content-Type"] = "application/problem+json"
    return made
