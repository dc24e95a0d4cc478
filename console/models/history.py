"""A customer's orders with their jobs, newest first, a page at a time."""

from __future__ import annotations

import json
import re
from typing import Any

from peewee import JOIN, Expression, fn

from console.models.base import millis
from console.models.job import Job
from console.models.order import Order

_JOB = (Job.id, Job.state, Job.updated_at, Job.fence, Job.attempt, Job.held_by, Job.error_code, Job.created_at, Job.finished_at)
_ENDED = ("succeeded", "cancelled")
_ALIVE = ("placing", "placed")


def _job_is(*states: str) -> Expression:
    return fn.COALESCE(Job.state, "").in_(states)


# what a customer calls it → which orders: an order that has not ended itself is as its job is
STATES: dict[str, Expression | None] = {
    "all": None,
    "open": Order.state.in_(_ALIVE) & ~_job_is(*_ENDED),
    "action": Order.state.in_(_ALIVE) & _job_is("needs_customer"),
    "completed": (Order.state == "completed") | (Order.state.in_(_ALIVE) & _job_is("succeeded")),
    "ended": Order.state.in_(("rejected", "cancelled", "failed")) | (Order.state.in_(_ALIVE) & _job_is("cancelled")),
}


def page(user_id: int, state: str, text: str, before: str, limit: int) -> list[tuple[Order, Job | None]]:
    """Those older than the cursor `before`. `text` may stand anywhere in the number or in the lines: more than is meant may come."""
    own = (Job.sf_order_id == Order.sf_order_id) & (Job.kind == "provision")
    rows = Order.select(Order, *_JOB).join(Job, JOIN.LEFT_OUTER, on=own, attr="job").where(Order.user == user_id)
    wanted = STATES[state]
    if wanted is not None:
        rows = rows.where(wanted)
    if text:
        rows = rows.where(Order.order_number.contains(text) | fn.LOWER(Order.lines).contains(json.dumps(text, ensure_ascii=False)[1:-1]))
    found = _older_than(rows, before).order_by(Order.created_at.desc(), Order.id.desc()).limit(limit)
    return [(order, getattr(order, "job", None)) for order in found]


def cursor(order: Order) -> str:
    """Where the page after this order begins."""
    return f"{millis(order.created_at)}-{order.id}"


def _older_than(rows: Any, before: str) -> Any:
    at, _, order_id = before.partition("-")
    if not re.fullmatch(r"[0-9]{1,15}-[0-9]{1,18}", before):
        return rows
    return rows.where((Order.created_at <= int(at)) & ((Order.created_at < int(at)) | (Order.id < int(order_id))))
