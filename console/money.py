"""Yen: integer minor units in, what people read out."""

from __future__ import annotations

from decimal import Decimal


def yen(amount: int, language: str = "en") -> str:
    """`¥5,280` in English, `5,280円` in Japanese; babel's ja_JP prints a full-width sign, which we do not want."""
    return f"{amount:,}円" if language == "ja" else f"{'-' if amount < 0 else ''}¥{abs(amount):,}"


def whole(amount: Decimal) -> int | None:
    """The amount as integer yen, or None when it has a fraction: yen are never rounded silently."""
    return int(amount) if amount == amount.to_integral_value() else None
