"""The mails of the outbox as staff see them, newest first, and the new try of one that was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console import log
from console.errors import Refused
from console.models import AuditEntry, Order, OutboxMessage, transaction
from console.models.base import db_now

STATES = ("due", "failed", "sent")
PAGE = 50


@dataclass(frozen=True)
class Mail:
    """One row of the outbox; to whom it goes is on the page of the customer `user_id`."""

    id: int
    template: str
    state: str
    attempts: int
    error_code: str
    user_id: int
    sf_order_id: str
    order_number: str
    at: datetime


def listed(state: str = "", before: int = 0) -> tuple[list[Mail], int]:
    """A page of them, and the id to go on from (0 at the end)."""
    query = OutboxMessage.select().where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id.desc()).limit(PAGE + 1)
    if state in STATES:
        query = query.where(OutboxMessage.state == state)
    if before:
        query = query.where(OutboxMessage.id < before)
    rows = list(query)
    shown = rows[:PAGE]
    numbers = _numbers([row.sf_order_id for row in shown if row.sf_order_id])
    return [_mail(row, numbers) for row in shown], shown[-1].id if len(rows) > PAGE else 0


def _numbers(orders: list[str]) -> dict[str, str]:
    found = Order.select(Order.sf_order_id, Order.order_number).where(Order.sf_order_id.in_(orders))
    return {row.sf_order_id: row.order_number for row in found}


def _mail(row: OutboxMessage, numbers: dict[str, str]) -> Mail:
    at = row.sent_at if row.state == "sent" and row.sent_at else row.created_at
    return Mail(
        row.id, row.template, row.state, row.attempts, row.error_code, row.user_id, row.sf_order_id, numbers.get(row.sf_order_id, ""), at
    )  # fmt: skip


def resend(message_id: int, actor: str) -> None:
    """A mail that was given up is due again, under its old Message-ID. Refused("mail_not_failed"). The caller rings the outbox."""
    row = OutboxMessage
    given_up = (row.id == message_id) & (row.kind == "mail") & (row.state == "failed")
    with transaction():
        if not row.update(state="due", attempts=0, next_try_at=db_now(), error_code="", last_rung_at=None).where(given_up).execute():
            raise Refused("mail_not_failed")
        AuditEntry.note(actor, "resend_mail", f"mail:{message_id}", correlation_id=log.correlation_id())
