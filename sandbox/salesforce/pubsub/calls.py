"""One rpc in progress: who calls, which fault hits it, how it ends, and its line in the journal."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from sandbox.salesforce.access import User
from sandbox.salesforce.pubsub import faults
from sandbox.salesforce.pubsub.door import Door
from sandbox.salesforce.pubsub.refusals import Refusal, new_rpc_id
from sandbox.saying import complain_of_ourselves
from sandbox.store import Store
from sandbox.wire import Fault, Wire

UPSTREAM = "pubsub"
STREAMS = ("Subscribe", "PublishStream")
# a client that goes away looks at first like one that closes its half; that it is gone is told right after
LAST_WORD_S = 0.02


@dataclass
class Call:
    rpc: str
    context: Any
    id: str = ""
    fault: str | None = None
    recorded: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def metadata(self) -> dict[str, str]:
        return {key: value for key, value in self.context.invocation_metadata() or () if isinstance(value, str)}


class Desk:
    """Where every rpc comes in and goes out."""

    def __init__(self, store: Store, wire: Wire, door: Door) -> None:
        self._store, self._wire, self._door = store, wire, door

    @asynccontextmanager
    async def running(self, rpc: str, context: Any) -> AsyncIterator[tuple[Call, User]]:
        """The call and who makes it; what is raised inside ends the rpc as the real one would."""
        call = Call(rpc, context)
        try:
            call.id = await asyncio.to_thread(new_rpc_id, self._store)
            yield call, await self._enter(call)
            await asyncio.sleep(LAST_WORD_S if rpc in STREAMS else 0)
            self._record(call, grpc.StatusCode.OK)
        except Refusal as refusal:
            await self._abort(call, refusal)
        except sqlite3.OperationalError:
            # the disk is full, for one; nothing was changed
            await self._abort(call, Refusal("service.unavailable"))
        except Exception:  # the outermost edge: a fault of the sandbox itself is logged and answered, never a silent hang
            complain_of_ourselves()
            await self._abort(call, Refusal("service.unavailable"))
        finally:
            self._record(call, grpc.StatusCode.CANCELLED)

    async def unimplemented(self, rpc: str, context: Any) -> None:
        call = Call(rpc, context)
        call.id = await asyncio.to_thread(new_rpc_id, self._store)
        await self._abort(call, Refusal("", f"{rpc} isn't available in this org.", grpc.StatusCode.UNIMPLEMENTED))

    # -- the way in

    async def _enter(self, call: Call) -> User:
        """The caller. Raises Refusal, for a fault too."""
        fault = self._wire.pick(UPSTREAM, call.rpc, faults.CALL)
        call.fault = fault.fault if fault else None
        if call.fault != "refuse":
            await asyncio.to_thread(self._wire.wait, UPSTREAM)
        if fault is not None:
            await self._suffer(call, fault)
        # the sessions lie behind the store's lock, which a writer may hold
        return await asyncio.to_thread(self._door.admit, call.metadata)

    async def _suffer(self, call: Call, fault: Fault) -> None:
        """A fault that ends the rpc raises Refusal."""
        call.fault = fault.fault
        if fault.fault == "slow":
            await asyncio.sleep(self._wire.late.seconds(fault, share=1 / 3))
            return
        if fault.fault in ("timeout_before", "timeout_after"):
            await asyncio.sleep(self._wire.late.seconds(fault))
        if fault.fault == "expired_session":
            await asyncio.to_thread(self._door.sessions.end_all)
        raise faults.refusal(fault, call.rpc)

    # -- on the way

    def refuse(self, call: Call, only: tuple[str, ...]) -> None:
        """A fault that ends this rpc at its opening, if one is due."""
        fault = self._wire.pick(UPSTREAM, call.rpc, only)
        if fault is not None:
            call.fault = fault.fault
            raise faults.refusal(fault, call.rpc)

    def spent(self, call: Call) -> str:
        """Why no event of a request may be published any more, "" usually."""
        fault = self._wire.pick(UPSTREAM, call.rpc, faults.SPENT)
        if fault is None:
            return ""
        call.fault = fault.fault
        return fault.message or "LIMIT_EXCEEDED: The number of published platform event messages exceeded the hourly publishing limit."

    async def after(self, call: Call) -> None:
        """What may go wrong when everything was done."""
        fault = self._wire.pick(UPSTREAM, call.rpc, faults.AFTER)
        if fault is not None:
            await self._suffer(call, fault)

    async def mid_stream(self, call: Call) -> None:
        """What may go wrong before the next answer of a stream."""
        fault = self._wire.pick(UPSTREAM, call.rpc, faults.MID_STREAM)
        if fault is None:
            return
        if fault.fault != "silent":
            await self._suffer(call, fault)
        self._journal(call, None, fault.fault)
        await asyncio.Event().wait()

    def delivery(self, call: Call) -> Fault | None:
        """A fault of one event: a line of its own in the journal, since the stream goes on."""
        fault = self._wire.pick(UPSTREAM, call.rpc, faults.DELIVERY)
        if fault is not None:
            self._journal(call, None, fault.fault)
        return fault

    def opened(self, call: Call) -> None:
        """A stream has begun; its end will be another line."""
        self._journal(call, "OPEN", None)

    # -- the way out

    async def _abort(self, call: Call, refusal: Refusal) -> None:
        self._record(call, refusal.status)
        await call.context.abort(refusal.status, refusal.details(call.id), refusal.trailers(call.rpc, call.id))

    def _record(self, call: Call, status: grpc.StatusCode) -> None:
        """How an rpc ended, written before its answer leaves: the first word counts."""
        if not call.recorded:
            call.recorded = True
            self._journal(call, status.name, call.fault)

    def _journal(self, call: Call, status: str | None, fault: str | None) -> None:
        trace = call.metadata.get("x-client-trace-id")
        self._wire.record(UPSTREAM, call.rpc, trace, status, fault, (time.monotonic() - call.began) * 1000)
