"""A Pub/Sub server that is quicker than any listener: events made beforehand, sent as they are asked for. A program of its own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fastavro
import grpc

from console.clients.protos import pubsub_pb2 as wire
from console.clients.salesforce_ids import canonical_id

SERVICE, CAP = "eventbus.v1.PubSub", 100
_TEXT = ["null", "string"]
SCHEMA = {
    "type": "record", "name": "OrderProvisionRequested__e", "fields": [
        {"name": "CreatedDate", "type": "long"}, {"name": "CreatedById", "type": "string"},
        {"name": "OrderId__c", "type": _TEXT, "default": None}, {"name": "IdemKey__c", "type": _TEXT, "default": None},
    ],
}  # fmt: skip


class Events:
    """`number` of them, encoded; an event's replay id is its number."""

    def __init__(self, number: int) -> None:
        schema = fastavro.parse_schema(SCHEMA)
        self._encoded = [self._one(schema, n) for n in range(number)]

    def response(self, position: int, asked: int) -> bytes:
        """A FetchResponse after that position. Encoded messages of protobuf are joined by writing one behind the other."""
        sent = self._encoded[position : position + min(asked, CAP)]
        tail = wire.FetchResponse(latest_replay_id=_replay_id(position + len(sent)), pending_num_requested=max(0, asked - len(sent)))
        return b"".join(sent) + tail.SerializeToString()

    @staticmethod
    def _one(schema: Any, n: int) -> bytes:
        order_id = canonical_id(f"801B0{n:010d}")
        buffer = io.BytesIO()
        own = {"OrderId__c": order_id, "IdemKey__c": f"{n:064d}"}
        fastavro.schemaless_writer(buffer, schema, {"CreatedDate": 1_790_000_000_000 + n, "CreatedById": "005SB0000000001YAA"} | own)
        event = wire.ProducerEvent(id=f"00000000-0000-4000-8000-{n:012d}", schema_id="bench", payload=buffer.getvalue())
        consumed = wire.ConsumerEvent(event=event, replay_id=_replay_id(n + 1))
        return bytes(wire.FetchResponse(events=[consumed]).SerializeToString())


class Server(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Subscribe and GetSchema, for whoever asks."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def service(self, call: Any) -> Any:
        if call.method == f"/{SERVICE}/GetSchema":
            return grpc.unary_unary_rpc_method_handler(_schema)
        return grpc.stream_stream_rpc_method_handler(self._subscribe, request_deserializer=wire.FetchRequest.FromString)

    def _subscribe(self, requests: Iterator[Any], _context: Any) -> Iterator[bytes]:
        position = None
        for request in requests:
            if position is None:
                position = int.from_bytes(request.replay_id, "big") if request.replay_id else 0
            yield self._events.response(position, request.num_requested)
            position += request.num_requested


def _schema(_request: bytes, _context: Any) -> bytes:
    return bytes(wire.SchemaInfo(schema_json=json.dumps(SCHEMA), schema_id="bench").SerializeToString())


def _replay_id(position: int) -> bytes:
    return position.to_bytes(10, "big")


def main() -> None:
    """`python -m bench.stream NUMBER`: prints its port, serves until its input ends."""
    events = Events(int(sys.argv[1]))
    server = grpc.server(ThreadPoolExecutor(4), handlers=(Server(events),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
