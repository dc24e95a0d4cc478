"""What the platform event stream brought, and how far it was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from peewee import BlobField, CharField, IntegerField

from console import clock
from console.models import statements
from console.models.base import Json, Moment, Row, database, millis


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
        found = statements.among(cls, ("id", "sf_order_id", "idem_key", "state"), "sf_order_id", sf_order_ids)
        return {order_id: key for _, order_id, key, state in sorted(found, reverse=True) if state == "recorded"}

    @classmethod
    def keep_new(cls, rows: list[dict[str, object]]) -> set[str]:
        """Keep those that were not here yet; their uuids."""
        if not rows:
            return set()
        return {uuid for (uuid,) in statements.insert(cls, rows, once=True, returning="event_uuid").fetchall()}


_MOVE = """
    INSERT INTO stream_cursor (channel, replay_id, fence, moved_at) VALUES ({}, {}, {}, {})
    ON CONFLICT (channel) DO UPDATE SET replay_id = excluded.replay_id, fence = excluded.fence, moved_at = excluded.moved_at
    WHERE stream_cursor.fence <= excluded.fence
"""


class StreamCursor(Row):
    """The position in a channel, empty when it was lost; only the holder of the newest fence may move it."""

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
        values = (channel, replay_id, fence, millis(clock.now()))
        return bool(database.execute_sql(_MOVE.format(*[database.param] * len(values)), values).rowcount)

    @classmethod
    def lose(cls, channel: str, fence: int) -> None:
        """It is no longer valid: whoever listens next begins at the earliest event, also after a crash right now."""
        cls.move(channel, b"", fence)
