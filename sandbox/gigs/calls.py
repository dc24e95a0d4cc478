"""One call to the mobile provider: its query and body, read strictly, and only when the path turned out to exist."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from sandbox.gigs.refusals import invalid, malformed
from sandbox.store import Doc, Store

PAGING = ("after", "before", "limit")
LARGEST = 2**53 - 1


@dataclass(frozen=True)
class Call:
    """`asked` are the query's pairs as they came, `raw` is the body."""

    store: Store
    project: str
    asked: tuple[tuple[str, str], ...]
    raw: bytes

    @cached_property
    def query(self) -> dict[str, str]:
        """A parameter given twice is refused too: no list here takes one."""
        query = dict(self.asked)
        if len(query) != len(self.asked):
            raise invalid("A query parameter was given twice")
        return query

    @cached_property
    def body(self) -> Doc:
        return parsed(self.raw) if self.raw else {}

    def only(self, *names: str) -> None:
        """Unknown and empty query parameters are errors, never ignored."""
        for name, value in self.query.items():
            if name not in names:
                raise invalid(f"Unknown query parameter: {name}", name)
            if not value:
                raise invalid(f"Query parameter {name} must not be empty", name)

    def words(self, name: str, allowed: Collection[str], default: Collection[str]) -> set[str]:
        """A comma-separated filter of known words."""
        given = set(self.query[name].split(",")) if name in self.query else set(default)
        unknown = given - set(allowed)
        if unknown:
            raise invalid(f"{name} must be one of {', '.join(allowed)}", name)
        return given

    def filters(self, *names: str) -> dict[str, str]:
        """Those of the plain filters that were given."""
        return {name: self.query[name] for name in names if name in self.query}

    def properties(self, required: Collection[str] = (), optional: Collection[str] = ()) -> None:
        """Also for calls that take no body: whatever is in it is unknown then."""
        for name in self.body:
            if name not in required and name not in optional:
                raise invalid(f"Unknown property: {name}", name)
        for name in required:
            if self.body.get(name) in (None, ""):
                raise invalid(f"Property {name} is required", name)

    def text(self, name: str) -> str | None:
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Property {name} must be a string", name)
        return value

    def word(self, name: str, allowed: Collection[str], default: str) -> str:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(f"{name} must be one of {', '.join(allowed)}", name)
        return value or default

    def whole(self, name: str) -> int:
        value = self.body.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
            raise invalid(f"Property {name} must be a whole number, not below 0", name)
        return value

    def texts(self, name: str) -> list[str]:
        value = self.body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(f"Property {name} must be a list of strings", name)
        return value


def parsed(raw: bytes) -> Doc:
    try:
        body: Any = json.loads(raw.decode(), parse_constant=_not_json)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        # half a surrogate pair and thousands of brackets are no texts that anybody could store
        raise malformed("The body is not JSON") from error
    if not isinstance(body, dict):
        raise malformed("The body must be an object")
    return body


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)
