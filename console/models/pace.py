"""How long orders take, by kind, as last measured: one row for all processes."""

from __future__ import annotations

from peewee import IntegerField

from console import clock
from console.models.base import Json, Moment, Row
from console.models.statements import insert_once

ONLY = 1  # there is one row


class Pace(Row):
    """`kinds`: {kind: [median, 90th percentile]} in seconds from the job's beginning to its end."""

    id = IntegerField(primary_key=True)
    kinds = Json(default=dict)
    measured_at = Moment(default=clock.now)

    @classmethod
    def keep(cls, kinds: dict[str, list[float]]) -> None:
        values = {"kinds": kinds, "measured_at": clock.now()}
        if not cls.update(**values).where(cls.id == ONLY).execute():
            insert_once(cls, id=ONLY, **values)
