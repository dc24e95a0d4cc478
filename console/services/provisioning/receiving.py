"""From an event, or an order found without one, to a job: recorded in one transaction, never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from console import clock, crash, log
from console.clients.pubsub import Batch, Event
from console.clients.salesforce_ids import canonical_id
from console.models import InboxEvent, Job, JobEvent, Order, OutboxMessage, StreamCursor, transaction
from console.services.provisioning.write_back import CANCELLED_HERE

_log = log.logger(__name__)


@dataclass(frozen=True)
class Received:
    """Jobs to ring after the commit; `ours` is False when a newer listener has taken over (nothing was stored then)."""

    jobs: tuple[int, ...]
    ours: bool = True


class TakenOver(Exception):
    """A newer fence has moved the position."""


def receive(channel: str, batch: Batch, fence: int) -> Received:
    """T1: inbox, jobs and the position of one response, in one transaction and a handful of statements."""
    crash.point("before_t1")
    try:
        with transaction():
            jobs = _keep(batch.events)
            if batch.latest_replay_id and not StreamCursor.move(channel, batch.latest_replay_id, fence):
                raise TakenOver
            crash.point("t1")
    except TakenOver:
        return Received((), ours=False)
    crash.point("after_t1")
    return Received(jobs)


def _keep(events: Sequence[Event]) -> tuple[int, ...]:
    """Record what is new; the jobs of its orders to ring."""
    rows = [_row(event) for event in {event.uuid: event for event in events}.values()]
    _mark_second_keys([row for row in rows if row["state"] == "recorded"])
    new = InboxEvent.keep_new(rows)
    kept = [row for row in rows if row["event_uuid"] in new]
    for row in kept:
        if row["state"] != "recorded" or row["reason"]:
            _log.warning(
                "event_odd", event_uuid=row["event_uuid"], sf_order_id=row["sf_order_id"], state=row["state"], reason=row["reason"]
            )
    return ensure_jobs([str(row["sf_order_id"]) for row in kept if row["state"] == "recorded"], "stream")


def _row(event: Event) -> dict[str, Any]:
    order_id, state, reason = _judge(event)
    return {
        "event_uuid": event.uuid[:64], "idem_key": str((event.fields or {}).get("IdemKey__c") or "")[:80], "sf_order_id": order_id,
        "replay_id": event.replay_id, "payload": event.payload if state == "undecodable" else b"", "fields": event.fields, "state": state,
        "reason": reason,
    }  # fmt: skip


def _mark_second_keys(rows: Sequence[dict[str, Any]]) -> None:
    """Two IdemKeys for one order: recorded like any other, with a warning."""
    first = InboxEvent.keys_of({row["sf_order_id"] for row in rows}) if rows else {}
    for row in rows:
        if first.setdefault(row["sf_order_id"], row["idem_key"]) != row["idem_key"]:
            row["reason"] = "second_key"


def _judge(event: Event) -> tuple[str, str, str]:
    """(order id of 18 characters or "", inbox state, reason)."""
    if event.fields is None:
        return "", "undecodable", event.problem or "undecodable"
    order_id = canonical_id(str(event.fields.get("OrderId__c") or ""))
    return (order_id, "recorded", "") if order_id else ("", "ignored", "bad_order_id")


def ensure_jobs(sf_order_ids: Sequence[str], source: str) -> tuple[int, ...]:
    """The orders' jobs to ring, in the caller's transaction; a further event or look never makes a second one."""
    wanted = list(dict.fromkeys(sf_order_ids))
    if not wanted:
        return ()
    placed = Order.placed_as(wanted)
    rows = {order_id: _job(order_id, *placed.get(order_id, (None, ""))) for order_id in wanted}
    made = Job.make_many("provision", rows, source, last_rung_at=clock.now())
    known = Job.of_orders([order_id for order_id in wanted if order_id not in made])
    return (*made.values(), *(job.id for job in known if _again(job, source)))


def _job(order_id: str, user_id: int | None, correlation_id: str) -> dict[str, object]:
    return {"sf_order_id": order_id, "user": user_id, "correlation_id": correlation_id or str(uuid4())}


def _again(job: Job, source: str) -> bool:
    """Whether to ring. Open: no. Succeeded, or cancelled here: the status is wanted again. Skipped: queued again, the guard decides.
    Else: noted for staff."""
    if job.state == "skipped":
        now = clock.now()
        values: dict[str, Any] = {"next_run_at": now, "last_rung_at": now, "error_code": "", "error_class": "", "finished_at": None}
        return job.move("queued", ("skipped",), source, **values)
    if job.state == "succeeded" or job.error_code in CANCELLED_HERE:
        OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
    if not job.open:
        JobEvent.note(job.id, source, "event_again", job.state)
    return False
