"""How Pub/Sub refuses: a gRPC status, a text that ends with the rpc's id, and trailers that name the error."""

import uuid

import grpc

_PREFIX = "sfdc.platform.eventbus.grpc."
_S = grpc.StatusCode
_TEXTS = {
    "service.unavailable": (_S.INTERNAL, "The service is unavailable. Try again later."),
    "service.auth.error": (
        _S.UNAUTHENTICATED, "An authentication exception occurred. Provide valid authentication via metadata headers."),
    "service.auth.headers.invalid": (
        _S.UNAUTHENTICATED, "The accesstoken, instanceurl, and tenantid metadata headers are required."),
    "topic.validation.empty": (_S.INVALID_ARGUMENT, "The topic name can't be empty."),
    "topic.not.found": (_S.NOT_FOUND, "The topic wasn't found, or you don't have access to it."),
    "topic.meta.permission": (_S.PERMISSION_DENIED, "You don't have permission to use this topic."),
    "schema.validation.failed": (_S.INVALID_ARGUMENT, "The schema ID isn't valid."),
    "schema.meta.permission": (_S.PERMISSION_DENIED, "You don't have permission to read this schema."),
    "subscription.topic.cannot.subscribe": (_S.PERMISSION_DENIED, "You don't have permission to subscribe to this topic."),
    "subscription.fetch.requested.events.invalid": (_S.INVALID_ARGUMENT, "The number of requested events must be greater than zero."),
    "subscription.fetch.topic.mismatch": (_S.INVALID_ARGUMENT, "The topic can't change during a subscription."),
    "subscription.fetch.replayid.validation.failed": (_S.INVALID_ARGUMENT, "A replay ID is required for the replay preset CUSTOM."),
    "subscription.fetch.replayid.corrupted": (
        _S.INVALID_ARGUMENT, "The Replay ID validation failed. Ensure that the Replay ID is valid."),
    "subscription.limit.exceeded": (_S.RESOURCE_EXHAUSTED, "The event delivery allocation for the last 24 hours is used up."),
    "service.protection.stream.limit.triggered": (_S.RESOURCE_EXHAUSTED, "Too many requests. Slow down and try again later."),
    "publish.event.count.invalid": (_S.INVALID_ARGUMENT, "A publish request must hold at least one event."),
}  # fmt: skip


class Refusal(Exception):
    """Ends an rpc. Without a suffix it is a failure of the transport: those carry no trailers."""

    def __init__(self, suffix: str, text: str = "") -> None:
        super().__init__(suffix)
        self.suffix = suffix
        self.status, known = _TEXTS.get(suffix, (_S.UNAVAILABLE, "upstream connect error or disconnect/reset before headers"))
        self.text = text or known

    def trailers(self, rpc: str, rpc_id: str) -> tuple[tuple[str, str], ...]:
        if not self.suffix:
            return ()
        return (("error-code", _PREFIX + self.suffix), ("rpc-id", rpc_id), ("type", rpc))

    def details(self, rpc_id: str) -> str:
        return f"{self.text} rpcId: {rpc_id}" if self.suffix else self.text


def new_rpc_id() -> str:
    return str(uuid.uuid4())
