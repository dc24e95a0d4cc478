"""PHP as it travels in forms: `serialize()` in base64, and lists as bracketed names."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence


def packed(values: Mapping[int, str | int]) -> str:
    """base64 of PHP's serialize(): what WHMCS takes for custom fields and options; "" for none."""
    return base64.b64encode(serialized(values)).decode("ascii") if values else ""


def serialized(value: object) -> bytes:
    """PHP's serialize() of ints, strings (with their length in UTF-8 bytes) and arrays of them; an int key stays an int."""
    if isinstance(value, Mapping):
        inner = b"".join(_scalar(key) + serialized(item) for key, item in value.items())
        return b"a:%d:{%s}" % (len(value), inner)
    return _scalar(value)


def _scalar(value: object) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return b's:%d:"%s";' % (len(text), text)
    if isinstance(value, int) and not isinstance(value, bool):
        return b"i:%d;" % value
    raise TypeError(f"{type(value).__name__} has no place in a form")


def bracketed(name: str, values: Sequence[str | int]) -> dict[str, str]:
    """A list as `name[0]`, `name[1]` …: explicit numbers keep parallel lists aligned."""
    return {f"{name}[{index}]": str(value) for index, value in enumerate(values)}
