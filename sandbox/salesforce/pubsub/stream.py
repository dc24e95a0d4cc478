"""One subscription: what the client asked for and was not given yet, and what it gets next."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.event_log import Event, Log
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.pubsub.quiet import Clockwork, Quiet
from sandbox.salesforce.pubsub.refusals import Refusal
from sandbox.salesforce.pubsub.requests import sound
from sandbox.wire import Fault

CAP = 100
RESPONSE_BYTES = 3 * 1024 * 1024
# a varint that never ends: no Avro reader takes it for a record
GARBAGE = b"\xff" * 16


@dataclass(frozen=True)
class Troubles:
    """Faults that are due: `of_event` for one event on its way, `of_stream` before an answer; that one may raise Refusal or never end."""

    of_event: Callable[[], Fault | None]
    of_stream: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Pace:
    """Seconds of the sandbox's clock: after `keepalive` of quiet an empty answer, the end after `idle` with nothing asked for.

    With `idle_fails` that end is a failure of the transport. A publisher's stream ends after `sweep` with nothing published.
    """

    keepalive: float
    idle: float
    sweep: float
    idle_fails: bool = False


@dataclass(frozen=True)
class Start:
    """Which rpc it is, after which counter it begins, which schemas are those of its topic, and the clock of the bus."""

    rpc_id: str
    counter: int
    mine: Callable[[str], bool]
    clockwork: Clockwork


class Demand:
    """The client's half of the stream; `renew` takes a new token and raises Refusal."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._reader: asyncio.Task[None] | None = None
        self.renew: Callable[[str], None] = lambda token: None
        self.outstanding = 0
        self.closed = False
        self.alarmed = False
        self.failure: Exception | None = None
        self.changed = asyncio.Event()

    def follow(self, requests: AsyncIterator[Any]) -> None:
        self._reader = asyncio.create_task(self._read(requests))

    def close(self) -> None:
        if self._reader:
            self._reader.cancel()

    def expire(self) -> None:
        """The caller's session was ended."""
        self.failure = Refusal("service.auth.error")
        self.changed.set()

    async def _read(self, requests: AsyncIterator[Any]) -> None:
        try:
            async for request in requests:
                self.take(sound(request))
        except Exception as failure:  # ends the stream in the words of the other half
            self.failure = failure
        finally:
            self.closed = True
            self.changed.set()

    def take(self, request: Any) -> None:
        """More than 100 outstanding is silently 100; one that only brings a new token asks for nothing. Raises Refusal."""
        if request.topic_name not in ("", self._topic):
            raise Refusal("subscription.fetch.topic.mismatch")
        if request.auth_refresh:
            self.renew(request.auth_refresh)
        if request.num_requested < 0 or not (request.num_requested or request.auth_refresh):
            raise Refusal("subscription.fetch.requested.events.invalid")
        self.outstanding = min(CAP, self.outstanding + request.num_requested)
        self.changed.set()


class Subscription:
    """The server's half."""

    def __init__(self, log: Log, demand: Demand, start: Start, troubles: Troubles, pace: Pace) -> None:
        self._log, self._demand, self._start, self._position = log, demand, start, start.counter
        self._troubles, self._pace, self._epoch = troubles, pace, log.epoch
        self._ready: deque[Any] = deque()
        self._quiet = Quiet(start.clockwork)

    async def responses(self) -> AsyncIterator[Any]:
        """Ends when the client closes its half, or when it asks for nothing for too long. Raises Refusal."""
        while True:
            if self._demand.failure:
                raise self._demand.failure
            if self._demand.closed:
                return
            if self._log.epoch != self._epoch:
                raise Refusal("service.unavailable")
            # before the look into the log, so that what comes after it wakes us
            self._demand.changed.clear()
            if self._demand.alarmed:
                self._demand.alarmed = False
                await self._troubles.of_stream()
            self._fill()
            overdue = self._overdue()
            if overdue and not self._demand.outstanding:
                if self._pace.idle_fails:
                    raise Refusal("", "RST_STREAM closed stream. HTTP/2 error code: NO_ERROR")
                return
            if overdue or self._deliverable():
                await self._troubles.of_stream()
                yield self._response()
            else:
                await self._wait()

    def _deliverable(self) -> bool:
        return bool(self._ready) and self._demand.outstanding > 0

    def _overdue(self) -> bool:
        return not self._deliverable() and self._rest() <= 0

    def _rest(self) -> float:
        limit = self._pace.keepalive if self._demand.outstanding else self._pace.idle
        return limit - self._quiet.lasted_s()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            # not wait_for, which forgets that the call was cancelled when the requests end with it
            async with asyncio.timeout(max(0.0, self._rest())):
                await self._demand.changed.wait()

    def _fill(self) -> None:
        """Takes events from the log as far as they are asked for; here the faults of delivery happen."""
        while len(self._ready) < self._demand.outstanding:
            found = self._log.after(self._position, self._demand.outstanding - len(self._ready))
            if not found:
                return
            for event in found:
                self._position = event.counter
                self._ready.extend(self._copies(event))

    def _copies(self, event: Event) -> list[Any]:
        if event.dropped or not self._start.mine(event.schema_id):
            return []
        fault = self._troubles.of_event()
        kind = fault.fault if fault else ""
        if kind == "drop_event":
            self._log.drop(event)
            return []
        payload = GARBAGE if kind == "bad_payload" else event.payload
        produced = pb.ProducerEvent(id=event.uuid, schema_id=event.schema_id, payload=payload)
        return [pb.ConsumerEvent(event=produced, replay_id=event.replay_id)] * (2 if kind == "duplicate_event" else 1)

    def _response(self) -> Any:
        batch: list[Any] = []
        size = 0
        while self._deliverable() and (not batch or size + self._ready[0].ByteSize() <= RESPONSE_BYTES):
            size += self._ready[0].ByteSize()
            batch.append(self._ready.popleft())
            self._demand.outstanding -= 1
        self._quiet.broken()
        latest = batch[-1].replay_id if batch else self._log.mark(self._position, self._start.clockwork.now())
        pending = self._demand.outstanding
        return pb.FetchResponse(events=batch, latest_replay_id=latest, rpc_id=self._start.rpc_id, pending_num_requested=pending)
