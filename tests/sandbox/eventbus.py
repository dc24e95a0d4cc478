"""A Pub/Sub client as a stranger writes it in Python: messages from Salesforce's public table, Apache's Avro, an address and a login."""

import io
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import avro.io
import avro.schema
import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

PACKAGE = "eventbus.v1"
PREFIX = "sfdc.platform.eventbus.grpc."
# the table of the public proto file: message, then field=number type; * for repeated
TABLE = """
TopicInfo topic_name=1 string, tenant_guid=2 string, can_publish=3 bool, can_subscribe=4 bool, schema_id=5 string, rpc_id=6 string
TopicRequest topic_name=1 string
EventHeader key=1 string, value=2 bytes
ProducerEvent id=1 string, schema_id=2 string, payload=3 bytes, headers=4 *EventHeader
ConsumerEvent event=1 ProducerEvent, replay_id=2 bytes
PublishResult replay_id=1 bytes, error=2 Error, correlation_key=3 string
Error code=1 int32, msg=2 string
FetchRequest topic_name=1 string, replay_preset=2 int32, replay_id=3 bytes, num_requested=4 int32, auth_refresh=5 string
FetchResponse events=1 *ConsumerEvent, latest_replay_id=2 bytes, rpc_id=3 string, pending_num_requested=4 int32
SchemaRequest schema_id=1 string
SchemaInfo schema_json=1 string, schema_id=2 string, rpc_id=3 string
PublishRequest topic_name=1 string, events=2 *ProducerEvent, auth_refresh=3 string
PublishResponse results=1 *PublishResult, schema_id=2 string, rpc_id=3 string
ManagedFetchRequest subscription_id=1 string, developer_name=2 string, num_requested=3 int32, auth_refresh=4 string
ManagedFetchResponse events=1 *ConsumerEvent, latest_replay_id=2 bytes, rpc_id=3 string, pending_num_requested=4 int32
"""
RPCS = {
    "GetTopic": ("TopicRequest", "TopicInfo"),
    "GetSchema": ("SchemaRequest", "SchemaInfo"),
    "Publish": ("PublishRequest", "PublishResponse"),
    "PublishStream": ("PublishRequest", "PublishResponse"),
    "Subscribe": ("FetchRequest", "FetchResponse"),
    "ManagedSubscribe": ("ManagedFetchRequest", "ManagedFetchResponse"),
}
LATEST, EARLIEST, CUSTOM = range(3)
ORDER = "801SB0000000007AAA"
# seconds of the sandbox's clock with --fast: until an empty answer, until the end of a stream that asks for or publishes nothing
KEEPALIVE_S, IDLE_S, SWEEP_S = 1, 3, 30


