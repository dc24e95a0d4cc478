"""sobjects/<Object>: create, read, update, upsert and delete one record, by id or by external id, and what changed lately."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import SfError, not_found
from sandbox.salesforce.ids import kind_of, long_id
from sandbox.salesforce.records import Record, Records, timestamp
from sandbox.salesforce.saving import NOT_IN_BODY, Saving
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.store import Store

Made = dict[str, Any]
# from here on an upsert says in its body what it did
TELLS_CREATED = 46


class Several(SfError):
    """An external id that is not unique names several records."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__("MULTIPLE_RECORDS", f"{len(urls)} records match", status=300)
        self.urls = urls

    def body(self) -> list[Any]:
        return self.urls


def result(record_id: str) -> Made:
    return {"id": record_id, "success": True, "errors": []}


class Rows:
    def __init__(self, store: Store, schema: Schema, records: Records, saving: Saving, user: User) -> None:
        self._store, self._schema, self._records, self._saving, self._user = store, schema, records, saving, user

    def create(self, sobject: SObject, body: Any) -> Made:
        return result(self._saving.create(sobject, _object(body), self._user))

    def read(self, sobject: SObject, at: tuple[str, ...], wanted: str | None, base: str) -> Record:
        """`at` is (id,) or (external id field, value); `wanted` the comma list of ?fields=."""
        record = self._at(sobject, at, base)
        if record is None:
            raise not_found()
        return self.shown(sobject, record, [name.strip() for name in wanted.split(",")] if wanted else None, base)

    def shown(self, sobject: SObject, record: Record, wanted: list[str] | None, base: str) -> Record:
        names = wanted or list(sobject.fields)
        fields = [self._user.visible(sobject, name).name for name in names]
        # the id comes along even when it was not asked for
        asked = dict.fromkeys([*fields, "Id"])
        url = f"{base}/sobjects/{sobject.name}/{record['Id']}"
        return {"attributes": {"type": sobject.name, "url": url}, **{name: record.get(name) for name in asked}}

    def update(self, sobject: SObject, record_id: str, body: Any) -> None:
        found = self.by_id(sobject, record_id)
        self._saving.update(sobject, found["Id"] if found else long_id(record_id) or record_id, _object(body), self._user)

    def delete(self, sobject: SObject, at: tuple[str, ...], base: str) -> None:
        found = self._at(sobject, at, base)
        if found is None and len(at) == 2:
            raise not_found()
        self._saving.delete(sobject, found["Id"] if found else long_id(at[0]) or at[0], self._user)

    def upsert(self, asked: Call, sobject: SObject, name: str, value: str) -> Answer:
        """201 and created, or 200 and updated; the answer's body says which."""
        if not value:
            raise not_found()
        status, made = self.upserted(sobject, name, value, asked.body, asked.query.get("updateOnly") == "true", asked.base)
        if asked.release >= TELLS_CREATED and (status == 201 or behaviour(self._store)["upsert_update_status"] == 200):
            return Answer(status, made)
        return Answer(204) if status == 200 else Answer(201, {key: made[key] for key in ("id", "success", "errors")})

    def upserted(self, sobject: SObject, name: str, value: str, body: Any, update_only: bool = False, base: str = "") -> tuple[int, Made]:
        key = self._key(sobject, name)
        given = self._beside(key, _object(body))
        found = self._by_key(sobject, key, value, base)
        if found:
            self._saving.update(sobject, found["Id"], given, self._user)
            return 200, result(found["Id"]) | {"created": False}
        if update_only or key.name == "Id":
            raise not_found()
        return 201, result(self._saving.create(sobject, {**given, key.name: value}, self._user)) | {"created": True}

    def _beside(self, key: Field, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body without the key, which is in the path; whether it may be in both is a switch."""
        doubled = [name for name in body if name.lower() in (key.name.lower(), "id")]
        if doubled and behaviour(self._store)["upsert_key_in_body"] == "refused":
            raise SfError("INVALID_FIELD", NOT_IN_BODY.format(doubled[0]), [doubled[0]])
        return {name: value for name, value in body.items() if name not in doubled}

    def by_id(self, sobject: SObject, given: str) -> Record | None:
        record_id = long_id(given)
        if record_id is None or kind_of(record_id) != sobject.name:
            raise not_found(f"Provided external ID field does not exist or is not accessible: {given}")
        return self._records.get(sobject.name, record_id)

    def changed(self, sobject: SObject, what: str, asked: Mapping[str, str]) -> Made:
        """deleted or updated, from `start` to `end`."""
        start, end = (_moment(asked, name) for name in ("start", "end"))
        if end <= start:
            raise SfError("INVALID_REPLICATION_DATE", "startDate before endDate")
        rows = self._records.all(sobject.name) if what == "updated" else self._records.buried(sobject.name)
        found = [row for row in rows if start <= datetime.fromisoformat(row["SystemModstamp"]) < end]
        if what == "updated":
            return {"ids": [row["Id"] for row in found], "latestDateCovered": timestamp(end)}
        gone = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in found]
        return {"deletedRecords": gone, "earliestDateAvailable": timestamp(start), "latestDateCovered": timestamp(end)}

    def _at(self, sobject: SObject, at: tuple[str, ...], base: str) -> Record | None:
        return self.by_id(sobject, at[0]) if len(at) == 1 else self._by_key(sobject, self._key(sobject, at[0]), at[1], base)

    def _key(self, sobject: SObject, name: str) -> Field:
        field = sobject.field(name)
        if field is None or not (field.external_id or field.name == "Id"):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
        return field

    def _by_key(self, sobject: SObject, key: Field, value: str, base: str) -> Record | None:
        if key.name == "Id":
            return self.by_id(sobject, value)
        if key.unique:
            return self._records.by_value(sobject, key, value)
        found = self._records.find(sobject.name, key.name, value)
        if len(found) > 1:
            raise Several([f"{base}/sobjects/{sobject.name}/{row['Id']}" for row in found])
        return found[0] if found else None


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise SfError("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body or it is not an object.")
    return body


def _moment(asked: Mapping[str, str], name: str) -> datetime:
    # a + that was not escaped arrives as a space
    text = asked.get(name, "").replace(" ", "+")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SfError("INVALID_REPLICATION_DATE", f"{name} is not a date and time: {text}") from error
    if found.tzinfo is None:
        raise SfError("INVALID_REPLICATION_DATE", f"{name} has no time zone: {text}")
    return found
