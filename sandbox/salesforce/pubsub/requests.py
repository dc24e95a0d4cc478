"""Requests as they came over the wire: read, or known to be too large or no message at all; and the rpcs that take them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.pubsub.refusals import Refusal

SERVICE = "eventbus.v1.PubSub"
LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Unreadable:
    """In place of a request, because a reader that raises would leave no word to the client."""

    text: str
    status: grpc.StatusCode


TOO_LARGE = Unreadable("", grpc.StatusCode.UNAVAILABLE)
MALFORMED = Unreadable("Invalid protobuf byte sequence", grpc.StatusCode.INTERNAL)


def reader(message: Any) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        if len(data) > LARGEST:
            return TOO_LARGE
        try:
            return message.FromString(data)
        except DecodeError:
            return MALFORMED

    return read


def sound(request: Any) -> Any:
    """The request. Raises Refusal for one that could not be read: a failure of the transport, as with the real one."""
    if isinstance(request, Unreadable):
        raise Refusal("", request.text, request.status)
    return request


def methods(service: Any) -> grpc.GenericRpcHandler:
    """The six rpcs of the service, by its methods of the same names."""
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    kinds = (
        ("GetTopic", unary, pb.TopicRequest, pb.TopicInfo),
        ("GetSchema", unary, pb.SchemaRequest, pb.SchemaInfo),
        ("Publish", unary, pb.PublishRequest, pb.PublishResponse),
        ("PublishStream", stream, pb.PublishRequest, pb.PublishResponse),
        ("Subscribe", stream, pb.FetchRequest, pb.FetchResponse),
        ("ManagedSubscribe", stream, pb.ManagedFetchRequest, pb.ManagedFetchResponse),
    )
    table = {name: kind(getattr(service, name), reader(asked), given.SerializeToString) for name, kind, asked, given in kinds}
    return grpc.method_handlers_generic_handler(SERVICE, table)
