"""The Pub/Sub server: one TLS and one plain port, an event loop in a thread of its own, so that a thousand streams cost no thread."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import grpc
import grpc.aio

from sandbox.salesforce import events, schema
from sandbox.salesforce.pubsub.calls import UPSTREAM
from sandbox.salesforce.pubsub.door import door
from sandbox.salesforce.pubsub.faults import FAULTS, LIMITS, RPCS
from sandbox.salesforce.pubsub.requests import methods
from sandbox.salesforce.pubsub.service import PubSub
from sandbox.salesforce.pubsub.stream import Pace
from sandbox.settings import Ports, SandboxSettings
from sandbox.store import Store
from sandbox.tls import Identity
from sandbox.wire import Wire

OPTIONS = (
    # clients ping to notice half-open connections; without these the answer would be GOAWAY too_many_pings
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_concurrent_streams", 1000),
    # what is too large is read all the same, to be refused in the words of the proxy in front of the real one
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    # a taken port is an error, not shared
    ("grpc.so_reuseport", 0),
)


class Server:
    """`open` and `close` may follow each other as often as one likes; `close` cuts every stream."""

    def __init__(self, service: PubSub, ports: Ports, credentials: grpc.ServerCredentials) -> None:
        self._service, self._ports, self._credentials = service, ports, credentials
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: grpc.aio.Server | None = None

    def open(self) -> None:
        """Raises OSError for a port that is taken."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="pubsub", daemon=True).start()
            self._do(self._started())

    def close(self) -> None:
        if self._loop is not None:
            self._do(self._stopped())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _started(self) -> None:
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((methods(self._service),))
        try:
            server.add_secure_port(f"127.0.0.1:{self._ports.pubsub}", self._credentials)
            server.add_insecure_port(f"127.0.0.1:{self._ports.pubsub_plain}")
        except RuntimeError as error:
            raise OSError(f"a Pub/Sub port is taken: {error}") from error
        await server.start()
        self._server = server

    async def _stopped(self) -> None:
        if self._server is not None:
            await self._server.stop(None)
            self._server = None


def serve(store: Store, wire: Wire, settings: SandboxSettings, identity: Identity) -> Server:
    """The server, not open yet; its operations and its door are known to the wire."""
    known = schema.load(settings.project_dir)
    events.declare(store, known)
    wire.register(UPSTREAM, RPCS, FAULTS, LIMITS)
    credentials = grpc.ssl_server_credentials([(identity.key, identity.chain)])
    server = Server(PubSub(store, wire, door(store, settings, known), _pace(settings)), settings.ports, credentials)
    wire.door(UPSTREAM, server)
    return server


def _pace(settings: SandboxSettings) -> Pace:
    fast = Pace(keepalive=1.0, idle=3.0, sweep=30.0)
    return fast if settings.fast else Pace(keepalive=60.0, idle=60.0, sweep=1800.0)
