"""An order as its customer follows it: with its job and the measured paces, by one statement whose text is written once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Self

from console.models.base import Row, database, millis
from console.models.job import Job
from console.models.order import Order
from console.models.pace import ONLY, Pace

_OF: tuple[tuple[type[Row], tuple[str, ...]], ...] = (
    (Order, (
        "id", "user", "state", "updated_at", "sf_order_id", "order_number", "checkout_id", "lines", "due_today", "monthly", "currency",
        "error_code", "correlation_id", "created_at",
    )),
    (Job, ("id", "state", "updated_at", "fence", "kind", "attempt", "held_by", "error_code", "created_at", "finished_at")),
    (Pace, ("kinds",)),
)  # fmt: skip
_ENDS = (len(_OF[0][1]), len(_OF[0][1]) + len(_OF[1][1]))


class Followed:
    """What was read, turned into rows only when somebody asks for them: most looks find the same as before."""

    def __init__(self, read: tuple[Any, ...]) -> None:
        self._read = read
        self.user_id: int = read[1]

    @classmethod
    def of(cls, sf_order_id: str) -> Self | None:
        found = database.execute_sql(_text(database.param), [sf_order_id]).fetchone()
        return cls(found) if found else None

    @property
    def stamp(self) -> str:
        """Another one after each change of the order or of its job."""
        order, job = self._read[: _ENDS[0]], self._read[_ENDS[0] : _ENDS[1]]
        return _stamp(*order[2:4], *job[1:4])

    @cached_property
    def order(self) -> Order:
        found: Order = _row(Order, _OF[0][1], self._read[: _ENDS[0]])
        return found

    @cached_property
    def job(self) -> Job | None:
        read = self._read[_ENDS[0] : _ENDS[1]]
        return _row(Job, _OF[1][1], read) if read[0] is not None else None

    @cached_property
    def kinds(self) -> dict[str, list[float]]:
        return Pace.kinds.python_value(self._read[-1]) or {}


def stamp_of(order: Order, job: Job | None) -> str:
    """As Followed.stamp, from rows in hand."""
    if job is None:
        return _stamp(order.state, _ms(order.updated_at), None, None, None)
    return _stamp(order.state, _ms(order.updated_at), job.state, _ms(job.updated_at), job.fence)


def _stamp(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _ms(moment: datetime) -> int:
    return millis(moment)


def _row(model: Any, names: tuple[str, ...], read: tuple[Any, ...]) -> Any:
    fields = model._meta.fields
    return model(**{name: fields[name].python_value(value) for name, value in zip(names, read, strict=True)})


@lru_cache
def _text(param: str) -> str:
    columns = [
        f'{table}."{model._meta.fields[name].column_name}"' for table, (model, names) in zip("ojp", _OF, strict=True) for name in names
    ]
    return (
        f"SELECT {', '.join(columns)} FROM orders o LEFT JOIN job j ON j.dedupe_key = 'provision:' || o.sf_order_id"  # noqa: S608
        f" LEFT JOIN pace p ON p.id = {ONLY} WHERE o.sf_order_id = {param}"
    )
