"""Several records or calls in one: composite with its references, composite/tree, composite/sobjects."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.errors import ROLLED_BACK, SfError
from sandbox.salesforce.ids import kind_of, long_id
from sandbox.salesforce.rows import result
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.schema import Schema, SObject
from sandbox.store import Store

Inner = Callable[[str, str, Any], Any]
Items = list[dict[str, Any]]
REFERENCE = re.compile(r"@\{([^}]+)\}")
STEP = re.compile(r"(\w+)|\[(\d+)\]")
MOST_REQUESTS, MOST_RECORDS, MOST_QUERIES = 25, 200, 5
HALTED = [{"errorCode": "PROCESSING_HALTED", "message": ROLLED_BACK}]


class Undone(Exception):
    """Leaves the write block so that everything in it is undone."""


class Composite:
    """`inner` answers one subrequest with status, body and headers."""

    def __init__(self, store: Store, schema: Schema, saving: Saving, user: User, inner: Inner) -> None:
        self._store, self._schema, self._saving, self._user, self._inner = store, schema, saving, user, inner

    # -- composite

    def requests(self, body: Any) -> dict[str, Any]:
        """The whole answer is a success; each item carries its own fate."""
        asked = _envelope(body, "compositeRequest", MOST_REQUESTS)
        _well_formed(asked)
        if not body.get("allOrNone"):
            return {"compositeResponse": self._run(asked, stop=False)}
        items: Items = []
        try:
            with self._store.write():
                items = self._run(asked, stop=True)
                if _undoes(items[-1]):
                    raise Undone
        except Undone:
            culprit = items[-1]
            items = [culprit if each["referenceId"] == culprit["referenceId"] else _halted(each["referenceId"]) for each in asked]
        return {"compositeResponse": items}

    def _run(self, asked: Items, stop: bool) -> Items:
        items: Items = []
        known: dict[str, Any] = {}
        for each in asked:
            items.append(self._one(each, known))
            if stop and _undoes(items[-1]):
                break
            if items[-1]["httpStatusCode"] < 400:
                known[each["referenceId"]] = items[-1]["body"]
        return items

    def _one(self, asked: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self._inner(asked["method"].upper(), _filled(asked["url"], known), _filled(asked.get("body"), known))
        except SfError as error:
            return _item(asked["referenceId"], error.status, error.body(), {})
        return _item(asked["referenceId"], answer.status, answer.body, answer.headers)

    # -- composite/tree

    def tree(self, sobject: SObject, body: Any) -> tuple[int, dict[str, Any]]:
        """All or nothing; a refusal names the culprit only."""
        records = _envelope(body, "records", MOST_RECORDS)
        made: Items = []
        try:
            with self._store.write():
                for record in records:
                    self._plant(sobject, record, {}, made)
        except Culprit as culprit:
            errors = culprit.error.listed()
            return 400, {"hasErrors": True, "results": [{"referenceId": culprit.reference, "errors": errors}]}
        return 201, {"hasErrors": False, "results": made}

    def _plant(self, sobject: SObject, record: Any, parent: dict[str, str], made: Items) -> None:
        reference = _reference(record)
        children = {name: value for name, value in record.items() if isinstance(value, dict) and name != "attributes"}
        own = {name: value for name, value in record.items() if name not in children}
        try:
            if len(made) >= MOST_RECORDS or any(each["referenceId"] == reference for each in made):
                raise SfError("INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {reference}.")
            record_id = self._saving.create(sobject, own | parent, self._user)
            made.append({"referenceId": reference, "id": record_id})
            planted = [(self._child(sobject, name), _nested(value)) for name, value in children.items()]
        except SfError as error:
            raise Culprit(reference, error) from error
        for (child, field), rows in planted:
            for row in rows:
                self._plant(child, row, {field: record_id}, made)

    def _child(self, sobject: SObject, name: str) -> tuple[SObject, str]:
        found = sobject.child(name)
        if found is None or found[1].object not in self._schema.objects:
            raise SfError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        return self._schema.objects[found[1].object], found[1].field

    # -- composite/sobjects

    def collection(self, method: str, rest: tuple[str, ...], body: Any) -> Items:
        """One result per record, in order."""
        if rest:
            raise SfError("NOT_FOUND", "The requested resource does not exist", status=404)
        records = _envelope(body, "records", MOST_RECORDS)
        if not body.get("allOrNone"):
            return [self._save(method, record) for record in records]
        items: Items = []
        try:
            with self._store.write():
                items = [self._save(method, record) for record in records]
                if not all(item["success"] for item in items):
                    raise Undone
        except Undone:
            message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
            undone = SfError("ALL_OR_NONE_OPERATION_ROLLED_BACK", message)
            items = [_failed(undone) if item["success"] else item for item in items]
        return items

    def _save(self, method: str, record: Any) -> dict[str, Any]:
        try:
            sobject = self._schema.object(str(_attributes(record).get("type", "")))
            if sobject is None:
                raise SfError("INVALID_TYPE", "attributes.type is missing or names no object")
            given = {name: value for name, value in record.items() if name.lower() not in ("id", "attributes")}
            if method == "POST":
                return result(self._saving.create(sobject, given, self._user))
            record_id = _id_of(sobject, record)
            self._saving.update(sobject, record_id, given, self._user)
            return result(record_id)
        except SfError as error:
            return _failed(error)


class Culprit(Exception):
    """The record of a tree that was refused."""

    def __init__(self, reference: str, error: SfError) -> None:
        super().__init__(reference)
        self.reference, self.error = reference, error


def _undoes(item: dict[str, Any]) -> bool:
    """A refusal, or a collection of which a record failed: with allOrNone either undoes the whole composite."""
    rows = item["body"] if isinstance(item["body"], list) else []
    return item["httpStatusCode"] >= 400 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _envelope(body: Any, name: str, most: int) -> Items:
    items = body.get(name) if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise SfError("JSON_PARSER_ERROR", f"The request body must hold a list of objects named {name}")
    if len(items) > most:
        raise SfError("INVALID_INPUT", f"The limit of {most} entries has been exceeded: {len(items)}")
    return items


def _nested(value: dict[str, Any]) -> Items:
    rows = value.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SfError("JSON_PARSER_ERROR", "Nested records must be an object with a list of objects named records")
    return rows


def _well_formed(asked: Items) -> None:
    for each in asked:
        if not all(isinstance(each.get(name), str) and each[name] for name in ("method", "url", "referenceId")):
            raise SfError("JSON_PARSER_ERROR", "Every subrequest needs method, url and referenceId")
    if len({each["referenceId"] for each in asked}) < len(asked):
        raise SfError("INVALID_INPUT", "Duplicate referenceId provided in the request")
    if sum("/query" in each["url"] or "/composite/sobjects" in each["url"] for each in asked) > MOST_QUERIES:
        raise SfError("INVALID_INPUT", f"A composite request takes at most {MOST_QUERIES} queries and collections")


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: str(_resolved(found[1], known)), value)
    return value


def _resolved(path: str, known: Mapping[str, Any]) -> Any:
    held: Any = known
    for name, number in STEP.findall(path):
        held = _step(held, name, number)
        if held is None:
            source = STEP.findall(path)[0][0]
            raise SfError("PROCESSING_HALTED", f"Invalid reference specified. No value for {path} found in {source}")
    return held


def _step(held: Any, name: str, number: str) -> Any:
    if name:
        return held.get(name) if isinstance(held, dict) else None
    return held[int(number)] if isinstance(held, list) and int(number) < len(held) else None


def _item(reference: str, status: int, body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    return {"body": body, "httpHeaders": dict(headers), "httpStatusCode": status, "referenceId": reference}


def _halted(reference: str) -> dict[str, Any]:
    return _item(reference, 400, HALTED, {})


def _attributes(record: Any) -> dict[str, Any]:
    found = record.get("attributes") if isinstance(record, dict) else None
    return found if isinstance(found, dict) else {}


def _reference(record: Any) -> str:
    reference = _attributes(record).get("referenceId")
    if not isinstance(reference, str) or not reference:
        raise SfError("INVALID_INPUT", "Include a reference ID for each record in the request.")
    return reference


def _id_of(sobject: SObject, record: dict[str, Any]) -> str:
    given = str(record.get("id") or record.get("Id") or "")
    record_id = long_id(given)
    if record_id is None or kind_of(record_id) != sobject.name:
        raise SfError("MALFORMED_ID", f"bad id {given}" if given else "Id not specified in an update call", ["Id"])
    return record_id


def _failed(error: SfError) -> dict[str, Any]:
    return {"success": False, "errors": error.listed()}
