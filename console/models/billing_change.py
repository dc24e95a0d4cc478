"""What a customer changed of name and address and billing has not taken yet: one row each, gone once it is written there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from peewee import ForeignKeyField, IntegerField

from console import clock
from console.models.base import Json, Moment, Row
from console.models.job import ENDED, Job
from console.models.statements import insert_once
from console.models.user import User


class BillingChange(Row):
    """`fields` by the names of billing's address; a later change is laid over it and gives it the next `version`."""

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE")
    fields = Json()
    version = IntegerField(default=1)
    created_at = Moment(default=clock.now)

    @classmethod
    def of(cls, user_id: int) -> Self | None:
        return cls.get_or_none(cls.user == user_id)  # type: ignore[no-any-return]

    @classmethod
    def put(cls, user_id: int, fields: Mapping[str, str]) -> None:
        """The last one wins. In a transaction that keeps a second change of the same person out."""
        if insert_once(cls, user=user_id, fields=dict(fields)):
            return
        row = cls.get(cls.user == user_id)
        cls.update(fields={**row.fields, **fields}, version=cls.version + 1).where(cls.id == row.id).execute()

    def written(self) -> None:
        """Billing has it: gone, unless it was changed again meanwhile."""
        row = type(self)
        row.delete().where((row.id == self.id) & (row.version == self.version)).execute()

    @classmethod
    def stranded(cls, limit: int = 100) -> list[Job]:
        """Ended jobs whose person changed something at the very moment in which they ended."""
        own = (Job.user == cls.user) & (Job.kind == "billing")
        return list(Job.select().join(cls, on=own).where(Job.state.in_(ENDED)).limit(limit))
