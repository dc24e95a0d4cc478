"""A Pub/Sub server of a test's own, and a subscriber that asks step by step."""

import queue
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox import tls
from sandbox.salesforce import events, schema
from sandbox.salesforce.ids import new_id
from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as pb_grpc
from sandbox.salesforce.pubsub import door as pubsub_door
from sandbox.salesforce.pubsub import server as pubsub
from sandbox.salesforce.pubsub.faults import FAULTS, LIMITS, RPCS
from sandbox.salesforce.pubsub.service import PubSub
from sandbox.salesforce.pubsub.stream import Pace
from sandbox.salesforce.sessions import Sessions
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Wire

ORDER = new_id("Order", 7)
ADMIN = new_id("User", 3)
PACE = Pace(keepalive=0.1, idle=0.4, sweep=0.6)


class Bus:
    """A server on free ports with quick waits, and a clock that a test may move."""

    def __init__(self, settings: SandboxSettings, folder: Path) -> None:
        self.settings = settings
        self.store, self.wire, self.advance_s = Store(folder / "s.db"), Wire(), 0.0
        known = schema.load(self.settings.project_dir)
        events.declare(self.store, known)
        self.wire.register("pubsub", RPCS, FAULTS, LIMITS)
        self.sessions = Sessions(self.store, self.settings.credentials.org_id, 600)
        self.identity = tls.identity(settings.dir)
        door = pubsub_door.door(self.store, self.settings, known)
        service = PubSub(self.store, self.wire, door, PACE, now=lambda: time.time() + self.advance_s)
        credentials = grpc.ssl_server_credentials([(self.identity.key, self.identity.chain)])
        self.server = pubsub.Server(service, self.settings.ports, credentials)
        self.server.open()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.settings.ports.pubsub_plain}")
        self.stub = pb_grpc.PubSubStub(self.channel)

    def metadata(self, user: str = "", **more: str) -> list[tuple[str, str]]:
        token = self.sessions.open(user or self.settings.credentials.sf_user_id)
        held = {"accesstoken": token, "instanceurl": self.settings.login_url, "tenantid": self.settings.credentials.org_id, **more}
        return list(held.items())

    def publish(self, count: int = 1) -> list[str]:
        return [events.publish(self.store, {"OrderId__c": ORDER, "IdemKey__c": f"key-{n}"}, ADMIN) for n in range(count)]

    def subscribe(self, ask: int = 10, preset: str = "LATEST", replay_id: bytes = b"") -> "Stream":
        first = pb.FetchRequest(topic_name=events.TOPIC, replay_preset=preset, replay_id=replay_id, num_requested=ask)
        return Stream(self, first)

    def close(self) -> None:
        self.channel.close()
        self.server.close()
        self.store.close()


class Stream:
    """A subscription whose requests a test sends one by one."""

    def __init__(self, bus: Bus, first: Any, user: str = "") -> None:
        self._asked: queue.Queue[Any] = queue.Queue()
        self._asked.put(first)
        self.call = bus.stub.Subscribe(iter(self._asked.get, None), metadata=bus.metadata(user), timeout=20)

    def ask(self, count: int, topic: str = "") -> None:
        self._asked.put(pb.FetchRequest(num_requested=count, topic_name=topic))

    def hang_up(self) -> None:
        self._asked.put(None)

    def events(self, count: int) -> list[Any]:
        """The next events, over as many answers as it takes."""
        found: list[Any] = []
        while len(found) < count:
            found += next(self.call).events
        return found

    def refusal(self) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            for _ in self.call:
                pass
        return caught.value


def opened(stream: Stream) -> Stream:
    """Past the first empty answer, so that LATEST means now."""
    assert not next(stream.call).events
    return stream


def trailers(error: Any) -> dict[str, str]:
    return {key: value for key, value in error.trailing_metadata() if key in ("error-code", "rpc-id", "type")}


def uuids(found: list[Any]) -> list[str]:
    return [each.event.id for each in found]
