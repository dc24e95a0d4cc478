"""Lists cut into pages, with ids as cursors."""

from collections.abc import Callable, Sequence

from sandbox.gigs.calls import Call
from sandbox.gigs.refusals import invalid
from sandbox.store import Doc

MAX_LIMIT, DEFAULT_LIMIT = 200, 10


def page(call: Call, rows: Sequence[Doc], shown: Callable[[Doc], Doc] = dict) -> Doc:
    """`rows` newest first. `moreItemsAfter` is what to send as the next `after`."""
    start, stop = window(call, [row["id"] for row in rows])
    cut = rows[start:stop]
    return {
        "object": "list",
        "items": [shown(row) for row in cut],
        "moreItemsAfter": cut[-1]["id"] if cut and stop < len(rows) else None,
        "moreItemsBefore": cut[0]["id"] if cut and start > 0 else None,
    }


def whole(items: list[Doc]) -> Doc:
    """A list that is never cut."""
    return {"object": "list", "items": items, "moreItemsAfter": None, "moreItemsBefore": None}


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
    if not (text.isascii() and text.isdecimal()) or len(text) > 3 or int(text) > MAX_LIMIT:
        raise invalid(f"limit must be a whole number from 0 to {MAX_LIMIT}", "limit")
    return int(text)


def position(ids: list[str], wanted: str, name: str) -> int:
    if wanted not in ids:
        raise invalid(f"{name} names no item of this list", name)
    return ids.index(wanted)
