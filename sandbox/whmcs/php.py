"""How PHP reads a form: bracketed names become arrays, and serialised arrays travel in base64."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import phpserialize

MAX_INPUT_VARS = 1000  # PHP's default: what comes after is dropped without a word
MAX_NESTING = 64  # what goes deeper is dropped as well
MAX_SERIALISED = 65536
MOST_DIGITS = 16  # longer ones are texts to PHP too
NAME = re.compile(r"^([^\[]+)((?:\[[^\]]*\])*)")


def parse_form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[0][b]=x` → {"a": {"0": {"b": "x"}}}; arrays are dicts with text keys, the last value wins."""
    form: dict[str, Any] = {}
    for name, value in list(pairs)[:MAX_INPUT_VARS]:
        match = NAME.match(name) if name.count("[") <= MAX_NESTING else None
        if match:
            path = [re.sub(r"[. ]", "_", match[1]), *re.findall(r"\[([^\]]*)\]", match[2])]
            place(form, path, value)
    return form


def place(array: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        key = step or next_index(array)
        if not isinstance(array.get(key), dict):
            array[key] = {}
        array = array[key]
    array[path[-1] or next_index(array)] = value


def next_index(array: dict[str, Any]) -> str:
    taken = [int(key) for key in array if key.isdecimal() and key.isascii() and len(key) < MOST_DIGITS]
    return str(max(taken) + 1 if taken else 0)


def decode_array(text: object) -> dict[str, Any]:
    """base64 of a serialised array → its items by text key. Anything else is nothing, as WHMCS ignores it silently."""
    return serialised(text) or {}


def serialised(text: object) -> dict[str, Any] | None:
    """None when it is no array. Only arrays and scalars are read: phpserialize refuses objects as long as it is given no hook."""
    if not isinstance(text, str) or len(text) > MAX_SERIALISED:
        return None
    try:
        value = phpserialize.loads(base64.b64decode(text.replace(" ", "+"), validate=True), decode_strings=True)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else None
