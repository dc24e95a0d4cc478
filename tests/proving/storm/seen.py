"""What is left after a storm: the truth of the sandbox, the rows of the console, and the lines of its logs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.models import Attempt, Job, JobEvent, OutboxMessage, database
from tests.proving import truths
from tests.proving.storm.crowd import Crowd
from tests.proving.storm.stage import Stage

Line = Mapping[str, Any]


@dataclass
class Seen:
    """Read once, after everything has ended."""

    stage: Stage
    crowd: Crowd
    drained_s: float | None
    codes: Mapping[str, int]
    truth: Mapping[str, Any] = field(default_factory=dict)
    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    every_job: list[Job] = field(default_factory=list)
    events: dict[int, list[JobEvent]] = field(default_factory=dict)
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)
    mails: dict[str, list[OutboxMessage]] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        database.close()
        self.truth = self.stage.sandbox.control.truth()
        mobile = truths.mobile_products(self.stage.sandbox)
        approved = [order for order in self.truth["orders"] if order["sf_order_id"] in self.crowd.approved]
        self.orders = {order["sf_order_id"]: order for order in approved}
        self.wrong = {order_id: truths.broken(order, mobile) for order_id, order in self.orders.items()}
        self.every_job = list(Job.select().order_by(Job.id))
        self.jobs = {job.sf_order_id: job for job in self.every_job if job.kind == "provision"}
        self.events = _grouped(JobEvent.select().order_by(JobEvent.id), "job_id")
        self.attempts = _grouped(Attempt.select().order_by(Attempt.id), "job_id")
        self.mails = _grouped(OutboxMessage.select().where(OutboxMessage.kind == "mail"), "sf_order_id")
        self.lines = {path.name: list(_lines(path)) for path in sorted(self.stage.logs.glob("*.log"))}

    def said(self, event: str) -> Iterator[tuple[str, Line]]:
        """Log lines of that event, with the name of the log: one log is one life of one process."""
        for name, lines in self.lines.items():
            yield from ((name, line) for line in lines if line.get("event") == event)

    @property
    def provisioned(self) -> list[str]:
        """Orders that are what they should be, everywhere."""
        return [order_id for order_id, wrong in self.wrong.items() if not wrong and self._succeeded(order_id)]

    def _succeeded(self, order_id: str) -> bool:
        return order_id in self.jobs and self.jobs[order_id].state == "succeeded"

    @property
    def doubled(self) -> int:
        """Things upstream beyond those that the orders need."""
        unclaimed = sum(len(things) for things in self.truth["unclaimed"].values())
        return unclaimed + sum(_beyond(order) for order in self.orders.values())


def _beyond(order: Mapping[str, Any]) -> int:
    lines = {one["portal_op"] for one in order["mobile"]}
    return max(0, len(order["whmcs"]) - 1) + len(order["mobile"]) - len(lines)


def _grouped(rows: Any, by: str) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return groups


def _lines(path: Path) -> Iterator[Line]:
    for text in path.read_text(errors="replace").splitlines():
        if text.startswith("{"):
            try:
                yield json.loads(text)
            except ValueError:  # cut off by a kill -9
                continue
