"""What the stream makes of each way in which the other side may end it, from a small server of the test's own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from console.clients.protos import pubsub_pb2 as wire
from console.clients.pubsub import PubSub
from console.clients.salesforce import Session
from console.errors import Misconfigured, ReplayLost, Throttled, Unavailable

SESSION = Session("token", "https://org.example", "00DSB000000Sbx12AC")
Behaviour = Callable[[Iterator[Any], Any], Iterator[Any]]


@pytest.fixture
def bus() -> Iterator[Callable[..., PubSub]]:
    """A bus whose Subscribe behaves as told."""
    servers: list[grpc.Server] = []

    def make(behaviour: Behaviour, **changes: Any) -> PubSub:
        server = grpc.server(ThreadPoolExecutor(4))
        subscribe = grpc.stream_stream_rpc_method_handler(
            behaviour,
            request_deserializer=wire.FetchRequest.FromString,
            response_serializer=wire.FetchResponse.SerializeToString,
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("eventbus.v1.PubSub", {"Subscribe": subscribe}),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        wanted = {"endpoint": f"127.0.0.1:{port}", "session": lambda: SESSION, "renew": lambda _: SESSION, "plaintext": True}
        return PubSub(**(wanted | {"watchdog_s": 5.0} | changes))

    yield make
    for server in servers:
        server.stop(0)


def fails(code: grpc.StatusCode, reason: str = "") -> Behaviour:
    def behaviour(_requests: Iterator[Any], context: Any) -> Iterator[Any]:
        if reason:
            context.set_trailing_metadata((("error-code", f"sfdc.platform.eventbus.grpc.{reason}"),))
        context.abort(code, f"no. rpcId: 1 {reason}")
        yield

    return behaviour


def answers(*pending: int) -> Behaviour:
    def behaviour(_requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        for each in pending:
            yield wire.FetchResponse(latest_replay_id=b"1234567890", pending_num_requested=each)

    return behaviour


@pytest.mark.parametrize(
    ("code", "reason", "kind", "word"),
    [
        ("INTERNAL", "service.unavailable", Unavailable, "service.unavailable"),
        ("UNAVAILABLE", "", Unavailable, "unavailable"),
        ("UNAUTHENTICATED", "service.auth.error", Unavailable, "unauthenticated"),
        ("UNAUTHENTICATED", "service.auth.headers.invalid", Misconfigured, "service.auth.headers.invalid"),
        ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted", ReplayLost, "subscription.fetch.replayid.corrupted"),
        ("RESOURCE_EXHAUSTED", "subscription.limit.exceeded", Throttled, "subscription.limit.exceeded"),
        ("PERMISSION_DENIED", "subscription.topic.cannot.subscribe", Misconfigured, "subscription.topic.cannot.subscribe"),
        ("PERMISSION_DENIED", "service.tenant.license", Misconfigured, "service.tenant.license"),
        ("NOT_FOUND", "topic.not.found", Misconfigured, "topic.not.found"),
        ("PERMISSION_DENIED", "", Misconfigured, "permission_denied"),
        ("UNKNOWN", "something.new", Unavailable, "something.new"),
    ],
)
def test_it_reads_every_failure(bus: Callable[..., PubSub], code: str, reason: str, kind: type[Unavailable], word: str) -> None:
    pubsub = bus(fails(grpc.StatusCode[code], reason))
    with pytest.raises(kind) as raised:
        list(pubsub.batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert type(raised.value) is kind
    assert raised.value.code == word


def test_it_waits_hours_when_the_allocation_is_used_up(bus: Callable[..., PubSub]) -> None:
    pubsub = bus(fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded"))
    with pytest.raises(Throttled) as raised:
        list(pubsub.batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert raised.value.retry_after == 3600


def test_it_renews_only_a_refused_session(bus: Callable[..., PubSub]) -> None:
    renewed: list[Session] = []

    def renew(stale: Session) -> Session:
        renewed.append(stale)
        return stale

    for code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED):
        with pytest.raises(Unavailable):
            list(bus(fails(code, "service.auth.error"), renew=renew).batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert renewed == [SESSION]


def test_it_returns_when_the_server_ends_cleanly(bus: Callable[..., PubSub]) -> None:
    batches = list(bus(answers(50, 50)).batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert [batch.latest_replay_id for batch in batches] == [b"1234567890"] * 2


def test_it_asks_for_more_before_it_hands_out(bus: Callable[..., PubSub]) -> None:
    asked: list[Any] = []
    metadata: dict[str, str] = {}

    def behaviour(requests: Iterator[Any], context: Any) -> Iterator[Any]:
        metadata.update(dict(context.invocation_metadata()))
        asked.append(next(requests))
        yield wire.FetchResponse(latest_replay_id=b"1", pending_num_requested=0)
        asked.append(next(requests))

    batches = bus(behaviour).batches("/event/X__e", replay_id=b"12345678", preset="EARLIEST")
    next(batches)
    limit = time.monotonic() + 5
    while len(asked) < 2 and time.monotonic() < limit:
        time.sleep(0.01)
    first, second = asked
    assert (first.topic_name, first.replay_id, first.replay_preset) == ("/event/X__e", b"12345678", wire.CUSTOM)
    assert 0 < first.num_requested <= 100
    assert second.num_requested == first.num_requested
    assert (metadata["accesstoken"], metadata["instanceurl"], metadata["tenantid"]) == ("token", SESSION.instance_url, SESSION.org_id)
    assert metadata["x-client-trace-id"]
    batches.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("spoken", [True, False])
def test_it_notices_silence_and_can_be_stopped_in_it(bus: Callable[..., PubSub], spoken: bool) -> None:
    over = threading.Event()

    def behaviour(_requests: Iterator[Any], _context: Any) -> Iterator[Any]:
        if spoken:
            yield wire.FetchResponse(latest_replay_id=b"1", pending_num_requested=50)
        over.wait(5)

    pubsub = bus(behaviour, watchdog_s=0.2)
    with pytest.raises(Unavailable) as raised:
        list(pubsub.batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert raised.value.code == "silent"
    patient = bus(behaviour, watchdog_s=60)
    timer = threading.Timer(0.2, patient.stop)
    timer.start()
    started = time.monotonic()
    list(patient.batches("/event/X__e", replay_id=None, preset="LATEST"))
    assert time.monotonic() - started < 3
    over.set()
