"""Who may do a thing alone (leases with a fence), and who was alive when (heartbeats)."""

from __future__ import annotations

from peewee import CharField, IntegerField

from console.models.base import Json, Moment, Row, db_now
from console.models.statements import insert_once


class Lease(Row):
    """A name held by one owner until a moment. The fence grows with each change of owner."""

    name = CharField(64, primary_key=True)
    owner = CharField(80, default="")
    fence = IntegerField(default=0)
    until = Moment(default=0)

    @classmethod
    def take(cls, name: str, owner: str, seconds: float) -> int | None:
        """The fence when the lease is ours now (kept or newly taken), else None."""
        insert_once(cls, name=name, owner="", fence=0, until=0)
        kept = cls.update(until=db_now(seconds)).where((cls.name == name) & (cls.owner == owner) & (cls.until > db_now())).execute()
        if not kept:
            free = (cls.name == name) & (cls.until <= db_now())
            if not cls.update(owner=owner, fence=cls.fence + 1, until=db_now(seconds)).where(free).execute():
                return None
        return int(cls.get_by_id(name).fence)

    @classmethod
    def give_back(cls, name: str, owner: str) -> None:
        """Let the next one in at once."""
        cls.update(until=0).where((cls.name == name) & (cls.owner == owner)).execute()


class Heartbeat(Row):
    """The last sign of life of a process: `worker:<host>:<pid>`, `listener:…`; `detail` is small and without secrets."""

    name = CharField(120, primary_key=True)
    role = CharField(16, index=True)
    at = Moment()
    detail = Json(default=dict)

    @classmethod
    def beat(cls, role: str, name: str, **detail: object) -> None:
        values = {"role": role, "at": db_now(), "detail": detail}
        if not cls.update(**values).where(cls.name == name).execute():
            insert_once(cls, name=name, **values)

    @classmethod
    def end(cls, name: str) -> None:
        """The process ends as it was told to, and is not missed."""
        cls.delete().where(cls.name == name).execute()

    @classmethod
    def alive(cls, within_s: float) -> list[str]:
        """Names of the processes that gave a sign of life lately."""
        return [row.name for row in cls.select().where(cls.at > db_now(-within_s)).order_by(cls.name)]
