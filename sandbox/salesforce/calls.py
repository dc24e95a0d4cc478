"""A call of the REST API as it is read from its target: release, path and query; and the releases that the org answers for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.salesforce.errors import SfError, not_found

DATA = "/services/data"
VERSION = re.compile(r"v(\d{1,3})\.0")
SEASONS = ("Summer", "Winter", "Spring")
FIRST, OLDEST, NEWEST = 7, 31, 68
LONGEST_TARGET = 16_384
NESTED = "Nested too deep in the request body at [line:1, column:1]"


@dataclass(frozen=True)
class Call:
    """A request, from the network or inside a composite. `parts` are the path's segments behind the release, decoded."""

    method: str
    version: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)  # by lower-case name

    @property
    def base(self) -> str:
        return f"{DATA}/{self.version}"

    @property
    def release(self) -> int:
        return int(self.version[1:-2])


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def call(method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Call:
    """Reads a target such as /services/data/v67.0/query?q=…; raises SfError for one that is not of this API."""
    path, _, query = target.partition("?")
    parts = [unquote(part) for part in path.removeprefix(DATA).split("/") if part]
    if not path.startswith(f"{DATA}/") or not parts:
        raise not_found()
    _served(parts[0])
    asked = dict(parse_qsl(query, keep_blank_values=True))
    # clients that cannot send PATCH say so in the query
    method = asked.pop("_HttpMethod", method) if method == "POST" else method
    return Call("GET" if method == "HEAD" else method.upper(), parts[0], tuple(parts[1:]), asked, body, headers or {})


def _served(name: str) -> None:
    found = VERSION.fullmatch(name)
    number = int(found[1]) if found else 0
    if FIRST <= number < OLDEST:
        raise SfError("GONE", f"Salesforce Platform API version {number}.0 is retired: use {OLDEST}.0 or later", status=410)
    if not OLDEST <= number <= NEWEST:
        raise not_found()


def versions() -> list[dict[str, str]]:
    return [{"label": _label(number), "url": f"{DATA}/v{number}.0", "version": f"{number}.0"} for number in range(OLDEST, NEWEST + 1)]


def _label(number: int) -> str:
    past = number - OLDEST  # the first one was Summer '14
    return f"{SEASONS[past % 3]} '{14 + (past + 2) // 3}"


def parsed(method: str, raw: bytes, content_type: str) -> Any:
    """The JSON of a body; None for a method without one. Raises JSON_PARSER_ERROR, UNSUPPORTED_MEDIA_TYPE."""
    if method not in ("POST", "PATCH", "PUT"):
        return None
    kind = content_type.partition(";")[0].strip().lower()
    if raw and kind and "json" not in kind:
        raise SfError("UNSUPPORTED_MEDIA_TYPE", f"The request has an unsupported media type: {kind}", status=415)
    try:
        read = json.loads(raw or b"{}", parse_constant=_no_number)
        # half of a surrogate pair is JSON, but no text that anybody could be answered with
        json.dumps(read, ensure_ascii=False).encode()
    except ValueError as error:
        raise SfError("JSON_PARSER_ERROR", "Unexpected character in the request body at [line:1, column:1]") from error
    except RecursionError as error:
        raise SfError("JSON_PARSER_ERROR", NESTED) from error
    return read


def _no_number(text: str) -> float:
    raise ValueError(text)
