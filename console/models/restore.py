"""When a backup was put back to work: what happened upstream between backup and restore, this database does not know."""

from __future__ import annotations

import time
from datetime import datetime
from typing import ClassVar

from peewee import IntegerField

from console import clock
from console.models.base import Moment, Row
from console.models.statements import insert_once

_ONLY = 1  # there is one row
_FRESH_S = 5.0


class RestoreMark(Row):
    """The newest restore, if there was one. Marking again moves it on."""

    id = IntegerField(primary_key=True)
    at = Moment()

    _known: ClassVar[tuple[float, datetime | None] | None] = None

    @classmethod
    def moment(cls) -> datetime | None:
        """The moment, or None; read at most every five seconds, since the engine asks before each call."""
        known = cls._known
        if known is None or time.monotonic() - known[0] >= _FRESH_S:
            row = cls.get_or_none(cls.id == _ONLY)
            known = cls._known = (time.monotonic(), row.at if row else None)
        return known[1]

    @classmethod
    def mark(cls) -> datetime:
        """A backup is in place as of now; the moment."""
        now = clock.now()
        if not insert_once(cls, id=_ONLY, at=now):
            cls.update(at=now).where(cls.id == _ONLY).execute()
        cls.forget()
        return now

    @classmethod
    def forget(cls) -> None:
        """Have the next `moment` read the row."""
        cls._known = None
