"""Answers as another installation would write them: the same facts in other types, lists and entities."""

import html
from typing import Any

from sandbox.store import Doc
from sandbox.whmcs.answers import Answer, NoRows

EMPTY: dict[str, Any] = {"text": "", "array": [], "object": {}}
ABSENT = object()
# addresses and HTML are what they are
RAW = frozenset({"redirect_url", "product_url", "description", "message", "lastlogin", "remote_token", "body", "access_token"})


def quirked(answer: Answer, quirks: Doc) -> Answer:
    made: Answer = shaped(answer, quirks)
    return made


def shaped(value: Any, quirks: Doc, name: str = "") -> Any:
    if isinstance(value, dict):
        pairs = ((key, shaped(item, quirks, key)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not ABSENT}
    if isinstance(value, list):
        return as_list([shaped(item, quirks, name) for item in value], quirks["lists"])
    return scalar(value, quirks, name)


def as_list(rows: list[Any], way: str) -> Any:
    if way == "numeric_keys" and rows:
        return {str(at): row for at, row in enumerate(rows)}
    return rows[0] if way == "single_object" and len(rows) == 1 else rows


def scalar(value: Any, quirks: Doc, name: str) -> Any:
    if isinstance(value, NoRows):
        return EMPTY.get(quirks["empty"], ABSENT)
    if quirks["types"] == "all_strings" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if quirks["html_entities"] and isinstance(value, str) and name not in RAW:
        return html.escape(value).replace("&#x27;", "&#039;")
    return value
