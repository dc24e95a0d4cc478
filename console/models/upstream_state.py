"""Which upstream is held back, since when and why: one breaker row for all processes, and the incidents that it made."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models import statements
from console.models.base import Moment, Row, db_now
from console.models.statements import insert_once


class Incident(Row):
    """One stretch of time in which jobs were held. kind: down | config | stock; `held` counts the jobs that had to wait."""

    name = CharField(80)
    kind = CharField(16)
    code = CharField(60, default="")
    held = IntegerField(default=0)
    started_at = Moment(default=clock.now, index=True)
    ended_at = Moment(null=True)


class UpstreamState(Row):
    """The breaker of an upstream (`whmcs`), or of a plan's stock (`stock:<plan>`). Open: nothing is called but one probe at a time."""

    name = CharField(80, primary_key=True)
    is_open = BooleanField(default=False, index=True)
    failures = IntegerField(default=0)
    window_ends_at = Moment(default=0)
    probe_at = Moment(null=True)
    incident = ForeignKeyField(Incident, null=True, on_delete="SET NULL")

    @classmethod
    def open_names(cls) -> frozenset[str]:
        """What is held back now."""
        return frozenset(row.name for row in statements.find(cls, is_open=True))

    @classmethod
    def fail(cls, name: str, code: str, limit: int, window_s: float, probe_s: float) -> bool:
        """Count a failure; whether the breaker is open now, by this one or before."""
        insert_once(cls, name=name)
        cls.update(failures=0, window_ends_at=db_now(window_s)).where((cls.name == name) & (cls.window_ends_at <= db_now())).execute()
        cls.update(failures=cls.failures + 1).where(cls.name == name).execute()
        row = cls.get_by_id(name)
        return bool(row.is_open) or (row.failures >= limit and cls.trip(name, "down", code, probe_s))

    @classmethod
    def trip(cls, name: str, kind: str, code: str, probe_s: float) -> bool:
        """Open it, with one incident however many see it fail; always True."""
        insert_once(cls, name=name)
        opened = cls.update(is_open=True, probe_at=db_now(probe_s)).where((cls.name == name) & (cls.is_open == False))  # noqa: E712
        if opened.execute():
            incident = Incident.create(name=name, kind=kind, code=code[:60])
            cls.update(incident=incident.id).where(cls.name == name).execute()
        return True

    @classmethod
    def count_held(cls, name: str) -> None:
        """One more job waits for it."""
        now = cls.select(cls.incident).where(cls.name == name)
        Incident.update(held=Incident.held + 1).where(Incident.id.in_(now)).execute()

    @classmethod
    def probe(cls, name: str, probe_s: float) -> bool:
        """Whether the caller may try the upstream now: one does, the next after `probe_s`."""
        due = (cls.name == name) & (cls.is_open == True) & (cls.probe_at <= db_now())  # noqa: E712
        return bool(cls.update(probe_at=db_now(probe_s)).where(due).execute())

    @classmethod
    def probe_due(cls) -> list[str]:
        """Open breakers whose next probe is due."""
        return [row.name for row in cls.select(cls.name).where((cls.is_open == True) & (cls.probe_at <= db_now()))]  # noqa: E712

    @classmethod
    def probe_now(cls, name: str) -> None:
        """Staff mended it and will not wait."""
        cls.update(probe_at=db_now()).where(cls.name == name).execute()

    @classmethod
    def close(cls, name: str) -> bool:
        """It answers again; whether this call closed it."""
        closed = cls.update(is_open=False, failures=0, probe_at=None).where((cls.name == name) & (cls.is_open == True))  # noqa: E712
        if not closed.execute():
            return False
        now = cls.select(cls.incident).where(cls.name == name)
        Incident.update(ended_at=clock.now()).where(Incident.id.in_(now)).execute()
        return True