def _messages() -> dict[str, Any]:
    """The classes, in a pool of their own."""
    file = descriptor_pb2.FileDescriptorProto(name="stranger.proto", package=PACKAGE, syntax="proto3")
    for line in TABLE.strip().splitlines():
        name, _, fields = line.partition(" ")
        made = file.message_type.add(name=name)
        for each in fields.split(", "):
            _field(made, *each.replace("=", " ").split())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {each.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{each.name}")) for each in file.message_type}


def _field(message: Any, name: str, number: str, kind: str) -> None:
    kinds = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(name=name, number=int(number), label=kinds.LABEL_REPEATED if kind[0] == "*" else kinds.LABEL_OPTIONAL)
    if kind.lstrip("*")[0].isupper():
        field.type, field.type_name = kinds.TYPE_MESSAGE, f".{PACKAGE}.{kind.lstrip('*')}"
    else:
        field.type = kinds.Type.Value(f"TYPE_{kind.upper()}")


MESSAGES = _messages()


class EventBus:
    """Logged in as the integration user; `plain` takes the port without TLS."""

    def __init__(self, info: dict[str, Any], plain: bool = False) -> None:
        self.info, self.topic, self.rest = info, info["topic"], SfRest(info)
        self.login()
        options = [("grpc.max_receive_message_length", 8 << 20)]
        if plain:
            self.channel = grpc.insecure_channel(info["pubsub_plain_endpoint"], options)
        else:
            with open(info["ca_file"], "rb") as trusted:
                credentials = grpc.ssl_channel_credentials(trusted.read())
            self.channel = grpc.secure_channel(info["pubsub_endpoint"], credentials, options)

    def login(self) -> None:
        """A new session; streams that are open stay on theirs."""
        self.token = str(self.rest.login().session.headers["Authorization"]).removeprefix("Bearer ")

    def metadata(self, **more: str | None) -> list[tuple[str, str]]:
        """A header given as None is left out."""
        held = {"accesstoken": self.token, "instanceurl": self.rest.instance, "tenantid": self.info["org_id"]} | more
        return [(name, value) for name, value in held.items() if value is not None]

    def ask(self, rpc: str, metadata: Any = None, timeout: float = 20, **fields: Any) -> Any:
        """A unary rpc; `raw` sends those bytes as they are."""
        asked, given = RPCS[rpc]
        request = fields.pop("raw", None) or MESSAGES[asked](**fields).SerializeToString()
        call = self.channel.unary_unary(f"/{PACKAGE}.PubSub/{rpc}", _same, MESSAGES[given].FromString)
        return call(request, timeout=timeout, metadata=self.metadata() if metadata is None else metadata)

    def open(self, rpc: str, metadata: Any = None, **first: Any) -> "Stream":
        return Stream(self, rpc, metadata, first)

    def subscribe(self, ask: int = 100, **more: Any) -> "Stream":
        return self.open("Subscribe", topic_name=self.topic, num_requested=ask, **more)

    def listening(self, control: Control, ask: int = 100, **more: Any) -> "Stream":
        """A subscription whose LATEST means now: the journal has it."""
        return self.begun(control, "Subscribe", topic_name=self.topic, num_requested=ask, **more)

    def begun(self, control: Control, rpc: str, **first: Any) -> "Stream":
        trace = uuid.uuid4().hex
        stream = self.open(rpc, [*self.metadata(), ("x-client-trace-id", trace)], **first)
        until(lambda: any(row["correlation_id"] == trace for row in control.calls("pubsub")))
        return stream

    def schema(self, schema_id: str) -> avro.schema.Schema:
        return avro.schema.parse(self.ask("GetSchema", schema_id=schema_id).schema_json)

    def event(self, schema_id: str = "", event_id: str = "", **fields: Any) -> Any:
        """A ProducerEvent in the topic's schema."""
        used = schema_id or self.ask("GetTopic", topic_name=self.topic).schema_id
        record = {"CreatedDate": 1_790_000_000_000, "CreatedById": "005000000000001AAA", **fields}
        return MESSAGES["ProducerEvent"](id=event_id, schema_id=used, payload=encoded(self.schema(used), record))

    def close(self) -> None:
        self.channel.close()
        self.rest.session.close()


class Stream:
    """A stream whose requests are sent one by one; reading it gives the answers."""

    def __init__(self, bus: EventBus, rpc: str, metadata: Any, first: dict[str, Any]) -> None:
        self._asked, self._given = (MESSAGES[name] for name in RPCS[rpc])
        self._requests: queue.Queue[Any] = queue.Queue()
        if first:
            self.send(**first)
        call = bus.channel.stream_stream(f"/{PACKAGE}.PubSub/{rpc}", _same, self._given.FromString)
        self.call = call(iter(self._requests.get, None), timeout=30, metadata=bus.metadata() if metadata is None else metadata)

    def send(self, raw: bytes | None = None, **fields: Any) -> None:
        self._requests.put(self._asked(**fields).SerializeToString() if raw is None else raw)

    def hang_up(self) -> None:
        self._requests.put(None)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.call)

    def __next__(self) -> Any:
        return next(self.call)

    def events(self, count: int) -> list[Any]:
        """The next ones, over as many answers as it takes."""
        found: list[Any] = []
        while len(found) < count:
            found += next(self.call).events
        return found


def until(happened: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < limit
        time.sleep(0.01)


def _same(data: bytes) -> bytes:
    return data


def decoded(schema: avro.schema.Schema, payload: bytes) -> dict[str, Any]:
    """Exactly one record: nothing may be left over."""
    source = io.BytesIO(payload)
    record = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(source))
    assert source.read() == b""
    return record


def encoded(schema: avro.schema.Schema, record: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    avro.io.DatumWriter(schema).write(record, avro.io.BinaryEncoder(out))
    return out.getvalue()


def published(control: Control, count: int = 1) -> list[str]:
    """Events about one order; their ids."""
    return [control.publish(OrderId__c=ORDER, IdemKey__c=f"key-{number}")["event_uuid"] for number in range(count)]


def advance(control: Control, seconds: float) -> None:
    control.ask("POST", "clock", {"advance_s": seconds})


def fired(control: Control, fault_id: int) -> int:
    return next(row["fired"] for row in control.faults() if row["id"] == fault_id)


def ids(found: list[Any]) -> list[str]:
    return [each.event.id for each in found]


def failure(answers: Any) -> Any:
    """The error of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        list(answers() if callable(answers) else answers)
    return caught.value


def refused(answers: Any) -> tuple[str, str | None]:
    """Status and error code of a call that must fail, its words and trailers checked against each other."""
    error = failure(answers)
    trailers = dict(error.trailing_metadata())
    if "error-code" not in trailers:
        assert not {"rpc-id", "type"} & trailers.keys()
        return error.code().name, None
    assert error.details().endswith(f" rpcId: {trailers['rpc-id']}")
    assert trailers["type"] in RPCS
    return error.code().name, trailers["error-code"].removeprefix(PREFIX)
