"""What time it is: the one place that asks the machine, so that tests can turn it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def after(seconds: float) -> datetime:
    """The moment that many seconds from now."""
    return now() + timedelta(seconds=seconds)
