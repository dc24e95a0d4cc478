"""What a failed Pub/Sub call means: by Salesforce's own error code where there is one, else by gRPC's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import Misconfigured, ReplayLost, Throttled, Unavailable, UpstreamError

if TYPE_CHECKING:
    import grpc

UPSTREAM = "pubsub"
_PREFIX = "sfdc.platform.eventbus.grpc."
_MISCONFIGURED = {
    "service.auth.headers.invalid",
    "service.tenant.license",
    "topic.not.found",
    "topic.meta.permission",
    "topic.validation.empty",
    "subscription.topic.cannot.subscribe",
    "schema.meta.permission",
}
_REPLAY_LOST = {"subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed"}
# The 24-hour allocation is used up: hours, not seconds. The others ask to slow down.
_THROTTLED = {
    "subscription.limit.exceeded": 3600.0,
    "concurrent.client.limit.exceeded": 300.0,
    "service.protection.triggered": 60.0,
    "service.protection.stream.limit.triggered": 60.0,
}
_STATUS_MISCONFIGURED = {"NOT_FOUND", "PERMISSION_DENIED", "UNIMPLEMENTED"}


def status(failure: grpc.RpcError) -> str:
    """gRPC's status of a failed call, "UNKNOWN" where it has none."""
    code = getattr(failure, "code", None)
    found = code() if callable(code) else None
    return str(getattr(found, "name", "UNKNOWN"))


def reason(failure: grpc.RpcError) -> str:
    """Salesforce's error code without its prefix, "" for a failure of the transport."""
    read = getattr(failure, "trailing_metadata", None)
    trailers = dict((read() if callable(read) else None) or ())
    return str(trailers.get("error-code", "")).removeprefix(_PREFIX)


def house_error(failure: grpc.RpcError) -> UpstreamError:
    """The failure in the house's words; UNAUTHENTICATED is `Unavailable("unauthenticated")`, after which the session is renewed."""
    code, said = status(failure), reason(failure)
    if said in _REPLAY_LOST:
        return ReplayLost(UPSTREAM, said)
    if said in _THROTTLED:
        return Throttled(UPSTREAM, said, retry_after=_THROTTLED[said])
    if said in _MISCONFIGURED or (not said and code in _STATUS_MISCONFIGURED):
        return Misconfigured(UPSTREAM, said or code.lower())
    if code == "UNAUTHENTICATED":
        return Unavailable(UPSTREAM, "unauthenticated", said)
    if "CERTIFICATE_VERIFY_FAILED" in _details(failure):
        return Misconfigured(UPSTREAM, "certificate")
    return Unavailable(UPSTREAM, said or code.lower())


def _details(failure: grpc.RpcError) -> str:
    read = getattr(failure, "details", None)
    return str((read() if callable(read) else None) or "")
