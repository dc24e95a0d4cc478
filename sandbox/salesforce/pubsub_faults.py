"""What a fault does to an rpc: how it ends one at its beginning, in the middle of a stream, or never."""

from collections.abc import Callable

from sandbox.faults import Fault
from sandbox.salesforce.pubsub_refusals import Refusal

RPCS = ("Subscribe", "GetSchema", "GetTopic", "Publish")
# what happens to single events on their way
DELIVERY = ("drop_event", "duplicate_event", "bad_payload")
# what ends a stream, or falls silent, when the next answer is due or the moment the fault is set
MID_STREAM = ("expired_session", "unauthenticated", "unavailable", "reset", "throttle", "delivery_limit", "silent")
# what can meet any call before it is answered, and a Subscribe only
CALL = ("refuse", "reset", "error_before", "unavailable", "unauthenticated", "expired_session", "misconfigured", "throttle",
        "slow", "timeout_before")  # fmt: skip
OPENING = ("delivery_limit",)
CUSTOM_OPENING = ("replay_expired",)
FAULTS = tuple(dict.fromkeys((*CALL, *OPENING, *CUSTOM_OPENING, *MID_STREAM, *DELIVERY, "schema_change")))
LIMITS = dict.fromkeys((*OPENING, *CUSTOM_OPENING, *DELIVERY, "silent", "schema_change"), ("Subscribe",))
# service.unavailable is INTERNAL; the proxies in front fail with a bare UNAVAILABLE
TRANSPORT = "UNAVAILABLE"
_NOT_ALLOWED = {"Subscribe": "subscription.topic.cannot.subscribe", "GetSchema": "schema.meta.permission"}


def _unavailable(fault: Fault, rpc: str) -> Refusal:
    return Refusal("", fault.message or "") if fault.code == TRANSPORT else Refusal("service.unavailable", fault.message or "")


REFUSALS: dict[str, Callable[[Fault, str], Refusal]] = {
    "refuse": lambda fault, rpc: Refusal(""),
    "reset": lambda fault, rpc: Refusal("", "RST_STREAM closed stream"),
    "timeout_before": lambda fault, rpc: Refusal("", "upstream request timeout"),
    "error_before": lambda fault, rpc: Refusal("service.unavailable", fault.message or ""),
    "unavailable": _unavailable,
    "unauthenticated": lambda fault, rpc: Refusal("service.auth.error"),
    "expired_session": lambda fault, rpc: Refusal("service.auth.error"),
    "misconfigured": lambda fault, rpc: Refusal(_NOT_ALLOWED.get(rpc, "topic.meta.permission")),
    "throttle": lambda fault, rpc: Refusal("service.protection.stream.limit.triggered"),
    "delivery_limit": lambda fault, rpc: Refusal("subscription.limit.exceeded"),
    "replay_expired": lambda fault, rpc: Refusal("subscription.fetch.replayid.corrupted"),
}


def refusal(fault: Fault, rpc: str) -> Refusal:
    return REFUSALS[fault.fault](fault, rpc)
