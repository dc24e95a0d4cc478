"""The journal of a job: its steps as they stand, and each try of one."""

from __future__ import annotations

from typing import Any, Self

from peewee import CharField, ForeignKeyField, IntegerField

from console import clock
from console.models import statements
from console.models.base import Json, Moment, Row
from console.models.job import Job


class JobStep(Row):
    """The journal: `started` is committed before the call, `done` after it. `started` found by a new run is ambiguous.

    state: pending | started | done | adopted | skipped | undone. `line` is the OrderItem's id, "" for the whole order.
    """

    job = ForeignKeyField(Job, on_delete="CASCADE", backref="steps")
    name = CharField(40)
    line = CharField(18, default="")
    state = CharField(16, default="pending")
    request_hash = CharField(64, default="")
    upstream_ref = CharField(80, default="", index=True)
    result = Json(default=dict)
    fence = IntegerField(default=0)
    sends = IntegerField(default=0)
    negatives = IntegerField(default=0)
    started_at = Moment(null=True)
    unsure_at = Moment(null=True)
    looked_at = Moment(null=True)
    finished_at = Moment(null=True)

    class Meta:
        indexes = ((("job_id", "name", "line"), True),)

    FINISHED = frozenset({"done", "adopted", "skipped"})

    @property
    def finished(self) -> bool:
        return self.state in self.FINISHED

    @classmethod
    def put(cls, job: Job, name: str, line: str, **values: Any) -> Self:
        """Insert or change the step's row, in the caller's transaction, under the job's fence; the row as it is now."""
        return statements.keep(cls, {"job": job.id, "name": name, "line": line}, **values, fence=job.fence)

    @classmethod
    def of(cls, job: Job) -> dict[tuple[str, str], Self]:
        """The job's steps by name and line."""
        return {(row.name, row.line): row for row in statements.find(cls, job=job.id)}


class Attempt(Row):
    """One try of a step: how it went, how long the call took (ms), the redacted error."""

    job = ForeignKeyField(Job, on_delete="CASCADE", backref="attempts")
    step = CharField(40)
    line = CharField(18, default="")
    outcome = CharField(16)
    error_code = CharField(60, default="")
    error_text = CharField(300, default="")
    duration_ms = IntegerField(default=0)
    fence = IntegerField(default=0)
    at = Moment(default=clock.now)

    @classmethod
    def note(cls, job: Job, step: str, line: str, outcome: str, **values: Any) -> None:
        """In the caller's transaction, under the job's fence."""
        statements.insert(cls, job=job.id, step=step, line=line, outcome=outcome, fence=job.fence, **values)
