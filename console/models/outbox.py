"""What must still go out: mails and status writes to Salesforce, left here in the transaction that decided them."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from peewee import Case, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models import statements
from console.models.base import Json, Moment, Row, db_now, on_db_clock
from console.models.statements import insert_once
from console.models.user import User


class OutboxMessage(Row):
    """kind mail: one row and one Message-ID per dedupe_key. kind sf_status: one row per order, sent until `sent` = `wanted`.

    `values` holds ids only; names and addresses are read when it is sent.
    """

    kind = CharField(16)
    dedupe_key = CharField(120, unique=True)
    message_id = CharField(120, default="")
    template = CharField(40, default="")
    user = ForeignKeyField(User, null=True, on_delete="CASCADE")
    sf_order_id = CharField(18, default="", index=True)
    values = Json(default=dict)
    state = CharField(16, default="due")
    wanted = IntegerField(default=1)
    sent = IntegerField(default=0)
    attempts = IntegerField(default=0)
    next_try_at = Moment(default=clock.now)
    last_rung_at = Moment(null=True)
    lease_until = Moment(null=True)
    fence = IntegerField(default=0)
    error_code = CharField(60, default="")
    correlation_id = CharField(36, default="")
    created_at = Moment(default=clock.now)
    sent_at = Moment(null=True)

    class Meta:
        indexes = ((("state", "next_try_at"), False),)

    @classmethod
    def mail(
        cls, template: str, user_id: int, key: str, *, domain: str, sf_order_id: str = "", correlation_id: str = "", **values: object
    ) -> bool:
        """Leave a mail, once per template and key; whether it is new."""
        return insert_once(
            cls, kind="mail", dedupe_key=f"mail:{template}:{key}", template=template, user=user_id, sf_order_id=sf_order_id,
            message_id=f"<{uuid4()}@{domain}>", values=values, correlation_id=correlation_id, next_try_at=db_now(),
        )  # fmt: skip

    @classmethod
    def want_status(cls, sf_order_id: str, correlation_id: str = "") -> None:
        """The order's status in Salesforce is to be written (again)."""
        key = f"sf_status:{sf_order_id}"
        values = {"wanted": cls.wanted + 1, "state": "due", "next_try_at": db_now(), "attempts": 0, "last_rung_at": None}
        if not cls.update(**values).where(cls.dedupe_key == key).execute():
            insert_once(cls, kind="sf_status", dedupe_key=key, sf_order_id=sf_order_id, correlation_id=correlation_id, next_try_at=db_now())

    @classmethod
    def status_told(cls, sf_order_id: str) -> bool:
        """Whether a status of this order ever went out, or is about to."""
        return bool(cls.select().where(cls.dedupe_key == f"sf_status:{sf_order_id}").exists())

    @classmethod
    def waiting(cls, template: str, user_id: int) -> bool:
        """Whether such a mail to this person is still to be sent."""
        return bool(cls.select().where((cls.user == user_id) & (cls.template == template) & (cls.state == "due")).exists())

    @classmethod
    def claim(cls, message_id: int, lease_s: float) -> Self | None:
        """The row, ours to send, or None."""
        due = (cls.state == "due") & (cls.next_try_at <= db_now()) & (cls.lease_until.is_null() | (cls.lease_until < db_now()))
        taken = cls.update(lease_until=db_now(lease_s), fence=cls.fence + 1).where((cls.id == message_id) & due).execute()
        return statements.find_one(cls, id=message_id) if taken else None

    def write(self, **values: object) -> bool:
        row = type(self)
        timed = on_db_clock(values, "next_try_at")
        return bool(row.update(lease_until=None, **timed).where((row.id == self.id) & (row.fence == self.fence)).execute())

    def sent_now(self) -> bool:
        """Done, unless more was wanted meanwhile: then it stays due. One UPDATE: it is never free and unsent in between."""
        row = type(self)
        state = Case(None, [(row.wanted <= self.wanted, "sent")], "due")
        if not self.write(state=state, sent=self.wanted, sent_at=clock.now(), attempts=0, error_code="", last_rung_at=None):
            return False
        return bool(row.select().where((row.id == self.id) & (row.state == "sent")).exists())

    @classmethod
    def due(cls, ring_again_s: float, limit: int = 200) -> list[int]:
        """Messages to ring, marked rung."""
        unrung = cls.last_rung_at.is_null() | (cls.last_rung_at <= db_now(-ring_again_s)) | (cls.last_rung_at < cls.next_try_at)
        free = cls.lease_until.is_null() | (cls.lease_until < db_now())
        rows = cls.select(cls.id).where((cls.state == "due") & (cls.next_try_at <= db_now()) & free & unrung).order_by(cls.id).limit(limit)
        ids = [row.id for row in rows]
        if ids:
            cls.update(last_rung_at=db_now()).where(cls.id.in_(ids)).execute()
        return ids
