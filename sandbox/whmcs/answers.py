"""The shapes of WHMCS answers: money, dates, lists, and PHP's way of writing JSON and XML."""

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sandbox import clock

Answer = dict[str, Any]
SERVER_ZONE = timezone(timedelta(hours=9))  # WHMCS writes times in the server's zone and does not say which
NO_DATE, NO_TIME = "0000-00-00", "0000-00-00 00:00:00"
HEX = {"&": "\\u0026", "'": "\\u0027", "<": "\\u003C", ">": "\\u003E"}
ESCAPED = re.compile(r"\\(.)|[&\'<>]")


class Refused(Exception):
    """A refusal: most are a business error on HTTP 200, refusals of access carry their own status."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def now() -> datetime:
    return clock.moment().astimezone(SERVER_ZONE)


def stamp() -> str:
    return now().strftime("%Y-%m-%d %H:%M:%S")


def today() -> str:
    return now().strftime("%Y-%m-%d")


def money(value: object) -> str:
    """Always a text with two decimals, also for yen."""
    return f"{Decimal(str(value)):.2f}"


def page(rows: Sequence[Answer], start: int, size: int) -> Sequence[Answer]:
    return rows[start : start + size]


def listed(plural: str, singular: str, rows: Sequence[Answer]) -> Answer:
    """`plural: {singular: [...]}`; with no rows WHMCS gives an empty text in the place of the map."""
    return {plural: {singular: list(rows)} if rows else ""}


def render(answer: Answer, kind: str, action: str, status: int = 200) -> Response:
    if kind.lower() == "json":
        return Response(php_json(answer), status, mimetype="application/json")
    return Response(xml({"action": action.lower(), **answer}), status, mimetype="application/xml")


def php_json(answer: Answer) -> str:
    """JSON as Laminas writes it: quotes, apostrophes, ampersands and angle brackets inside texts as \\u escapes."""
    return ESCAPED.sub(hexed, json.dumps(answer, separators=(",", ":")))


def hexed(match: re.Match[str]) -> str:
    if match[1]:
        return "\\u0022" if match[1] == '"' else match[0]
    return HEX[match[0]]


def xml(answer: Answer) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<whmcsapi version="9.0.4">\n{nodes(answer)}</whmcsapi>'


def nodes(answer: Answer) -> str:
    return "".join(node(name, item) for name, value in answer.items() for item in (value if isinstance(value, list) else [value]))


def node(name: str, value: object) -> str:
    inner = nodes(value) if isinstance(value, dict) else escape("" if value is None else str(value))
    return f"<{name}>{inner}</{name}>\n"
