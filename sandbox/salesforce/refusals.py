"""The refusals that faults ask of the org, in the shape in which each resource answers: plain, per item of a composite, per record."""

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.bodies import json_sent
from sandbox.faults import Fault
from sandbox.salesforce.answers import json_answer, refusal, session_expired
from sandbox.salesforce.envelopes import item
from sandbox.salesforce.errors import ROLLED_BACK, SfError
from sandbox.salesforce.operations import SIDE, name_of
from sandbox.salesforce.org import Org
from sandbox.wire import Answers

UNEXPECTED = "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (1234567890)"
UNDONE = "Record rolled back because not all records were valid and the request was using AllOrNone header"
LOCKED = "unable to obtain exclusive access to this record"
INVALID = "The record was refused by a validation rule."
TOO_MANY_AT_ONCE, TOO_MANY_A_DAY = "ConcurrentPerOrgLongTxn Limit exceeded.", "TotalRequests Limit exceeded."


def of_data(org: Org) -> Answers:
    """For everything behind /services/data."""

    def expired(fault: Fault, request: Request) -> Response:
        # the token is really gone: a client that repeats the call without a new login is refused again
        org.sessions.end_all()
        return session_expired(fault.message)

    return {
        "expired_session": expired,
        "misconfigured": _plain(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        "throttle": _plain(403, "REQUEST_LIMIT_EXCEEDED", TOO_MANY_AT_ONCE),
        "limit_exceeded": _plain(403, "REQUEST_LIMIT_EXCEEDED", TOO_MANY_A_DAY),
        "lock_row": _of_a_record("UNABLE_TO_LOCK_ROW", LOCKED, lambda: int(org.behaviour["lock_row_status"])),
        "business_error": _of_a_record("FIELD_CUSTOM_VALIDATION_EXCEPTION", INVALID),
        "error": _plain(500, "UNKNOWN_EXCEPTION", UNEXPECTED),
    }


def of_token() -> Answers:
    return {
        "misconfigured": _oauth(400, "invalid_app_access", "user is not admin approved to access this app"),
        "business_error": _oauth(400, "invalid_grant", "authentication failure"),
        "error": _oauth(500, "unknown_error", "retry your request"),
    }


def _oauth(status: int, error: str, description: str) -> Any:
    def answer(fault: Fault, request: Request) -> Response:
        return json_answer({"error": fault.code or error, "error_description": fault.message or description}, status)

    return answer


def _plain(status: int, code: str, message: str) -> Any:
    return lambda fault, request: refusal(_error(fault, code, message, status))


def _of_a_record(code: str, message: str, status: Callable[[], int] = lambda: 400) -> Any:
    """A refusal about data: where one call carries several records, each resource has its own place for it."""

    def answer(fault: Fault, request: Request) -> Response:
        error = _error(fault, code, message, status())
        shape = SHAPES.get(name_of(request.method, request.environ["RAW_URI"]))
        body = json_sent(request)
        return shape(error, body) if shape and isinstance(body, dict) else refusal(error)

    return answer


def _error(fault: Fault, code: str, message: str, status: int) -> SfError:
    return SfError(fault.code or code, fault.message or message, status=status)


def _composite(error: SfError, body: dict[str, Any]) -> Response:
    """HTTP 200 in any case; with allOrNone the others are halted."""
    return json_answer({"compositeResponse": _items(error, body, bool(body.get("allOrNone")))}, 200)


def _items(error: SfError, body: dict[str, Any], halts: bool) -> list[dict[str, Any]]:
    halted = [{"errorCode": "PROCESSING_HALTED", "message": ROLLED_BACK}]
    return [
        item(str(each.get("referenceId")), 400, halted if halts and number else error.body(), {})
        for number, each in enumerate(_listed(body, "compositeRequest"))
    ]


def _tree(error: SfError, body: dict[str, Any]) -> Response:
    first = next(iter(_listed(body, "records")), {})
    attributes = first.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
    return json_answer({"hasErrors": True, "results": [{"referenceId": reference, "errors": error.listed()}]}, 400)


def _collection(error: SfError, body: dict[str, Any]) -> Response:
    undone = SfError("ALL_OR_NONE_OPERATION_ROLLED_BACK", UNDONE)
    errors = [undone if body.get("allOrNone") and number else error for number, _ in enumerate(_listed(body, "records"))]
    return json_answer([{"success": False, "errors": each.listed()} for each in errors], 200)


def _listed(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _graph(error: SfError, body: dict[str, Any]) -> Response:
    """Every graph fails, each with the refusal at its first call."""
    done = [
        {"graphId": each.get("graphId"), "isSuccessful": False, "graphResponse": {"compositeResponse": _items(error, each, True)}}
        for each in _listed(body, "graphs")
    ]
    return json_answer({"graphs": done}, 200)


SHAPES = {"composite": _composite, "tree": _tree, "graph": _graph, "collections": _collection}
# answers that make no sense for these calls
READS = ("token", "versions", "limits", "query", "describe", *SIDE)
NEVER = {
    "expired_session": ("token", "versions", *SIDE),
    "throttle": ("token", "versions", *SIDE),
    "limit_exceeded": ("token", "versions", *SIDE),
    "misconfigured": SIDE,
    "business_error": ("versions", *SIDE),
}


def exempt(operations: list[str]) -> dict[str, tuple[str, ...]]:
    """Calls that a fault never touches: a session that expired does not matter to the login, a locked row not to a reader."""
    return NEVER | {"lock_row": (*READS, *(name for name in operations if name.startswith("sobject.read:")))}
