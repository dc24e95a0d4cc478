"""Who of the staff did what to what, and why; only ever appended."""

from __future__ import annotations

from peewee import CharField

from console import clock
from console.models import statements
from console.models.base import Moment, Row


class AuditEntry(Row):
    """`actor` is `user:<id>` or `cli`; `subject` is `job:<id>` or the like; never a person's data."""

    at = Moment(default=clock.now, index=True)
    actor = CharField(80)
    verb = CharField(40)
    subject = CharField(80, index=True)
    reason = CharField(300, default="")
    correlation_id = CharField(36, default="")

    @classmethod
    def note(cls, actor: str, verb: str, subject: str, reason: str = "", correlation_id: str = "") -> None:
        statements.insert(cls, actor=actor, verb=verb, subject=subject, reason=reason, correlation_id=correlation_id)
