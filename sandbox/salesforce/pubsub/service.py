"""The rpcs of the Pub/Sub API: what each answers, to whom."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from sandbox.salesforce import events
from sandbox.salesforce.access import User
from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.event_log import Corrupted, log
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.pubsub import faults
from sandbox.salesforce.pubsub.calls import UPSTREAM, Call, Desk
from sandbox.salesforce.pubsub.door import Door
from sandbox.salesforce.pubsub.publish import Line, Press, Publication, published, refused
from sandbox.salesforce.pubsub.quiet import Clockwork
from sandbox.salesforce.pubsub.refusals import Refusal
from sandbox.salesforce.pubsub.requests import sound
from sandbox.salesforce.pubsub.stream import Demand, Pace, Start, Subscription, Troubles
from sandbox.salesforce.pubsub.switches import paced, unknown_topic
from sandbox.store import Store
from sandbox.wire import Fault, Wire

Topic = dict[str, Any]


class PubSub:
    def __init__(self, store: Store, wire: Wire, door: Door, pace: Pace) -> None:
        self._store, self._door, self._pace = store, door, pace
        self._desk = Desk(store, wire, door)
        self._log, self._clockwork = log(store), Clockwork(store)
        self._demands: dict[str, Demand] = {}
        wire.alarm(UPSTREAM, self._alarmed)

    async def GetTopic(self, request: Any, context: Any) -> Any:
        return await self._unary("GetTopic", self._topic_info, request, context)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        return await self._unary("GetSchema", self._schema_info, request, context)

    async def Publish(self, request: Any, context: Any) -> Any:
        return await self._unary("Publish", self._published, request, context)

    async def PublishStream(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        async with self._desk.running("PublishStream", context) as (call, user):
            self._desk.opened(call)
            line = Line()
            try:
                press = self._press(call, user, self._watched(call, line.expire))
                self._clockwork.listen(call.id, _on_this_loop(line.changed.set))
                stream = Publication(press, line, self._clockwork, self._paced())
                async with aclosing(stream.responses(aiter(requests))) as responses:
                    async for response in responses:
                        yield response
            finally:
                self._left(call)

    async def Subscribe(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        async with self._desk.running("Subscribe", context) as (call, user):
            first = sound(await anext(aiter(requests), None))
            if first is None:
                return
            event = await asyncio.to_thread(self._subscribed, user, first.topic_name)
            demand = Demand(first.topic_name)
            try:
                stream = self._subscription(call, demand, first, event)
                demand.follow(requests)
                self._desk.opened(call)
                async for response in stream.responses():
                    yield response
            finally:
                demand.close()
                self._left(call)

    async def ManagedSubscribe(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        await self._desk.unimplemented("ManagedSubscribe", context)
        yield

    async def _unary(self, rpc: str, answer: Callable[[Call, User, Any], Any], request: Any, context: Any) -> Any:
        async with self._desk.running(rpc, context) as (call, user):
            # in a thread, since the store may be busy with a writer
            response = await asyncio.to_thread(answer, call, user, sound(request))
            await self._desk.after(call)
            return response

    def _paced(self) -> Pace:
        return paced(self._pace, behaviour(self._store))

    # -- topics and schemas

    def _topic(self, name: str, empty: str = "topic.validation.empty") -> Topic:
        if not name:
            raise Refusal(empty)
        found = events.topic(self._store, name)
        if found is None:
            raise unknown_topic(behaviour(self._store), self._door.tenant, name)
        return found

    def _topic_info(self, call: Call, user: User, request: Any) -> Any:
        topic = self._topic(request.topic_name)
        may_publish, may_subscribe = user.may("C", topic["event"]), user.may("R", topic["event"])
        if not (may_publish or may_subscribe):
            raise Refusal("topic.meta.permission", org=self._door.tenant, topic=request.topic_name)
        return pb.TopicInfo(
            topic_name=request.topic_name, tenant_guid=self._door.tenant, can_publish=may_publish,
            can_subscribe=may_subscribe, schema_id=topic["schema_id"], rpc_id=call.id,
        )  # fmt: skip

    def _schema_info(self, call: Call, user: User, request: Any) -> Any:
        if not request.schema_id:
            raise Refusal("schema.validation.failed", why="The schema ID can't be blank.")
        event, text = events.event_of(self._store, request.schema_id), events.schema_text(self._store, request.schema_id)
        if event is None or text is None:
            raise Refusal("schema.validation.failed", why=f"There is no schema with the ID {request.schema_id}.")
        if not (user.may("R", event) or user.may("C", event)):
            raise Refusal("schema.meta.permission")
        return pb.SchemaInfo(schema_json=text, schema_id=request.schema_id, rpc_id=call.id)

    # -- publishing

    def _published(self, call: Call, user: User, request: Any) -> Any:
        if request.auth_refresh:
            raise Refusal("publish.auth.refresh.invalid")
        return self._publish(call, user, request.topic_name, request.events)

    def _publish(self, call: Call, user: User, name: str, produced: Sequence[Any]) -> Any:
        topic = self._topic(name, "publish.topic.validation.empty")
        if not user.may("C", topic["event"]):
            raise Refusal("topic.meta.permission", org=self._door.tenant, topic=name)
        if not produced:
            raise Refusal("publish.event.count.invalid")
        spent = self._desk.spent(call)
        results = [refused(one, spent) for one in produced] if spent else published(self._store, topic["event"], produced)
        used = (one.schema_id for one, result in zip(produced, results, strict=True) if result.replay_id)
        return pb.PublishResponse(results=results, schema_id=next(used, topic["schema_id"]), rpc_id=call.id)

    def _press(self, call: Call, user: User, renew: Callable[[str], None]) -> Press:
        async def answer(name: str, produced: Sequence[Any]) -> Any:
            await self._desk.mid_stream(call)
            response = await asyncio.to_thread(self._publish, call, user, name, produced)
            await self._desk.after(call)
            return response

        async def empty(name: str) -> Any:
            topic = await asyncio.to_thread(self._topic, name)
            return pb.PublishResponse(schema_id=topic["schema_id"], rpc_id=call.id)

        return Press(answer, empty, renew)

    # -- a stream

    def _subscribed(self, user: User, name: str) -> str:
        """The event of the topic."""
        event = str(self._topic(name)["event"])
        if not user.may("R", event):
            raise Refusal("subscription.topic.cannot.subscribe", topic=name)
        return event

    def _subscription(self, call: Call, demand: Demand, first: Any, event: str) -> Subscription:
        """What the client asked for first. Raises Refusal."""
        demand.renew = self._watched(call, demand.expire)
        demand.take(first)
        custom = faults.CUSTOM_OPENING if first.replay_preset == pb.CUSTOM else ()
        self._desk.refuse(call, (*faults.OPENING, *custom))
        position = self._position(first)
        self._demands[call.id] = demand
        for bells in (self._log, self._clockwork):
            bells.listen(call.id, _on_this_loop(demand.changed.set))
        troubles = Troubles(lambda: self._desk.delivery(call), lambda: self._desk.mid_stream(call))
        # asked once for each schema: the store is not for every event on its way
        mine = functools.cache(lambda schema_id: events.event_of(self._store, schema_id) == event)
        start = Start(call.id, position, mine, self._clockwork)
        return Subscription(self._log, demand, start, troubles, self._paced())

    def _position(self, first: Any) -> int:
        """The counter after which events are delivered."""
        if first.replay_preset == pb.EARLIEST:
            return self._log.horizon(self._clockwork.now())
        if first.replay_preset == pb.LATEST:
            return self._log.tip()
        if first.replay_preset != pb.CUSTOM:
            raise Refusal("subscription.fetch.request.invalid", why="The replay preset is unknown.")
        if not first.replay_id:
            raise Refusal("subscription.fetch.replayid.validation.failed")
        try:
            return self._log.position(first.replay_id, self._clockwork.now())
        except Corrupted as error:
            raise Refusal("subscription.fetch.replayid.corrupted") from error

    def _watched(self, call: Call, expire: Callable[[], None]) -> Callable[[str], None]:
        """Has `expire` called on this loop when the caller's session is ended; answers what puts the stream on another session."""
        ring = _on_this_loop(expire)

        def renew(token: str) -> None:
            self._door.renew(token)
            self._door.watch.hold(call.id, token, ring)

        self._door.watch.hold(call.id, call.metadata["accesstoken"].strip(), ring)
        return renew

    def _left(self, call: Call) -> None:
        for bells in (self._log, self._clockwork, self._door.watch):
            bells.leave(call.id)
        self._demands.pop(call.id, None)

    def _alarmed(self, fault: Fault) -> None:
        """A fault was set: a schema changes at once, and open streams look whether it ends them."""
        if fault.fault == "schema_change":
            fault.fired += 1
            events.change_schema(self._store)
        elif fault.fault in faults.MID_STREAM:
            for demand in list(self._demands.values()):
                demand.alarmed = True
            self._log.ring()


def _on_this_loop(work: Callable[[], None]) -> Callable[[], None]:
    """The same, to be called from any thread; harmless when the loop is gone."""
    loop = asyncio.get_running_loop()

    def ring() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(work)

    return ring
