"""How Salesforce records lie in the store: kind `sf.<Object>`, key = the 18-character Id, document = every field of the schema by name.

Values are as the REST API answers them: datetimes `2026-11-21T10:15:30.000+0000`, dates `YYYY-MM-DD`, numbers as float, Ids of 18
characters, null fields present as None. Roll-ups and formulas (TotalAmount, PricebookEntry.Name …) are stored when they change, so a
reader needs no arithmetic. A look-up of unique and external id values lies beside them.
"""

from datetime import UTC, datetime
from typing import Any

from sandbox import clock
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.store import Store

Record = dict[str, Any]
LOOKUP = "sf#lookup"
# foreign keys by which records are found often
INDEXED = (("OrderItem", "OrderId"), ("Order", "AccountId"), ("Order", "Status"), ("Order", "Activation_Status__c"),
           ("PricebookEntry", "Product2Id"), ("PricebookEntry", "Pricebook2Id"), ("Case", "AccountId"))  # fmt: skip


def kind(sobject: str) -> str:
    return f"sf.{sobject}"


def bin_of(sobject: str) -> str:
    """The kind of deleted records."""
    return f"sf#bin.{sobject}"


def timestamp(at: datetime | None = None) -> str:
    """A moment as the API writes it; like Salesforce's it has whole seconds only."""
    return (at or clock.moment()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Records:
    """The rows of the org, without rules: those live in saving."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store, self._schema = store, schema
        for sobject, field in INDEXED:
            store.index(kind(sobject), field)

    def get(self, sobject: str, long_id: str) -> Record | None:
        return self._store.get(kind(sobject), long_id)

    def find(self, sobject: str, field: str, value: object) -> list[Record]:
        return self._store.find(kind(sobject), field, value)

    def all(self, sobject: str) -> list[Record]:
        return self._store.all(kind(sobject))

    def matching(self, sobject: str, field: str, value: object) -> list[Record]:
        """Like `find`, by id and unique value too: the quick way in of a query."""
        held = self._schema.objects[sobject]
        if field == "Id":
            found = self.get(sobject, str(value))
        elif held.fields[field].unique:
            found = self.by_value(held, held.fields[field], value)
        else:
            return self.find(sobject, field, value)
        return [found] if found else []

    def by_value(self, sobject: SObject, field: Field, value: object) -> Record | None:
        """The record that holds a unique value, or the first one with a value that is only an external id."""
        if not field.unique:
            return next(iter(self.find(sobject.name, field.name, value)), None)
        held = self._store.get(LOOKUP, _entry(sobject, field, value))
        return self.get(sobject.name, held["id"]) if held else None

    def put(self, sobject: SObject, record: Record) -> None:
        """Stores a record and keeps the look-up of its unique values."""
        before = self.get(sobject.name, record["Id"]) or {}
        for field in filter(lambda each: each.unique, sobject.fields.values()):
            old, new = before.get(field.name), record.get(field.name)
            if old is not None and old != new:
                self._store.drop(LOOKUP, _entry(sobject, field, old))
            if new is not None and old != new:
                self._store.put(LOOKUP, _entry(sobject, field, new), {"id": record["Id"]})
        self._store.put(kind(sobject.name), record["Id"], record)

    # -- the recycle bin

    def bury(self, sobject: SObject, record: Record) -> None:
        """Out of the records, into the bin; its unique values are free again."""
        for field in filter(lambda each: each.unique and record.get(each.name) is not None, sobject.fields.values()):
            self._store.drop(LOOKUP, _entry(sobject, field, record[field.name]))
        self._store.drop(kind(sobject.name), record["Id"])
        now = timestamp()
        self._store.put(bin_of(sobject.name), record["Id"], record | {"IsDeleted": True, "LastModifiedDate": now, "SystemModstamp": now})

    def buried(self, sobject: str) -> list[Record]:
        return self._store.all(bin_of(sobject))

    def is_buried(self, sobject: str, long_id: str) -> bool:
        return self._store.get(bin_of(sobject), long_id) is not None


def _entry(sobject: SObject, field: Field, value: object) -> str:
    text = str(value)
    return f"{sobject.name}.{field.name}:{text if field.case_sensitive else text.lower()}"
