"""Moments as the mobile provider writes them, and how long a period lasts."""

import calendar
from datetime import UTC, datetime, timedelta

from sandbox.store import Doc


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Back from a stamp, or from another RFC 3339 text or date. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def day(at: float) -> str:
    return stamp(at)[:10]


def later(at: float, validity: Doc) -> float:
    """`at` plus the validity's days or months; the 31st becomes the last day of a shorter month."""
    began = datetime.fromtimestamp(at, UTC)
    if validity["unit"] == "day":
        return (began + timedelta(days=validity["value"])).timestamp()
    years, month = divmod(began.month - 1 + validity["value"], 12)
    year, month = began.year + years, month + 1
    return began.replace(year=year, month=month, day=min(began.day, calendar.monthrange(year, month)[1])).timestamp()


def period(number: int, start: float, validity: Doc) -> Doc:
    return {"number": number, "start": stamp(start), "end": stamp(later(start, validity))}
