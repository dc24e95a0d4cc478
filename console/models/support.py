"""What customers ask our support, kept until Salesforce has it as a Case."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from peewee import CharField, ForeignKeyField, TextField

from console import clock
from console.models.base import Moment, Row
from console.models.order import Order
from console.models.user import User


class SupportRequest(Row):
    """One message. `form_id` is the form's: sent twice, it is one row; `idem_key` is the Case's, born with the row.

    `text` is emptied once the Case has it. `order_status`: what the customer saw of the order when they wrote.
    """

    user = ForeignKeyField(User, on_delete="RESTRICT", backref="support_requests")
    order = ForeignKeyField(Order, null=True, on_delete="RESTRICT", backref="support_requests")
    form_id = CharField(36)
    idem_key = CharField(80, unique=True, default=lambda: f"support-{uuid4()}")
    topic = CharField(20)
    text = TextField(default="")
    order_status = CharField(16, default="")
    case_number = CharField(30, default="")
    correlation_id = CharField(36, default="")
    created_at = Moment(default=clock.now)

    class Meta:
        indexes = ((("user_id", "form_id"), True), (("user_id", "created_at"), False))

    @property
    def reference(self) -> str:
        """What the person can name before there is a Case."""
        return f"R-{self.id:06d}"

    @classmethod
    def sent(cls, user_id: int, form_id: str) -> Self | None:
        return cls.get_or_none((cls.user == user_id) & (cls.form_id == form_id))  # type: ignore[no-any-return]

    @classmethod
    def newest(cls, user_id: int, limit: int) -> list[Self]:
        return list(cls.select().where(cls.user == user_id).order_by(cls.created_at.desc(), cls.id.desc()).limit(limit))
