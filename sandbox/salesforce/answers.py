"""How the org words an answer: JSON as it writes it, and the refusals that faults ask for."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.salesforce.errors import SfError

EXPIRED = "Session expired or invalid"


def json_answer(body: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """None is an answer without a body."""
    text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(text, status, headers, content_type="application/json;charset=UTF-8" if text else None)


def refusal(error: SfError) -> Response:
    return json_answer(error.body(), error.status)


def session_expired(message: str = "") -> Response:
    return refusal(SfError("INVALID_SESSION_ID", message or EXPIRED, status=401))
