"""sobjects/<Object>: create, read, update and upsert one record, by id or by external id."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.errors import SfError, not_found
from sandbox.salesforce.ids import kind_of, long_id
from sandbox.salesforce.records import Record, Records
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.schema import Field, Schema, SObject

Made = dict[str, Any]


def result(record_id: str) -> Made:
    return {"id": record_id, "success": True, "errors": []}


class Rows:
    def __init__(self, schema: Schema, records: Records, saving: Saving, user: User) -> None:
        self._schema, self._records, self._saving, self._user = schema, records, saving, user

    def create(self, sobject: SObject, body: Any) -> Made:
        return result(self._saving.create(sobject, _object(body), self._user))

    def read(self, sobject: SObject, at: tuple[str, ...], wanted: str | None, base: str) -> Record:
        """`at` is (id,) or (external id field, value); `wanted` the comma list of ?fields=."""
        record = self.by_id(sobject, at[0]) if len(at) == 1 else self._by_key(sobject, self._key(sobject, at[0]), at[1])
        if record is None:
            raise not_found()
        names = [name.strip() for name in wanted.split(",")] if wanted else list(sobject.fields)
        fields = [self._user.visible(sobject, name).name for name in names]
        # the id comes along even when it was not asked for
        asked = dict.fromkeys([*fields, "Id"])
        url = f"{base}/sobjects/{sobject.name}/{record['Id']}"
        return {"attributes": {"type": sobject.name, "url": url}, **{name: record[name] for name in asked}}

    def update(self, sobject: SObject, record_id: str, body: Any) -> None:
        found = self.by_id(sobject, record_id)
        if found is None:
            raise not_found()
        self._saving.update(sobject, found["Id"], _object(body), self._user)

    def upsert(self, sobject: SObject, name: str, value: str, body: Any, update_only: bool = False) -> tuple[int, Made]:
        """201 and created, or 200 and updated; the answer's body says which."""
        key, given = self._key(sobject, name), _object(body)
        if any(each.lower() in (key.name.lower(), "id") for each in given):
            raise SfError("INVALID_FIELD", f"The {key.name} field should not be specified in the sobject data.", [key.name])
        found = self._by_key(sobject, key, value)
        if found:
            self._saving.update(sobject, found["Id"], given, self._user)
            return 200, result(found["Id"]) | {"created": False}
        if update_only or key.name == "Id":
            raise not_found()
        return 201, result(self._saving.create(sobject, {**given, key.name: value}, self._user)) | {"created": True}

    def by_id(self, sobject: SObject, given: str) -> Record | None:
        record_id = long_id(given)
        if record_id is None or kind_of(record_id) != sobject.name:
            raise not_found(f"Provided external ID field does not exist or is not accessible: {given}")
        return self._records.get(sobject.name, record_id)

    def _key(self, sobject: SObject, name: str) -> Field:
        field = sobject.field(name)
        if field is None or not (field.external_id or field.name == "Id"):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
        return field

    def _by_key(self, sobject: SObject, key: Field, value: str) -> Record | None:
        return self.by_id(sobject, value) if key.name == "Id" else self._records.by_value(sobject, key, value)


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise SfError("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body or it is not an object.")
    return body
