"""composite/sobjects: up to 200 records created, read, changed or deleted in one call, each with a result of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.calls import Call
from sandbox.salesforce.envelopes import Items, Undone, attributes, envelope, failed
from sandbox.salesforce.errors import SfError, not_allowed, not_found
from sandbox.salesforce.ids import kind_of, long_id
from sandbox.salesforce.records import Records
from sandbox.salesforce.rows import Rows, result
from sandbox.salesforce.schema import Schema, SObject
from sandbox.store import Store

MOST_RECORDS, MOST_READ = 200, 2000
UNDONE = "Record rolled back because not all records were valid and the request was using AllOrNone header"
UNKNOWN_ID = "INVALID_CROSS_REFERENCE_KEY"
Deed = Callable[[Any], dict[str, Any]]


class Collections:
    def __init__(self, store: Store, schema: Schema, records: Records, rows: Rows) -> None:
        self._store, self._schema, self._records, self._rows = store, schema, records, rows

    def answer(self, asked: Call, rest: tuple[str, ...]) -> list[Any]:
        """One result per record, in order."""
        if not rest:
            return self._changed(asked)
        sobject = self._schema.object(rest[0])
        if sobject is None:
            raise not_found()
        if len(rest) == 1:
            return self._read(asked, sobject)
        if len(rest) > 2:
            raise not_found()
        if asked.method != "PATCH":
            raise not_allowed(asked.method, ("PATCH",))
        return self._each(
            envelope(asked.body, "records", MOST_RECORDS), _strict(asked.body), lambda row: self._upsert(sobject, rest[1], row)
        )

    def _changed(self, asked: Call) -> Items:
        if asked.method == "DELETE":
            ids = [each.strip() for each in asked.query.get("ids", "").split(",") if each.strip()]
            _few(ids, MOST_RECORDS)
            return self._each(ids, asked.query.get("allOrNone") == "true", self._delete)
        deed = {"POST": self._create, "PATCH": self._update}.get(asked.method)
        if deed is None:
            raise not_allowed(asked.method, ("POST", "PATCH", "DELETE"))
        return self._each(envelope(asked.body, "records", MOST_RECORDS), _strict(asked.body), deed)

    def _each(self, given: list[Any], strict: bool, deed: Deed) -> Items:
        if not strict:
            return [self._tried(deed, each) for each in given]
        items: Items = []
        try:
            with self._store.write():
                items = [self._tried(deed, each) for each in given]
                if not all(item["success"] for item in items):
                    raise Undone
        except Undone:
            undone = SfError(behaviour(self._store)["rolled_back_code"], UNDONE)
            items = [failed(undone) if item["success"] else item for item in items]
        return items

    def _tried(self, deed: Deed, given: Any) -> dict[str, Any]:
        try:
            return deed(given)
        except SfError as error:
            missing = error.rows[0]["errorCode"] == "NOT_FOUND"
            if missing and behaviour(self._store)["missing_in_collection"] == UNKNOWN_ID:
                return failed(SfError(UNKNOWN_ID, "invalid cross reference id", []))
            return failed(error)

    def _create(self, record: Any) -> dict[str, Any]:
        return self._rows.create(self._object(record), _fields(record))

    def _update(self, record: Any) -> dict[str, Any]:
        sobject = self._object(record)
        record_id = _id_of(sobject, record)
        self._rows.update(sobject, record_id, _fields(record))
        return result(record_id)

    def _upsert(self, sobject: SObject, key: str, record: Any) -> dict[str, Any]:
        if self._object(record).name != sobject.name:
            raise SfError("INVALID_TYPE", f"attributes.type must be {sobject.name}")
        value = next((value for name, value in record.items() if name.lower() == key.lower()), None)
        if not isinstance(value, str) or not value:
            raise SfError("MISSING_ARGUMENT", f"{key} not specified", [])
        given = {name: each for name, each in _fields(record).items() if name.lower() != key.lower()}
        return self._rows.upserted(sobject, key, value, given)[1]

    def _delete(self, given: str) -> dict[str, Any]:
        record_id = long_id(given)
        sobject = self._schema.object(kind_of(record_id) or "") if record_id else None
        if record_id is None or sobject is None:
            raise SfError("MALFORMED_ID", f"malformed id {given}")
        self._rows.delete(sobject, (record_id,), "")
        return result(record_id)

    def _read(self, asked: Call, sobject: SObject) -> list[Any]:
        """null stands for a record that is not there."""
        ids, names = _wanted(asked)
        found = [self._records.get(sobject.name, long_id(each) or "") for each in ids]
        return [None if row is None else self._rows.shown(sobject, row, names, asked.base) for row in found]

    def _object(self, record: Any) -> SObject:
        sobject = self._schema.object(str(attributes(record).get("type", "")))
        if sobject is None:
            raise SfError("INVALID_TYPE", "attributes.type is missing or names no object")
        return sobject


def _strict(body: Any) -> bool:
    return body.get("allOrNone") is True


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name.lower() not in ("id", "attributes")}


def _wanted(asked: Call) -> tuple[list[str], list[str]]:
    """Ids and field names, from the query or, for many, from a body."""
    if asked.method == "GET":
        ids, names = ([each.strip() for each in asked.query.get(name, "").split(",") if each.strip()] for name in ("ids", "fields"))
    elif asked.method == "POST":
        body = asked.body if isinstance(asked.body, dict) else {}
        ids, names = body.get("ids"), body.get("fields")
    else:
        raise not_allowed(asked.method, ("GET", "POST"))
    for listed in (ids, names):
        if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
            raise SfError("MALFORMED_QUERY" if asked.method == "GET" else "JSON_PARSER_ERROR", "ids and fields are needed")
    _few(ids, MOST_READ if asked.method == "POST" else 800)
    return ids, names


def _few(ids: list[str], most: int) -> None:
    if not ids or len(ids) > most:
        raise SfError("EXCEEDED_ID_LIMIT" if ids else "MISSING_ARGUMENT", f"between 1 and {most} ids are taken, not {len(ids)}")


def _id_of(sobject: SObject, record: dict[str, Any]) -> str:
    given = str(record.get("id") or record.get("Id") or "")
    record_id = long_id(given)
    if record_id is None or kind_of(record_id) != sobject.name:
        raise SfError("MALFORMED_ID", f"bad id {given}" if given else "Id not specified in an update call", ["Id"])
    return record_id
