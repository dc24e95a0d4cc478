"""The time zone of the person that is being served, and those that one may choose; rows hold UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

HOME = "Asia/Tokyo"  # where the products are sold and most customers are
_OURS = ZoneInfo(HOME)
_zone: ContextVar[ZoneInfo] = ContextVar("zone", default=_OURS)


@contextmanager
def use(wanted: str) -> Iterator[None]:
    """Everything inside tells times of this zone."""
    token = _zone.set(_known(wanted))
    try:
        yield
    finally:
        _zone.reset(token)


def _known(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError):  # chosen where the machine knew more zones than this one
        return _OURS


def local(at: datetime) -> datetime:
    """The moment as the clock of the person shows it."""
    return at.astimezone(_zone.get())


def at_home(at: datetime) -> datetime:
    """The moment as our own clock shows it."""
    return at.astimezone(_OURS)


def name(language: str) -> str:
    """What the zone in use is called in this language: `Japan Time`."""
    return dict(names(language))[_zone.get().key]


@cache
def names(language: str) -> tuple[tuple[str, str], ...]:
    """Every key that may be chosen, one for each place, with what it is called in this language; ours first, the rest by name."""
    from babel.core import get_global
    from babel.dates import get_timezone_location

    places: set[str] = set(get_global("zone_territories"))
    keys = {key for key in places & available_timezones() if not key.startswith("Etc/")} | {HOME}
    called = {key: get_timezone_location(key, locale=language) for key in keys} | {"Etc/UTC": "UTC"}
    return tuple(sorted(called.items(), key=lambda entry: (entry[0] != HOME, entry[1])))
