"""Salesforce ids: 15 characters that case matters in, or 18 with a checksum."""

from __future__ import annotations

import re

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def canonical_id(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id, or None when it is neither or its checksum is wrong."""
    if not _ID.fullmatch(text):
        return None
    full = text[:15] + "".join(_checksum(text[start : start + 5]) for start in (0, 5, 10))
    return full if len(text) == 15 or text[15:].upper() == full[15:] else None


def _checksum(chunk: str) -> str:
    return _CHECKSUM[sum(1 << place for place, char in enumerate(chunk) if "A" <= char <= "Z")]
