"""The shapes of WHMCS answers: money, dates, lists, and PHP's way of writing JSON and XML."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sandbox import clock
from sandbox.store import Doc

Answer = dict[str, Any]
SERVER_ZONE = timezone(timedelta(hours=9))  # WHMCS writes times in the server's zone and does not say which
NO_DATE, NO_TIME = "0000-00-00", "0000-00-00 00:00:00"
HEX = {"&": "\\u0026", "'": "\\u0027", "<": "\\u003C", ">": "\\u003E"}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
ESCAPED = re.compile(r"\\(.)|[&\'<>]")


class Refused(Exception):
    """A refusal: most are a business error on HTTP 200, refusals of access carry their own status.

    `kept`: what was done until then stays, as when a module fails in the middle of an action.
    """

    def __init__(self, message: str, status: int = 200, kept: bool = False) -> None:
        super().__init__(message)
        self.message, self.status, self.kept = message, status, kept


class NoRows(str):
    """The empty text that stands for a list without rows."""

    __slots__ = ()


def now() -> datetime:
    return clock.moment().astimezone(SERVER_ZONE)


def stamp() -> str:
    return now().strftime("%Y-%m-%d %H:%M:%S")


def today() -> str:
    return now().strftime("%Y-%m-%d")


def money(value: object) -> str:
    """Always a text with two decimals, also for yen."""
    return f"{Decimal(str(value)):.2f}"


def yen(value: object) -> str:
    """As statistics write it."""
    return f"¥{Decimal(str(value)):,.0f}"


def counted(plural: str, singular: str, rows: Sequence[Doc], window: tuple[int, int], show: Callable[[Doc], Answer] = dict) -> Answer:
    """The envelope of a list: how many there are, and one page of them, each as `show` shows it."""
    start, size = window
    shown = [show(row) for row in rows[start : start + size]]
    return {"totalresults": len(rows), "startnumber": start, "numreturned": len(shown), **listed(plural, singular, shown)}


def listed(plural: str, singular: str, rows: Sequence[Answer]) -> Answer:
    """`plural: {singular: [...]}`; with no rows WHMCS gives an empty text in the place of the map."""
    return {plural: {singular: list(rows)} if rows else NoRows()}


def render(answer: Answer, kind: str, action: str, status: int = 200, version: str = "") -> Response:
    if kind.lower() == "json":
        return Response(php_json(answer), status, mimetype="application/json")
    return Response(xml({"action": action.lower(), **answer}, version), status, mimetype="application/xml")


def php_json(answer: Answer) -> str:
    """JSON as Laminas writes it: quotes, apostrophes, ampersands and angle brackets inside texts as \\u escapes."""
    return ESCAPED.sub(hexed, json.dumps(answer, separators=(",", ":")))


def hexed(match: re.Match[str]) -> str:
    if match[1]:
        return "\\u0022" if match[1] == '"' else match[0]
    return HEX[match[0]]


def xml(answer: Answer, version: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<whmcsapi version="{version}">\n{nodes(answer)}</whmcsapi>'


def named(name: str) -> str:
    """A name that is one in XML too; keys of PHP arrays need not be."""
    return name if NAME.fullmatch(name) else "item"


def nodes(answer: Answer) -> str:
    return "".join(node(name, item) for name, value in answer.items() for item in (value if isinstance(value, list) else [value]))


def node(name: str, value: object) -> str:
    inner = nodes(value) if isinstance(value, dict) else escape(NOT_XML.sub("", plain(value)))
    return f"<{named(name)}>{inner}</{named(name)}>\n"


def plain(value: object) -> str:
    """As PHP writes a scalar: nothing for null and false, 1 for true."""
    return "" if value is None or value is False else "1" if value is True else str(value)
