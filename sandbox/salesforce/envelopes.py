"""What the bodies of composite, graph, tree and collections have in common: lists of objects with limits, and items of an answer."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.errors import SfError

Items = list[dict[str, Any]]


class Undone(Exception):
    """Leaves the write block so that everything in it is undone."""


def envelope(body: Any, name: str, most: int) -> Items:
    items = body.get(name) if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise SfError("JSON_PARSER_ERROR", f"The request body must hold a list of objects named {name}")
    if len(items) > most:
        raise SfError("INVALID_INPUT", f"The limit of {most} entries has been exceeded: {len(items)}")
    return items


def well_formed(asked: Items) -> None:
    """Subrequests with all they need, each under a name of its own."""
    for each in asked:
        if not all(isinstance(each.get(name), str) and each[name] for name in ("method", "url", "referenceId")):
            raise SfError("JSON_PARSER_ERROR", "Every subrequest needs method, url and referenceId")
    if len({each["referenceId"] for each in asked}) < len(asked):
        raise SfError("INVALID_INPUT", "Duplicate referenceId provided in the request")


def item(reference: str, status: int, body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    return {"body": body, "httpHeaders": dict(headers), "httpStatusCode": status, "referenceId": reference}


def attributes(record: Any) -> dict[str, Any]:
    found = record.get("attributes") if isinstance(record, dict) else None
    return found if isinstance(found, dict) else {}


def failed(error: SfError) -> dict[str, Any]:
    return {"success": False, "errors": error.listed()}
