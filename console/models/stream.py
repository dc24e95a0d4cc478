"""What the platform event stream brought, and how far it was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from peewee import BlobField, CharField, IntegerField

from console import clock
from console.models.base import Json, Moment, Row, insert_once


class InboxEvent(Row):
    """A platform event as received, kept. state: recorded | ignored | undecodable; source: stream | backfill."""

    event_uuid = CharField(64, unique=True)
    idem_key = CharField(80, default="")
    sf_order_id = CharField(18, default="", index=True)
    replay_id = BlobField(default=b"")
    payload = BlobField(default=b"")
    fields = Json(null=True)
    state = CharField(16)
    reason = CharField(60, default="")
    received_at = Moment(default=clock.now, index=True)

    @classmethod
    def keys_of(cls, sf_order_ids: Iterable[str]) -> dict[str, str]:
        """The first IdemKey__c recorded for each of these orders."""
        rows = cls.select(cls.sf_order_id, cls.idem_key).where(cls.sf_order_id.in_(list(sf_order_ids)) & (cls.state == "recorded"))
        return {row.sf_order_id: row.idem_key for row in rows.order_by(cls.id.desc())}

    @classmethod
    def keep_new(cls, rows: list[dict[str, object]]) -> set[str]:
        """Keep those that were not here yet; their uuids."""
        if not rows:
            return set()
        return {row.event_uuid for row in cls.insert_many(rows).on_conflict_ignore().returning(cls.event_uuid).execute()}


class StreamCursor(Row):
    """The position in a channel; only the holder of the newest fence may move it."""

    channel = CharField(120, primary_key=True)
    replay_id = BlobField()
    fence = IntegerField(default=0)
    moved_at = Moment(default=clock.now)

    @classmethod
    def of(cls, channel: str) -> Self | None:
        return cls.get_or_none(cls.channel == channel)  # type: ignore[no-any-return]

    @classmethod
    def move(cls, channel: str, replay_id: bytes, fence: int) -> bool:
        """Store the position; False when a newer listener has taken over."""
        if insert_once(cls, channel=channel, replay_id=replay_id, fence=fence, moved_at=clock.now()):
            return True
        ours = (cls.channel == channel) & (cls.fence <= fence)
        return bool(cls.update(replay_id=replay_id, fence=fence, moved_at=clock.now()).where(ours).execute())

    @classmethod
    def forget(cls, channel: str) -> None:
        cls.delete().where(cls.channel == channel).execute()
