"""Pub/Sub clients that others wrote for Node, unmodified: grpc-js with Salesforce's proto file and avsc; salesforce-pubsub-api-client."""

from typing import Any

from tests.support import node
from tests.support.sandbox import Control, Running

CODE = "sfdc.platform.eventbus.grpc."
UNAUTHENTICATED, NOT_FOUND, INVALID, UNAVAILABLE, UNIMPLEMENTED = 16, 5, 3, 14, 12


def told(errors: dict[str, Any], name: str) -> tuple[int, str | None]:
    """Code and error code; the details must end with the rpc id of the trailers."""
    error = errors[name]
    if "error-code" not in error["metadata"]:
        return error["code"], None
    assert error["details"].endswith(f" rpcId: {error['metadata']['rpc-id']}")
    return error["code"], error["metadata"]["error-code"].removeprefix(CODE)


def test_it_serves_grpc_js_and_avsc(sandbox: Running, free: Control) -> None:
    info = sandbox.info["salesforce"]
    seen = node.run("pubsub.cjs", info, info["ca_file"])
    assert (seen["topic"]["topic_name"], seen["topic"]["can_publish"]) == (info["topic"], True)
    assert seen["topic"]["tenant_guid"] == f"CORE/prod/{info['org_id']}"
    assert seen["fields"][:2] == ["CreatedDate", "CreatedById"]
    assert seen["results"] == [["n1", 10, None], ["bad", 0, "PUBLISH"], ["n2", 10, None]]
    assert seen["streamed"] == {"ids": [["n3"], ["n4", "n5"]], "code": 0}
    assert seen["subscribed"]["ids"] == ["n1", "n2", "n3", "n4", "n5"]
    assert seen["subscribed"]["keys"] == ["一", "two", "three", "four", "five"]
    assert (seen["subscribed"]["pending"], seen["subscribed"]["code"]) == ([0, 0, 1], 0)
    errors = seen["errors"]
    assert told(errors, "stranger") == (UNAUTHENTICATED, "service.auth.error")
    assert told(errors, "topic") == (NOT_FOUND, "topic.not.found")
    assert told(errors, "schema") == (INVALID, "schema.validation.failed")
    assert told(errors, "count") == (INVALID, "subscription.fetch.requested.events.invalid")
    assert told(errors, "other") == (INVALID, "subscription.fetch.topic.mismatch")
    assert told(errors, "replay") == (INVALID, "subscription.fetch.replayid.corrupted")
    assert told(errors, "mismatch") == (INVALID, "publish.topic.mismatch")
    assert told(errors, "large") == (UNAVAILABLE, None)
    assert told(errors, "managed") == (UNIMPLEMENTED, None)
    assert errors["mismatch"]["metadata"]["type"] == "PublishStream"


def test_it_serves_the_ready_made_client(sandbox: Running, free: Control) -> None:
    info = sandbox.info["salesforce"]
    seen = node.run("pubsub_client.cjs", info, info["ca_file"])
    assert seen["published"] == ["number", "mine"]
    assert seen["batch"] == [["publishResponse", 2], ["grpcKeepAlive", ["rpcId", "schemaId"]]]
    assert (seen["events"], seen["ids"]) == (["one", "two", "three"], True)
    assert seen["again"] == ["two", "three", "grpcKeepAlive"]
    assert seen["refused"] == [NOT_FOUND, f"{CODE}topic.not.found"]
    assert seen["failed"] == [UNAUTHENTICATED, f"{CODE}service.auth.error"]
