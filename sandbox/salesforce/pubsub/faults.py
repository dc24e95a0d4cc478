"""What a fault does to an rpc: how it ends one at its beginning, in the middle of a stream, or never."""

from collections.abc import Callable

import grpc

from sandbox.faults import Fault
from sandbox.salesforce.pubsub.refusals import CODES, Refusal

RPCS = ("Subscribe", "GetSchema", "GetTopic", "Publish", "PublishStream")
# what happens to single events on their way
DELIVERY = ("drop_event", "duplicate_event", "bad_payload")
# what ends a stream, or falls silent, when the next answer is due or the moment the fault is set
MID_STREAM = ("expired_session", "unauthenticated", "unavailable", "reset", "throttle", "delivery_limit", "silent")
# what can meet any call before it is answered, and a Subscribe only
CALL = ("refuse", "reset", "error_before", "unavailable", "unauthenticated", "expired_session", "misconfigured", "throttle",
        "slow", "timeout_before")  # fmt: skip
OPENING = ("delivery_limit",)
CUSTOM_OPENING = ("replay_expired",)
# events are on the bus, and their publisher does not get to know
AFTER = ("timeout_after", "error_after")
# no event of the request is published: the hour's allocation is used up
SPENT = ("limit_exceeded",)
FAULTS = tuple(dict.fromkeys((*CALL, *OPENING, *CUSTOM_OPENING, *MID_STREAM, *AFTER, *SPENT, *DELIVERY, "schema_change")))
LIMITS = {
    **dict.fromkeys((*OPENING, *CUSTOM_OPENING, *DELIVERY, "silent", "schema_change"), ("Subscribe",)),
    **dict.fromkeys((*AFTER, *SPENT), ("Publish", "PublishStream")),
}
_NOT_ALLOWED = {"Subscribe": "subscription.topic.cannot.subscribe", "GetSchema": "schema.meta.permission"}

REFUSALS: dict[str, Callable[[Fault, str], Refusal]] = {
    "refuse": lambda fault, rpc: Refusal(""),
    "reset": lambda fault, rpc: Refusal("", "RST_STREAM closed stream"),
    "timeout_before": lambda fault, rpc: Refusal("", "upstream request timeout"),
    "timeout_after": lambda fault, rpc: Refusal("", "upstream request timeout"),
    "error_before": lambda fault, rpc: Refusal("service.unavailable", fault.message or ""),
    "error_after": lambda fault, rpc: Refusal("service.unavailable", fault.message or ""),
    "unavailable": lambda fault, rpc: Refusal("service.unavailable", fault.message or ""),
    "unauthenticated": lambda fault, rpc: Refusal("service.auth.error"),
    "expired_session": lambda fault, rpc: Refusal("service.auth.error"),
    "misconfigured": lambda fault, rpc: Refusal(_NOT_ALLOWED.get(rpc, "topic.meta.permission")),
    "throttle": lambda fault, rpc: Refusal("service.protection.stream.limit.triggered"),
    "delivery_limit": lambda fault, rpc: Refusal("subscription.limit.exceeded"),
    "replay_expired": lambda fault, rpc: Refusal("subscription.fetch.replayid.corrupted"),
}


# what a fault may be told to say: one of Salesforce's codes, or a gRPC status for the bare failure of a proxy
STATUSES = frozenset(grpc.StatusCode.__members__) - {"OK"}
SAYABLE = frozenset(CODES) | STATUSES


def refusal(fault: Fault, rpc: str) -> Refusal:
    """As the fault's `code` says, else as its kind does."""
    if fault.code in CODES:
        return Refusal(fault.code, fault.message or "")
    if fault.code in STATUSES:
        return Refusal("", fault.message or "", grpc.StatusCode[fault.code])
    return REFUSALS[fault.fault](fault, rpc)
