"""How Pub/Sub refuses: a gRPC status, a text that ends with the rpc's id, and trailers that name the error."""

import sqlite3
import uuid
from collections.abc import Mapping

import grpc

from sandbox import chance
from sandbox.store import Store

_PREFIX = "sfdc.platform.eventbus.grpc."
_S = grpc.StatusCode
# every code of Salesforce's table for the rpcs there are here; texts as clients of the real service reported them, where they did
CODES: Mapping[str, tuple[grpc.StatusCode, str]] = {
    "service.unavailable": (_S.INTERNAL, "The service is unavailable. Try again later."),
    "service.auth.error": (
        _S.UNAUTHENTICATED, "An authentication exception occurred. Provide valid authentication via metadata headers."),
    "service.auth.headers.invalid": (
        _S.UNAUTHENTICATED, "The {header} metadata header is missing, blank, or invalid. Provide accesstoken, instanceurl, and tenantid."),
    "service.auth.refresh.invalid": (_S.UNAUTHENTICATED, "The auth refresh token is invalid."),
    "service.protection.triggered": (_S.RESOURCE_EXHAUSTED, "Too many connections or requests. Try again later."),
    "service.protection.stream.limit.triggered": (_S.RESOURCE_EXHAUSTED, "Too many requests. Slow down and try again later."),
    "service.tenant.license": (_S.PERMISSION_DENIED, "The org isn't licensed to use Pub/Sub API."),
    "concurrent.client.limit.exceeded": (_S.RESOURCE_EXHAUSTED, "The maximum number of concurrent clients was exceeded."),
    "topic.validation.empty": (_S.INVALID_ARGUMENT, "The topic name can't be blank."),
    "topic.not.found": (
        _S.NOT_FOUND, "The topic information for org {org} and topic {topic} not found. Ensure the topic name is correct and that the "
        "topic exists."),
    "topic.meta.permission": (
        _S.PERMISSION_DENIED, "An error occurred while getting the metadata for org {org} and topic {topic}. Ensure the credentials and "
        "topic name are correct."),
    "topic.api.unavailable": (_S.UNAVAILABLE, "The topic information is temporarily unavailable. Try again later."),
    "schema.validation.failed": (_S.INVALID_ARGUMENT, "Schema validation failed. {why}"),
    "schema.meta.permission": (_S.PERMISSION_DENIED, "An error occurred while getting the schema. Ensure the credentials are correct."),
    "schema.api.unavailable": (_S.UNAVAILABLE, "The schema information is temporarily unavailable. Try again later."),
    "subscription.topic.cannot.subscribe": (_S.PERMISSION_DENIED, "You don't have permission to subscribe to the topic {topic}."),
    "subscription.fetch.requested.events.invalid": (
        _S.INVALID_ARGUMENT, "The requested number of events in a fetch request must be greater than zero."),
    "subscription.fetch.topic.mismatch": (_S.INVALID_ARGUMENT, "The topic name must be the same in all fetch requests of a subscription."),
    "subscription.fetch.request.invalid": (_S.INVALID_ARGUMENT, "The fetch request is invalid. {why}"),
    "subscription.fetch.replayid.validation.failed": (
        _S.INVALID_ARGUMENT, "The Replay ID validation failed. A Replay ID is required with the replay preset CUSTOM."),
    "subscription.fetch.replayid.corrupted": (
        _S.INVALID_ARGUMENT, "The Replay ID validation failed. Ensure that the Replay ID is valid."),
    "subscription.fetch.replay.repeated": (_S.INTERNAL, "An event with a lower Replay ID was received. Restart the subscription."),
    "subscription.fetch.overflow": (_S.RESOURCE_EXHAUSTED, "More events were requested than the client drained."),
    "subscription.limit.exceeded": (_S.RESOURCE_EXHAUSTED, "You have exceeded the event delivery limit for your org."),
    "subscription.internal.error": (_S.INTERNAL, "An internal subscription error occurred. Restart the subscription."),
    "publish.event.count.invalid": (_S.INVALID_ARGUMENT, "A publish request must contain at least one event."),
    "publish.topic.mismatch": (_S.INVALID_ARGUMENT, "The topic name must be the same in all publish requests of a stream."),
    "publish.topic.validation.empty": (_S.INVALID_ARGUMENT, "The topic name in a publish request can't be blank."),
    "publish.auth.refresh.invalid": (_S.INVALID_ARGUMENT, "The initial publish request can't contain an auth refresh token."),
    "publish.stream.sweeper.timeout": (
        _S.CANCELLED, "No publish request was received during the timeout period of {seconds} seconds. The publish stream timed out."),
}  # fmt: skip
_CUT = "upstream connect error or disconnect/reset before headers. reset reason: remote reset"
# what a text names when nobody says more: refusals that a fault orders
_UNTOLD = {"header": "accesstoken", "org": "CORE/prod", "topic": "requested", "why": "The request is wrong.", "seconds": "1,800"}
# a longer name would not fit into the headers of an answer
_LONGEST_FACT = 200


class Refusal(Exception):
    """Ends an rpc. Without a suffix it is a failure of the transport: those carry no trailers. `facts` fill the text's gaps."""

    def __init__(self, suffix: str, text: str = "", status: grpc.StatusCode | None = None, **facts: str) -> None:
        super().__init__(suffix)
        usual, known = CODES.get(suffix, (_S.UNAVAILABLE, _CUT))
        self.suffix, self.status = suffix, status or usual
        self.text = text or known.format(**_UNTOLD | {name: told[:_LONGEST_FACT] for name, told in facts.items()})

    def trailers(self, rpc: str, rpc_id: str) -> tuple[tuple[str, str], ...]:
        if not self.suffix:
            return ()
        return (("error-code", _PREFIX + self.suffix), ("rpc-id", rpc_id), ("type", rpc))

    def details(self, rpc_id: str) -> str:
        return f"{self.text} rpcId: {rpc_id}" if self.suffix else self.text


def new_rpc_id(store: Store) -> str:
    """Waits for a writer when there is a seed, since draws are counted then."""
    try:
        return str(chance.uuid4(store, "rpc"))
    except sqlite3.OperationalError:
        # the disk is full, and a refusal has an id all the same
        return str(uuid.uuid4())
