"""Salesforce Pub/Sub over gRPC: batches of decoded events with their replay ids, flow control and watchdog inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.clients.pubsub_avro import Schemas, Undecodable
from console.clients.pubsub_errors import UPSTREAM, house_error, status
from console.clients.pubsub_stream import Stream
from console.clients.salesforce_records import Session
from console.errors import Misconfigured
from console.log import correlation_id, logger

if TYPE_CHECKING:
    from console.clients.protos.pubsub_pb2 import ConsumerEvent, FetchRequest, FetchResponse

log = logger(__name__)
_SERVICE = "/eventbus.v1.PubSub/"
_WINDOW = 100  # events asked for and not yet delivered: the most that the server counts
_UNARY_S = 30.0
# A schema id that the server will never know, as against one that it cannot give now.
_NO_SUCH_SCHEMA = {"INVALID_ARGUMENT", "NOT_FOUND"}


@dataclass(frozen=True)
class Event:
    """One event; `fields` is None and `problem` "undecodable" when the payload does not decode with its schema."""

    uuid: str
    replay_id: bytes
    schema_id: str
    payload: bytes
    fields: dict[str, object] | None
    problem: str


@dataclass(frozen=True)
class Batch:
    """One answer of the stream, empty for a keepalive."""

    events: tuple[Event, ...]
    latest_replay_id: bytes


class PubSub:
    """The org's event bus. One subscription runs at a time."""

    def __init__(
        self,
        *,
        endpoint: str,
        session: Callable[[], Session],
        renew: Callable[[Session], Session],
        ca_file: str | None = None,
        plaintext: bool = False,
        watchdog_s: float = 300.0,
        keepalive_s: float = 60.0,
    ) -> None:
        self._endpoint, self._session, self._renew = endpoint, session, renew
        self._ca_file, self._plaintext = ca_file, plaintext
        self._watchdog_s, self._keepalive_s = watchdog_s, keepalive_s
        self._schemas = Schemas()
        self._stream: Stream | None = None

    def batches(self, topic: str, *, replay_id: bytes | None, preset: str) -> Iterator[Batch]:
        """Subscribes after `replay_id`, or by `preset` ("LATEST" or "EARLIEST") where there is none, over a channel of its own.

        More is asked for before a batch is handed out; a batch without events is a sign of life and carries a position too.
        Ends when the server ends the stream cleanly or `stop` is called; every failure raises."""
        import grpc

        stream = self._stream = Stream()
        session = self._session()
        channel = self._channel()
        try:
            stream.requests.send(_first_request(topic, replay_id, preset))
            metadata = _metadata(session)
            stream.open(_method(channel, "Subscribe"), metadata)
            for answer in stream.answers(self._watchdog_s):
                self._ask_for_more(stream, topic, answer)
                yield self._batch(answer, lambda schema_id: _schema(channel, schema_id, metadata))
        except grpc.RpcError as failure:
            self._failed(failure, session)
        finally:
            stream.close()
            channel.close()

    def stop(self) -> None:
        """From another thread or a signal handler: the subscription that runs now ends, `batches` returns."""
        if self._stream:
            self._stream.stop()

    def _failed(self, failure: Any, session: Session) -> None:
        log.info("upstream_call", upstream=UPSTREAM, operation="Subscribe", code=status(failure))
        if status(failure) == "UNAUTHENTICATED":
            self._renew(session)
        raise house_error(failure) from failure

    def _ask_for_more(self, stream: Stream, topic: str, answer: FetchResponse) -> None:
        wanted = _WINDOW - answer.pending_num_requested
        # Empty answers count too: with nothing outstanding the server would end the stream.
        if wanted >= _WINDOW // 2:
            stream.requests.send(_request(topic_name=topic, num_requested=wanted))

    def _batch(self, answer: FetchResponse, fetch: Callable[[str], str]) -> Batch:
        return Batch(tuple(self._event(each, fetch) for each in answer.events), answer.latest_replay_id)

    def _event(self, consumed: ConsumerEvent, fetch: Callable[[str], str]) -> Event:
        event, fields, problem = consumed.event, None, ""
        try:
            fields = self._schemas.decode(event.schema_id, event.payload, fetch)
        except Undecodable:
            problem = "undecodable"
        # Events without an id were seen in the field; their position names them well enough.
        uuid = event.id or f"replay-{consumed.replay_id.hex()}"
        return Event(uuid, consumed.replay_id, event.schema_id, event.payload, fields, problem)

    def _channel(self) -> Any:
        import grpc

        options = [
            ("grpc.keepalive_time_ms", int(self._keepalive_s * 1000)),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.max_receive_message_length", 8 * 1024 * 1024),
            # Without this a "new" channel would share the dead connection of the last one.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
        ]
        if self._plaintext:
            if self._endpoint.rsplit(":", 1)[0] not in ("localhost", "127.0.0.1", "[::1]"):
                raise Misconfigured(UPSTREAM, "plaintext", "a stream without TLS is for this machine only")
            return grpc.insecure_channel(self._endpoint, options)
        return grpc.secure_channel(self._endpoint, grpc.ssl_channel_credentials(self._roots()), options)

    def _roots(self) -> bytes | None:
        try:
            return Path(self._ca_file).read_bytes() if self._ca_file else None
        except OSError as failure:
            raise Misconfigured(UPSTREAM, "ca_file", type(failure).__name__) from failure


def _first_request(topic: str, replay_id: bytes | None, preset: str) -> FetchRequest:
    from console.clients.protos.pubsub_pb2 import CUSTOM, ReplayPreset

    if replay_id:
        return _request(topic_name=topic, replay_preset=CUSTOM, replay_id=replay_id, num_requested=_WINDOW)
    return _request(topic_name=topic, replay_preset=ReplayPreset.Value(preset), num_requested=_WINDOW)


def _request(**fields: Any) -> FetchRequest:
    from console.clients.protos.pubsub_pb2 import FetchRequest

    return FetchRequest(**fields)


def _metadata(session: Session) -> list[tuple[str, str]]:
    return [
        ("accesstoken", session.token),
        ("instanceurl", session.instance_url),
        ("tenantid", session.org_id),
        ("x-client-trace-id", correlation_id() or str(uuid4())),
    ]


def _method(channel: Any, name: str) -> Any:
    from console.clients.protos import pubsub_pb2 as wire

    shapes: dict[str, tuple[Any, Any, Any]] = {
        "Subscribe": (channel.stream_stream, wire.FetchRequest, wire.FetchResponse),
        "GetSchema": (channel.unary_unary, wire.SchemaRequest, wire.SchemaInfo),
    }
    make, asked, answered = shapes[name]
    return make(_SERVICE + name, request_serializer=asked.SerializeToString, response_deserializer=answered.FromString)


def _schema(channel: Any, schema_id: str, metadata: list[tuple[str, str]]) -> str:
    import grpc

    from console.clients.protos.pubsub_pb2 import SchemaRequest

    try:
        answer = _method(channel, "GetSchema")(SchemaRequest(schema_id=schema_id), timeout=_UNARY_S, metadata=metadata)
    except grpc.RpcError as failure:
        if status(failure) in _NO_SUCH_SCHEMA:
            raise Undecodable("schema") from failure
        raise
    log.info("upstream_call", upstream=UPSTREAM, operation="GetSchema")
    return str(answer.schema_json)
