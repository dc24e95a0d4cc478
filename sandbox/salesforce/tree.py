"""composite/tree: records with their children, nested, planted all or none."""

from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.envelopes import Items, attributes, envelope
from sandbox.salesforce.errors import SfError, not_found
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.schema import Schema, SObject
from sandbox.store import Store

MOST_RECORDS, DEEPEST, MOST_TYPES = 200, 5, 5


class Culprit(Exception):
    """The record of a tree that was refused."""

    def __init__(self, reference: str, error: SfError) -> None:
        super().__init__(reference)
        self.reference, self.error = reference, error


class Trees:
    def __init__(self, store: Store, schema: Schema, saving: Saving, user: User) -> None:
        self._store, self._schema, self._saving, self._user = store, schema, saving, user

    def plant(self, name: str, body: Any) -> tuple[int, dict[str, Any]]:
        """All or nothing; a refusal names the culprit only."""
        sobject = self._schema.object(name)
        if sobject is None:
            raise not_found()
        records = envelope(body, "records", MOST_RECORDS)
        self._within(sobject, records)
        made: Items = []
        try:
            with self._store.write():
                for record in records:
                    self._plant(sobject, record, {}, made)
        except Culprit as culprit:
            errors = culprit.error.listed()
            return 400, {"hasErrors": True, "results": [{"referenceId": culprit.reference, "errors": errors}]}
        return 201, {"hasErrors": False, "results": made}

    def _within(self, sobject: SObject, records: Items) -> None:
        """The limits of a tree, counted before anything is made."""
        kinds, total, level, depth = {sobject.name}, 0, records, 0
        while level:
            total, depth = total + len(level), depth + 1
            below = [(name, value) for record in level for name, value in record.items() if name != "attributes"]
            nested = [(name, value) for name, value in below if isinstance(value, dict)]
            kinds |= {name for name, _ in nested}
            level = [row for _, value in nested for row in rows_of(value)]
        for word, most, count in (("records", MOST_RECORDS, total), ("levels", DEEPEST, depth), ("types", MOST_TYPES, len(kinds))):
            if count > most:
                raise SfError("INVALID_INPUT", f"A tree takes at most {most} {word}, not {count}")

    def _plant(self, sobject: SObject, record: Any, parent: dict[str, str], made: Items) -> None:
        reference = _reference(record)
        children = {name: value for name, value in record.items() if isinstance(value, dict) and name != "attributes"}
        own = {name: value for name, value in record.items() if name not in children}
        try:
            if any(each["referenceId"] == reference for each in made):
                raise SfError("INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {reference}.")
            self._typed(sobject, record)
            record_id = self._saving.create(sobject, own | parent, self._user)
            made.append({"referenceId": reference, "id": record_id})
            planted = [(self._child(sobject, name), rows_of(value)) for name, value in children.items()]
        except SfError as error:
            raise Culprit(reference, error) from error
        for (child, field), rows in planted:
            for row in rows:
                self._plant(child, row, {field: record_id}, made)

    def _typed(self, sobject: SObject, record: Any) -> None:
        kind = attributes(record).get("type")
        if not isinstance(kind, str) or kind.lower() != sobject.name.lower():
            raise SfError("INVALID_INPUT", f"The type in attributes must be {sobject.name}, not {kind}.")

    def _child(self, sobject: SObject, name: str) -> tuple[SObject, str]:
        found = sobject.child(name)
        if found is None or found[1].object not in self._schema.objects:
            raise SfError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        return self._schema.objects[found[1].object], found[1].field


def rows_of(value: dict[str, Any]) -> Items:
    rows = value.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SfError("JSON_PARSER_ERROR", "Nested records must be an object with a list of objects named records")
    return rows


def _reference(record: Any) -> str:
    reference = attributes(record).get("referenceId")
    if not isinstance(reference, str) or not reference:
        raise SfError("INVALID_INPUT", "Include a reference ID for each record in the request.")
    return reference
