"""The rpcs of the Pub/Sub API: who may call, what each answers, which faults hit it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from sandbox import clock
from sandbox.salesforce import avro, events, pubsub_faults
from sandbox.salesforce.access import User
from sandbox.salesforce.event_log import Corrupted, log
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as pb_grpc
from sandbox.salesforce.pubsub_door import Door
from sandbox.salesforce.pubsub_refusals import Refusal, new_rpc_id
from sandbox.salesforce.pubsub_stream import Demand, Pace, Subscription, Troubles
from sandbox.store import Store
from sandbox.wire import Fault, Wire

UPSTREAM = "pubsub"
EVENT_BYTES = 1024 * 1024


@dataclass
class Call:
    """One rpc in progress, and its line in the journal."""

    rpc: str
    context: Any
    rpc_id: str = field(default_factory=new_rpc_id)
    fault: str | None = None
    recorded: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def metadata(self) -> dict[str, str]:
        return {key: value for key, value in self.context.invocation_metadata() or () if isinstance(value, str)}


class PubSub(pb_grpc.PubSubServicer):
    def __init__(self, store: Store, wire: Wire, door: Door, pace: Pace, now: Callable[[], float] = clock.now) -> None:
        self._store, self._wire, self._door, self._pace, self._now = store, wire, door, pace, now
        self._log = log(store)
        self._demands: dict[str, Demand] = {}
        wire.alarm(UPSTREAM, self._alarmed)

    async def GetTopic(self, request: Any, context: Any) -> Any:
        return await self._unary(Call("GetTopic", context), lambda call, user: self._topic_info(call, user, request))

    async def GetSchema(self, request: Any, context: Any) -> Any:
        return await self._unary(Call("GetSchema", context), lambda call, user: self._schema_info(call, request))

    async def Publish(self, request: Any, context: Any) -> Any:
        return await self._unary(Call("Publish", context), lambda call, user: self._published(call, user, request))

    async def Subscribe(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        call = Call("Subscribe", context)
        reader: asyncio.Task[None] | None = None
        try:
            user = await self._enter(call)
            first = await anext(aiter(requests), None)
            if first is not None:
                demand, position = self._opened(call, user, first)
                reader = asyncio.create_task(demand.read(requests))
                self._listen(call, demand)
                self._journal(call, "OPEN", None)
                troubles = Troubles(lambda: self._delivery(call), lambda: self._mid_stream(call))
                stream = Subscription(self._log, demand, position, call.rpc_id, troubles, self._pace)
                async for response in stream.responses():
                    yield response
            self._record(call, grpc.StatusCode.OK)
        except Refusal as refusal:
            await self._abort(call, refusal)
        finally:
            self._log.leave(call.rpc_id)
            self._demands.pop(call.rpc_id, None)
            if reader:
                reader.cancel()
            self._record(call, grpc.StatusCode.CANCELLED)

    # -- the way in and out

    async def _unary(self, call: Call, answer: Callable[[Call, User], Any]) -> Any:
        try:
            response = answer(call, await self._enter(call))
            self._record(call, grpc.StatusCode.OK)
            return response
        except Refusal as refusal:
            await self._abort(call, refusal)
        finally:
            self._record(call, grpc.StatusCode.CANCELLED)

    async def _enter(self, call: Call) -> User:
        """The caller. Raises Refusal, for a fault too."""
        fault = self._wire.pick(UPSTREAM, call.rpc, pubsub_faults.CALL)
        call.fault = fault.fault if fault else None
        if call.fault != "refuse":
            await asyncio.to_thread(self._wire.wait, UPSTREAM)
        if fault is not None:
            await self._suffer(call, fault)
        return self._door.admit(call.metadata)

    async def _suffer(self, call: Call, fault: Fault) -> None:
        """A fault that ends the rpc raises Refusal."""
        call.fault = fault.fault
        if fault.fault == "slow":
            await asyncio.sleep(self._wire.late.seconds(fault, share=1 / 3))
            return
        if fault.fault == "timeout_before":
            await asyncio.sleep(self._wire.late.seconds(fault))
        if fault.fault == "expired_session":
            self._door.sessions.end_all()
        raise pubsub_faults.refusal(fault, call.rpc)

    async def _abort(self, call: Call, refusal: Refusal) -> None:
        self._record(call, refusal.status)
        await call.context.abort(refusal.status, refusal.details(call.rpc_id), refusal.trailers(call.rpc, call.rpc_id))

    def _record(self, call: Call, status: grpc.StatusCode) -> None:
        """How an rpc ended, written before its answer leaves: the first word counts."""
        if call.recorded:
            return
        call.recorded = True
        self._journal(call, status.name, call.fault)

    def _journal(self, call: Call, status: str | None, fault: str | None) -> None:
        trace = call.metadata.get("x-client-trace-id")
        self._wire.record(UPSTREAM, call.rpc, trace, status, fault, (time.monotonic() - call.began) * 1000)

    # -- the answers

    def _topic(self, name: str) -> dict[str, Any]:
        if not name:
            raise Refusal("topic.validation.empty")
        found = events.topic(self._store, name)
        if found is None:
            raise Refusal("topic.not.found")
        return found

    def _topic_info(self, call: Call, user: User, request: Any) -> Any:
        topic = self._topic(request.topic_name)
        may_publish, may_subscribe = user.may("C", topic["event"]), user.may("R", topic["event"])
        if not (may_publish or may_subscribe):
            raise Refusal("topic.meta.permission")
        return pb.TopicInfo(
            topic_name=request.topic_name, tenant_guid=f"core/sandbox/{self._door.org_id}", can_publish=may_publish,
            can_subscribe=may_subscribe, schema_id=topic["schema_id"], rpc_id=call.rpc_id,
        )  # fmt: skip

    def _schema_info(self, call: Call, request: Any) -> Any:
        text = events.schema_text(self._store, request.schema_id)
        if text is None:
            raise Refusal("schema.validation.failed")
        return pb.SchemaInfo(schema_json=text, schema_id=request.schema_id, rpc_id=call.rpc_id)

    def _published(self, call: Call, user: User, request: Any) -> Any:
        topic = self._topic(request.topic_name)
        if not user.may("C", topic["event"]):
            raise Refusal("topic.meta.permission")
        if not request.events:
            raise Refusal("publish.event.count.invalid")
        results = [self._publish_one(event) for event in request.events]
        return pb.PublishResponse(results=results, schema_id=topic["schema_id"], rpc_id=call.rpc_id)

    def _publish_one(self, event: Any) -> Any:
        """One event's error is its own: the others of the request are published."""
        text = events.schema_text(self._store, event.schema_id)
        try:
            if text is None or len(event.payload) > EVENT_BYTES:
                raise ValueError("unknown schema, or more than 1 MB")
            made = events.publish_raw(self._store, event.schema_id, event.payload, avro.decode(text, event.payload))
        except ValueError as error:
            return pb.PublishResult(error=pb.Error(code=pb.PUBLISH, msg=str(error)), correlation_key=event.id)
        return pb.PublishResult(replay_id=made.replay_id, correlation_key=event.id)

    # -- a stream

    def _opened(self, call: Call, user: User, first: Any) -> tuple[Demand, int]:
        if not user.may("R", self._topic(first.topic_name)["event"]):
            raise Refusal("subscription.topic.cannot.subscribe")
        demand = Demand(first.topic_name)
        demand.take(first)
        custom = pubsub_faults.CUSTOM_OPENING if first.replay_preset == pb.CUSTOM else ()
        self._refuse(call, (*pubsub_faults.OPENING, *custom))
        return demand, self._start(first)

    def _refuse(self, call: Call, only: tuple[str, ...]) -> None:
        """A fault that ends this rpc, if one is due."""
        fault = self._wire.pick(UPSTREAM, call.rpc, only)
        if fault is not None:
            call.fault = fault.fault
            raise pubsub_faults.refusal(fault, call.rpc)

    def _start(self, first: Any) -> int:
        if first.replay_preset == pb.EARLIEST:
            return self._log.horizon(self._now())
        if first.replay_preset == pb.LATEST:
            return self._log.tip()
        if not first.replay_id:
            raise Refusal("subscription.fetch.replayid.validation.failed")
        try:
            return self._log.position(first.replay_id, self._now())
        except Corrupted as error:
            raise Refusal("subscription.fetch.replayid.corrupted") from error

    def _listen(self, call: Call, demand: Demand) -> None:
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(demand.changed.set)

        self._demands[call.rpc_id] = demand
        self._log.listen(call.rpc_id, ring)

    def _alarmed(self, fault: Fault) -> None:
        """A fault was set: a schema changes at once, and open streams look whether it ends them."""
        if fault.fault == "schema_change":
            fault.fired += 1
            events.change_schema(self._store)
        elif fault.fault in pubsub_faults.MID_STREAM:
            for demand in list(self._demands.values()):
                demand.alarmed = True
            self._log.ring()

    async def _mid_stream(self, call: Call) -> None:
        """What may go wrong before the next answer of a stream."""
        fault = self._wire.pick(UPSTREAM, call.rpc, pubsub_faults.MID_STREAM)
        if fault is None:
            return
        if fault.fault != "silent":
            await self._suffer(call, fault)
        self._journal(call, None, fault.fault)
        await asyncio.Event().wait()

    def _delivery(self, call: Call) -> Fault | None:
        """A fault of one event: a line of its own in the journal, since the stream goes on."""
        fault = self._wire.pick(UPSTREAM, call.rpc, pubsub_faults.DELIVERY)
        if fault is not None:
            self._journal(call, None, fault.fault)
        return fault
