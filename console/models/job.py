"""Durable jobs: the row is the truth, the queue only a doorbell; claims are leases with a fence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from peewee import SQL, CharField, Expression, ForeignKeyField, IntegerField, TextField, fn

from console import clock
from console.errors import LeaseLost
from console.models import statements
from console.models.base import Json, Moment, Row, db_now, on_db_clock, transaction
from console.models.statements import insert_once
from console.models.user import User

DUE = ("queued", "waiting", "retry_wait", "needs_customer")
OPEN = (*DUE, "running", "held")
ENDED = ("succeeded", "cancelled", "skipped")
STATES = (*OPEN, "needs_attention", *ENDED)


class Job(Row):
    """One piece of work that must end well exactly once. `dedupe_key`: provision:<order id> | signup:<user id> | email:<link id>."""

    kind = CharField(16)
    dedupe_key = CharField(80, unique=True)
    source = CharField(16, default="")
    sf_order_id = CharField(18, null=True, index=True)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="jobs")
    state = CharField(16, default="queued")
    attempt = IntegerField(default=0)
    crash_count = IntegerField(default=0)
    ambiguous_count = IntegerField(default=0)
    next_run_at = Moment(default=clock.now)
    last_rung_at = Moment(null=True)
    held_by = CharField(80, default="", index=True)
    lease_owner = CharField(80, default="")
    lease_until = Moment(null=True)
    fence = IntegerField(default=0)
    current_step = CharField(40, default="")
    snapshot = Json(null=True)
    waiting_since = Moment(null=True)
    error_class = CharField(40, default="")
    error_code = CharField(60, default="")
    error_text = CharField(300, default="")
    evidence = Json(null=True)
    correlation_id = CharField(36, default="")
    created_at = Moment(default=clock.now)
    updated_at = Moment(default=clock.now)
    finished_at = Moment(null=True)

    class Meta:
        indexes = (
            (("state", "next_run_at"), False),
            (("state", "lease_until"), False),
            (("created_at", "id"), False),
            (("state", "created_at", "id"), False),
        )

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @classmethod
    def keyed(cls, dedupe_key: str) -> Self | None:
        return statements.find_one(cls, dedupe_key=dedupe_key)

    @classmethod
    def of_order(cls, sf_order_id: str) -> Self | None:
        return cls.keyed(f"provision:{sf_order_id}")

    @classmethod
    def of_orders(cls, sf_order_ids: list[str]) -> list[Self]:
        keys = [f"provision:{order_id}" for order_id in sf_order_ids]
        return list(cls.select().where(cls.dedupe_key.in_(keys))) if keys else []

    @classmethod
    def make(cls, kind: str, key: str, **values: object) -> tuple[Self, bool]:
        """The job of that key, and whether this call made it."""
        made = insert_once(cls, kind=kind, dedupe_key=f"{kind}:{key}", **_timed({"next_run_at": clock.now(), **values}))
        job = cls.keyed(f"{kind}:{key}")
        assert job is not None  # noqa: S101  the unique key just held
        if made:
            JobEvent.note(job.id, job.source or "console", "created")
        return job, made

    @classmethod
    def make_many(cls, kind: str, rows: Mapping[str, Mapping[str, object]], source: str, **same: object) -> dict[str, int]:
        """Jobs for those keys that have none: the columns of each by its key, and what all share; ids of the made ones by key.

        In the caller's transaction.
        """
        if not rows:
            return {}
        each = [{"dedupe_key": f"{kind}:{key}", **row} for key, row in rows.items()]
        shared = _timed({"next_run_at": clock.now(), **same}) | {"kind": kind, "source": source}
        made = statements.insert(cls, each, once=True, returning="id, dedupe_key", **shared).fetchall()
        if made:
            statements.insert(JobEvent, [{"job": job_id} for job_id, _ in made], actor=source, what="created")
        return {key.removeprefix(f"{kind}:"): job_id for job_id, key in made}

    @classmethod
    def claim(cls, job_id: int, owner: str, lease_s: float) -> Self | None:
        """T2: the job, running and ours until the lease ends, or None when it is not due or somebody else's."""
        due = cls.state.in_(DUE) & (cls.next_run_at <= db_now()) & _free(cls)
        return cls._take(job_id, owner, lease_s, due, state="running")

    @classmethod
    def borrow(cls, job_id: int, owner: str, lease_s: float) -> Self | None:
        """The job under our lease in the state that it has: no step can run meanwhile. For the status write."""
        return cls._take(job_id, owner, lease_s, (cls.state != "running") & _free(cls))

    @classmethod
    def _take(cls, job_id: int, owner: str, lease_s: float, allowed: Expression, **values: object) -> Self | None:
        with transaction():  # what is read is what was taken, with that fence
            taken = cls.update(lease_owner=owner, lease_until=db_now(lease_s), fence=cls.fence + 1, **values)
            return statements.find_one(cls, id=job_id) if taken.where((cls.id == job_id) & allowed).execute() else None

    def write(self, **values: object) -> None:
        """A fenced write: LeaseLost when another run has taken over."""
        if not statements.update(type(self), {"id": self.id, "fence": self.fence}, **_timed(values), updated_at=db_now()):
            raise LeaseLost
        for name, value in values.items():
            setattr(self, name, value)

    def renew(self, lease_s: float, **values: object) -> None:
        """A fenced write that also extends the lease; `lease_until` here is our own clock's view, for the check before a call."""
        self.write(**values, lease_until=db_now(lease_s))
        self.lease_until = clock.after(lease_s)

    def release(self, state: str, **values: object) -> None:
        """Leave `running` for another state and note it."""
        self.write(state=state, lease_owner="", lease_until=None, **values)
        JobEvent.note(self.id, "worker", state, self.error_code)

    def give_back(self) -> None:
        """End a `borrow`."""
        self.write(lease_owner="", lease_until=None)

    @classmethod
    def due(cls, ring_again_s: float, limit: int = 200) -> list[int]:
        """Jobs to ring: due, nobody's, and not rung lately. Marks them rung."""
        unrung = cls.last_rung_at.is_null() | (cls.last_rung_at <= db_now(-ring_again_s)) | (cls.last_rung_at < cls.next_run_at)
        rows = (
            cls.select(cls.id)
            .where(cls.state.in_(DUE) & (cls.next_run_at <= db_now()) & _free(cls) & unrung)
            .order_by(cls.next_run_at)
            .limit(limit)
        )
        return cls.mark_rung([row.id for row in rows])

    @classmethod
    def mark_rung(cls, ids: Iterable[int]) -> list[int]:
        ids = list(ids)
        if ids:
            cls.update(last_rung_at=db_now()).where(cls.id.in_(ids)).execute()
        return ids

    @classmethod
    def abandoned(cls, limit: int = 100) -> list[Self]:
        """Running, but the lease has ended: the worker died or stalled."""
        return list(cls.select().where((cls.state == "running") & (cls.lease_until < db_now())).limit(limit))

    def move(self, state: str, only_from: Iterable[str], actor: str, detail: str = "", **values: object) -> bool:
        """A change from outside a run, by one conditional UPDATE; whether this call made it. Fences off whoever ran."""
        row = type(self)
        values = _timed(values) | {"state": state, "fence": row.fence + 1, "lease_owner": "", "lease_until": None, "updated_at": db_now()}
        free = (row.id == self.id) & (row.fence == self.fence) & row.state.in_(list(only_from))
        with transaction():
            moved = bool(row.update(**values).where(free).execute())
            if moved:
                JobEvent.note(self.id, actor, state, detail)
        return moved

    @classmethod
    def stop(cls, job_id: int, only_from: Iterable[str], **values: object) -> bool:
        """Cancelled from outside by one conditional UPDATE, whoever runs it; whether this call did it. Until the caller's transaction
        ends, nobody else writes the row."""
        values = _timed(values) | {"fence": cls.fence + 1, "lease_owner": "", "lease_until": None, "updated_at": db_now()}
        stopped = cls.update(state="cancelled", **values).where((cls.id == job_id) & cls.state.in_(list(only_from)))
        return bool(stopped.execute())

    @classmethod
    def holders(cls) -> list[str]:
        """What holds jobs now: `whmcs`, `stock:<plan>`, `staff`."""
        return [row.held_by for row in cls.select(cls.held_by).where(cls.state == "held").distinct()]

    @classmethod
    def let_go(cls, held_by: str, limit: int = 1000) -> list[int]:
        """Queue jobs that this held, those that waited longest since their last try first; their ids."""
        held = (cls.state == "held") & (cls.held_by == held_by)
        ids = [row.id for row in cls.select(cls.id).where(held).order_by(cls.updated_at).limit(limit)]
        if not ids:
            return []
        with transaction():
            values = {"state": "queued", "held_by": "", "next_run_at": db_now(), "last_rung_at": None, "updated_at": db_now()}
            cls.update(**values).where(cls.id.in_(ids) & held).execute()
            for job_id in ids:
                JobEvent.note(job_id, "sweeper", "queued", f"released by {held_by}")
        return ids

    @classmethod
    def wake(cls, user_id: int, reason: str) -> list[int]:
        """The customer came back: what waits for that reason is due now."""
        waiting = (cls.user == user_id) & (cls.state == "needs_customer") & (cls.error_code == reason)
        ids = [row.id for row in cls.select(cls.id).where(waiting)]
        cls.update(next_run_at=db_now()).where(cls.id.in_(ids) & (cls.state == "needs_customer")).execute()
        return ids

    @classmethod
    def counts(cls, cap: int = 10_000) -> dict[str, int]:
        """How many jobs are in each state, counted to `cap` + 1: one query over the (state, …) index, however many there are."""
        of = {
            s: cls.select(fn.COUNT(SQL("1"))).from_(cls.select(cls.id).where(cls.state == s).limit(cap + 1).alias(f"of_{s}")).alias(s)
            for s in STATES
        }
        return cls.select(*of.values()).limit(1).dicts().first() or dict.fromkeys(STATES, 0)


def _timed(values: Mapping[str, object]) -> dict[str, object]:
    return on_db_clock(values, "next_run_at", "last_rung_at")


def _free(row: type[Job]) -> Expression:
    return row.lease_until.is_null() | (row.lease_until < db_now())


class JobEvent(Row):
    """What became of a job and by whom; only ever appended."""

    job = ForeignKeyField(Job, on_delete="CASCADE", backref="events")
    actor = CharField(80)
    what = CharField(40)
    detail = TextField(default="")
    at = Moment(default=clock.now)

    @classmethod
    def note(cls, job_id: int, actor: str, what: str, detail: str = "") -> None:
        statements.insert(cls, job=job_id, actor=actor, what=what, detail=detail)
