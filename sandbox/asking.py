"""The body of a request to a door for testers, checked: a wrong order to the sandbox is answered, never guessed at."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from sandbox.bodies import json_sent

# what was sent may be repeated in it
LONGEST = 500
Kind = type | tuple[type, ...]


class Wrong(Exception):
    """A request that cannot be carried out; answered with its status and one sentence."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message[:LONGEST], status


def wrong(error: Wrong) -> tuple[Response, int]:
    return jsonify(error=error.message), error.status


def asked(required: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> dict[str, Any]:
    """The JSON object of this request. Raises Wrong for missing, unknown or mistyped keys; optional nulls count as absent."""
    body = json_sent(request)
    if not isinstance(body, dict):
        raise Wrong("a JSON object is needed")
    given = {name: value for name, value in body.items() if value is not None}
    known = {**required, **(optional or {})}
    for name in body:
        if name not in known:
            raise Wrong(f"unknown key: {name}")
    for name, kind in known.items():
        if name in given and (not isinstance(given[name], kind) or (isinstance(given[name], bool) and kind is not bool)):
            raise Wrong(f"wrong type: {name}")
    for name in required:
        if name not in given:
            raise Wrong(f"missing: {name}")
    return given
