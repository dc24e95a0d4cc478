"""Publishing: what becomes of each event of a request, and a stream of requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import avro, events
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.pubsub.quiet import Clockwork, Quiet
from sandbox.salesforce.pubsub.refusals import Refusal
from sandbox.salesforce.pubsub.requests import sound
from sandbox.salesforce.pubsub.stream import Pace
from sandbox.store import Store

EVENT_BYTES = 1024 * 1024
LONGEST_ID = 36


@dataclass(frozen=True)
class Press:
    """What a stream of requests needs: `answer` publishes events to a topic, `empty` is the answer to none, `renew` takes a new token."""

    answer: Callable[[str, Sequence[Any]], Awaitable[Any]]
    empty: Callable[[str], Awaitable[Any]]
    renew: Callable[[str], None]


def published(store: Store, event: str, produced: Sequence[Any]) -> list[Any]:
    """A PublishResult for each, in their order; one event's error is its own, the others are published. One commit."""
    with store.write():
        return [_result(store, event, one) for one in produced]


def _result(store: Store, event: str, one: Any) -> Any:
    try:
        fields = _fields(store, event, one)
    except ValueError as error:
        return refused(one, str(error))
    made = events.publish_raw(store, one.schema_id, one.payload, fields, one.id)
    return pb.PublishResult(replay_id=made.replay_id, correlation_key=made.uuid)


def refused(one: Any, why: str) -> Any:
    """The result of an event that is not published."""
    return pb.PublishResult(error=pb.Error(code=pb.PUBLISH, msg=why), correlation_key=one.id)


def _fields(store: Store, event: str, one: Any) -> dict[str, Any]:
    """What the payload says. Raises ValueError for an event that cannot be published."""
    if len(one.id) > LONGEST_ID:
        raise ValueError(f"The event ID is longer than {LONGEST_ID} characters.")
    if len(one.payload) > EVENT_BYTES:
        raise ValueError("The event message is larger than the maximum size of 1 MB.")
    if not one.schema_id:
        raise ValueError("Schema validation failed. The schema ID can't be blank.")
    text = events.schema_text(store, one.schema_id, event)
    if text is None:
        raise ValueError(f"Schema validation failed. The topic has no schema with the ID {one.schema_id[:100]}.")
    return avro.decode(text, one.payload)


class Line:
    """What a stream must notice beside its requests: that the clock was moved, and that the caller's session was ended."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.ended = False

    def expire(self) -> None:
        self.ended = True
        self.changed.set()


class Publication:
    """One PublishStream: requests one after the other, an empty answer after long quiet, the end when nobody publishes any more."""

    def __init__(self, press: Press, line: Line, clockwork: Clockwork, pace: Pace) -> None:
        self._press, self._line, self._clockwork, self._pace = press, line, clockwork, pace
        self._world = clockwork.worlds
        self._topic = ""
        self._unheard, self._unsaid = Quiet(clockwork), Quiet(clockwork)

    async def responses(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Ends when the client closes its half. Raises Refusal."""
        reading = _reading(requests)
        try:
            while True:
                await self._news(reading)
                if not reading.done():
                    if self._is_due() and self._topic:
                        yield await self._press.empty(self._topic)
                        self._unsaid.broken()
                elif (request := reading.result()) is None:
                    return
                else:
                    # the next one is read meanwhile: a client need not wait for an answer
                    reading = _reading(requests)
                    yield await self._press.answer(self._take(sound(request)), request.events)
                    self._unsaid.broken()
        finally:
            reading.cancel()

    async def _news(self, reading: "asyncio.Future[Any]") -> None:
        """Waits for a request, or until it was quiet for long. Raises Refusal when the stream has lost its session or its world."""
        stirred = asyncio.ensure_future(self._line.changed.wait())
        try:
            await asyncio.wait({stirred, reading}, timeout=self._rest(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stirred.cancel()
        self._line.changed.clear()
        if self._line.ended:
            raise Refusal("service.auth.error")
        if self._clockwork.worlds != self._world:
            raise Refusal("service.unavailable")

    def _rest(self) -> float:
        swept = self._pace.sweep - self._unheard.lasted_s()
        # who has named no topic yet gets no answers
        return max(0.0, min(swept, self._pace.keepalive - self._unsaid.lasted_s()) if self._topic else swept)

    def _is_due(self) -> bool:
        """Whether it was quiet for long. Raises Refusal when nobody published for too long."""
        if self._unheard.lasted_s() >= self._pace.sweep:
            raise Refusal("publish.stream.sweeper.timeout", seconds=f"{self._pace.sweep:,g}")
        return self._unsaid.lasted_s() >= self._pace.keepalive

    def _take(self, request: Any) -> str:
        """The topic, which the first request names."""
        self._unheard.broken()
        if not self._topic:
            if request.auth_refresh:
                raise Refusal("publish.auth.refresh.invalid")
            self._topic = request.topic_name
        elif request.topic_name not in ("", self._topic):
            raise Refusal("publish.topic.mismatch")
        elif request.auth_refresh:
            self._press.renew(request.auth_refresh)
        return self._topic


def _reading(requests: AsyncIterator[Any]) -> "asyncio.Future[Any]":
    """The next request, or None at the end; a future, since a read that is broken off would break the call."""

    async def read() -> Any:
        return await anext(requests, None)

    return asyncio.ensure_future(read())
