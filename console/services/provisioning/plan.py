"""What a job's work is made of: steps with their look-ups, in order, and the run that carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from console import clock
from console.errors import LeaseLost
from console.models import CustomerLink, Job, JobStep, Order
from console.services.upstreams import Policy, Upstreams


@dataclass(frozen=True)
class Done:
    """A step's result: the upstream's reference, what later steps need (allow-listed, no secrets), and rows to write with the record."""

    ref: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[], object] | None = None


@dataclass
class Run:
    """One claim of one job: the row under our lease, its journal, and what to work with."""

    job: Job
    upstreams: Upstreams
    policy: Policy
    journal: dict[tuple[str, str], JobStep]
    memory: dict[str, Any] = field(default_factory=dict)
    order_modified: datetime | None = None
    open_names: frozenset[str] = frozenset()
    probing: set[str] = field(default_factory=set)
    stopping: Callable[[], bool] = lambda: False  # whether this process was told to stop

    def step(self, name: str, line: str = "") -> JobStep:
        """A finished step's row; KeyError when the plan's order is wrong."""
        return self.journal[name, line]

    @cached_property
    def order(self) -> Order | None:
        """The order's row, if it was placed here; read once a run, after the guard has made sure that it knows its id."""
        return Order.at(self.job.sf_order_id)

    @cached_property
    def link(self) -> CustomerLink | None:
        """Who the customer is upstream; read once a run."""
        return CustomerLink.of(self.job.user_id)

    @property
    def snapshot(self) -> dict[str, Any]:
        """The order as approved."""
        snapshot: dict[str, Any] = self.job.snapshot
        return snapshot

    @property
    def lines(self) -> dict[str, dict[str, Any]]:
        """The approved lines by OrderItem id."""
        return {line["item_id"]: line for line in self.snapshot["lines"]}

    def sending(self, upstream: str) -> None:
        """Right before a call: LeaseLost unless its deadline ends before the lease does."""
        if self.job.lease_until is None or clock.after(self.policy.deadlines[upstream]) > self.job.lease_until:
            raise LeaseLost


def whole(_run: Run) -> Sequence[str]:
    """The step concerns the whole order."""
    return ("",)


def no_stock(_run: Run, _line: str) -> str:
    """The step takes nothing that can run out."""
    return ""


@dataclass(frozen=True)
class Step:
    """A step of a plan. With a `look_up` it is an effect: journalled before the call, looked up when its outcome is unknown.

    `run` does the work for one line; `look_up` returns what it finds upstream, None for nothing, or raises Contradiction.
    `stock` names what the line takes (a plan) and may run out of.
    For staff: `confirm` reads the thing whose id they give and returns it if it is surely ours and as approved, None if there is no
    such thing; `gone` reads whether what was made has ended or is not there. `after` names the steps whose results this one cannot
    do without: they are finished before it is adopted, and it is undone with them.
    """

    name: str
    upstream: str
    run: Callable[[Run, str], Done]
    look_up: Callable[[Run, str], Done | None] | None = None
    lines: Callable[[Run], Sequence[str]] = whole
    every_run: bool = False
    stock: Callable[[Run, str], str] = no_stock
    confirm: Callable[[Run, str, str], Done | None] | None = None
    gone: Callable[[Run, str, str], bool] | None = None
    after: tuple[str, ...] = ()

    @property
    def effect(self) -> bool:
        return self.look_up is not None


@dataclass(frozen=True)
class Plan:
    """The steps of a kind of job, and what is written when it ends or has to wait (in the same transaction)."""

    steps: Sequence[Step]
    finished: Callable[[Run], None]
    changed: Callable[[Run], None]
