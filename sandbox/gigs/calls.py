"""One call to the mobile provider: its query and body read strictly, and lists cut into pages."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.gigs.refusals import invalid, unacceptable
from sandbox.store import Doc, Store

PAGING = ("after", "before", "limit")
MAX_LIMIT, DEFAULT_LIMIT = 200, 10
MAX_METADATA, MAX_KEY, MAX_VALUE = 10, 40, 255
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")
RESERVED = "gigs.com"


@dataclass(frozen=True)
class Call:
    store: Store
    query: dict[str, str]
    body: Doc

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

    def properties(self, required: Collection[str], optional: Collection[str] = ()) -> None:
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


def merged_metadata(held: dict[str, str], call: Call) -> dict[str, str]:
    """A value sets, null deletes, absent changes nothing; `metadata: null` itself is refused."""
    if "metadata" not in call.body:
        return held
    sent = call.body["metadata"]
    if sent is None or not isinstance(sent, dict):
        raise unacceptable("metadata must be an object", "metadata")
    for key, value in sent.items():
        check_pair(key, value)
    merged = {key: value for key, value in {**held, **sent}.items() if value is not None}
    if len(merged) > MAX_METADATA:
        raise unacceptable(f"metadata holds at most {MAX_METADATA} keys", "metadata")
    return merged


def check_pair(key: str, value: Any) -> None:
    if not 1 <= len(key) <= MAX_KEY or key.startswith(RESERVED) or EMOJI.search(key):
        raise unacceptable("metadata key is not allowed", f"metadata.{key}")
    if value is not None and (not isinstance(value, str) or len(value) > MAX_VALUE or EMOJI.search(value)):
        raise unacceptable(f"metadata value must be a string of at most {MAX_VALUE} characters", f"metadata.{key}")


def page(call: Call, rows: Sequence[Doc], shown: Callable[[Doc], Doc]) -> Doc:
    """`rows` newest first. The cursors are ids; `moreItemsAfter` is what to send as the next `after`."""
    start, stop = window(call, [row["id"] for row in rows])
    cut = rows[start:stop]
    return {
        "object": "list",
        "items": [shown(row) for row in cut],
        "moreItemsAfter": cut[-1]["id"] if cut and stop < len(rows) else None,
        "moreItemsBefore": cut[0]["id"] if cut and start > 0 else None,
    }


def window(call: Call, ids: list[str]) -> tuple[int, int]:
    size = limit(call.query.get("limit", str(DEFAULT_LIMIT)))
    if "after" in call.query and "before" in call.query:
        raise invalid("after and before exclude each other", "before")
    if "before" in call.query:
        stop = position(ids, call.query["before"], "before")
        return max(0, stop - size), stop
    start = position(ids, call.query["after"], "after") + 1 if "after" in call.query else 0
    return start, min(len(ids), start + size)


def limit(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or int(text) > MAX_LIMIT:
        raise invalid(f"limit must be a whole number from 0 to {MAX_LIMIT}", "limit")
    return int(text)


def position(ids: list[str], wanted: str, name: str) -> int:
    if wanted not in ids:
        raise invalid(f"{name} names no item of this list", name)
    return ids.index(wanted)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
