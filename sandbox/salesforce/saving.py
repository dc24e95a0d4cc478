"""One record created or changed: rights, fields, rules, numbers and stamps, roll-ups, and then the Flows of the org."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce import ids, rules, values
from sandbox.salesforce.access import User
from sandbox.salesforce.errors import SfError, no_such_column, not_found
from sandbox.salesforce.flow import Flow
from sandbox.salesforce.records import Record, Records, timestamp
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.store import Store

Publish = Callable[[str, dict[str, Any], str], str]
READ_ONLY = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is read/write for your "
    "profile or permission set."
)
NOT_IN_BODY = "The {} field should not be specified in the sobject data."
FLOW_FAILED = "We can't save this record because the “{}” process failed. Give your Salesforce admin these details. {}"
PLACE = re.compile(r"\{(0+)\}")
# automatic numbers: field, digits, where they begin
NUMBERED = {"Order": ("OrderNumber", 8, 101), "Case": ("CaseNumber", 8, 1001), "OrderItem": ("OrderItemNumber", 10, 1)}

# what goes with its master: object and field that points to it
DEPENDENT = {
    "Order": (("OrderItem", "OrderId"),), "Pricebook2": (("PricebookEntry", "Pricebook2Id"),),
    "Product2": (("PricebookEntry", "Product2Id"),), "Account": (("Contact", "AccountId"), ("Case", "AccountId"), ("Order", "AccountId")),
}  # fmt: skip


class Saving:
    """Every change of a record goes through here, inside one write block of the store: all of it happens or nothing.

    `publish(event object, fields, user id)` is called inside that block for the events that Flows create.
    """

    def __init__(self, store: Store, schema: Schema, records: Records, publish: Publish) -> None:
        self._store, self._schema, self._records, self._publish = store, schema, records, publish
        self._rules = rules.Rules(store, records, schema)

    def create(self, sobject: SObject, given: Mapping[str, Any], user: User) -> str:
        """Answers the new id. Raises SfError, and then nothing has happened."""
        user.require("C", sobject)
        with self._store.write():
            fields = self._accepted(sobject, given, user, creating=True)
            record = self._blank(sobject, user) | fields
            self._rules.completing(sobject.name, record)
            self._required(sobject, record)
            self._references(sobject, record, set(fields))
            self._unique(sobject, record)
            self._rules.creating(sobject.name, record)
            self._number(sobject, record)
            self._records.put(sobject, record)
            self._afterwards(sobject, None, record, user)
            return str(record["Id"])

    def update(self, sobject: SObject, record_id: str, given: Mapping[str, Any], user: User) -> list[str]:
        """Answers the ids of the events that followed. Raises SfError, and then nothing has happened."""
        user.require("E", sobject)
        with self._store.write():
            before = self._records.get(sobject.name, record_id)
            if before is None:
                raise self._gone(sobject, record_id)
            fields = self._accepted(sobject, given, user, creating=False)
            record = before | fields | self._stamps(user)
            self._required(sobject, record)
            self._references(sobject, record, set(fields))
            self._unique(sobject, record)
            self._rules.updating(sobject.name, before, record, set(fields), user)
            self._records.put(sobject, record)
            return self._afterwards(sobject, before, record, user)

    def delete(self, sobject: SObject, record_id: str, user: User) -> None:
        """Into the bin, with what cannot be without it. Raises SfError, and then nothing has happened."""
        user.require("D", sobject)
        with self._store.write():
            record = self._records.get(sobject.name, record_id)
            if record is None:
                raise self._gone(sobject, record_id)
            self._rules.deleting(sobject.name, record)
            for child, field in DEPENDENT.get(sobject.name, ()):
                for row in self._records.find(child, field, record["Id"]):
                    self.delete(self._schema.objects[child], row["Id"], User(user.id))
            self._records.bury(sobject, record)
            if sobject.name == "OrderItem":
                self._roll_up(record["OrderId"])

    def _gone(self, sobject: SObject, record_id: str) -> SfError:
        if self._records.is_buried(sobject.name, record_id):
            return SfError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return not_found()

    # -- the fields

    def _accepted(self, sobject: SObject, given: Mapping[str, Any], user: User, creating: bool) -> Record:
        if "id" in map(str.lower, given):
            raise _identified(creating)
        fields = [(self._writable(sobject, name, user, creating), value) for name, value in given.items() if name != "attributes"]
        for field, value in fields:
            self._rules.offered(sobject.name, field, value)
        return {field.name: values.stored(field, value) for field, value in fields}

    def _writable(self, sobject: SObject, name: str, user: User, creating: bool) -> Field:
        field = sobject.field(name)
        if field is None or not user.sees(sobject.name, field):
            raise no_such_column(name, sobject.name)
        if not (field.createable if creating else field.updateable) or not user.sets(sobject.name, field):
            raise SfError("INVALID_FIELD_FOR_INSERT_UPDATE", READ_ONLY.format(field.name), [field.name])
        return field

    def _blank(self, sobject: SObject, user: User) -> Record:
        now = timestamp()
        blank = {name: field.default if field.type != "boolean" else bool(field.default) for name, field in sobject.fields.items()}
        created = {"Id": ids.new_id(sobject.name, self._store.number(f"sf.{sobject.name}")), "IsDeleted": False, "CreatedDate": now}
        owned = {"OwnerId": user.id} if "OwnerId" in sobject.fields else {}
        return blank | created | owned | {"CreatedById": user.id} | self._stamps(user)

    def _stamps(self, user: User) -> Record:
        now = timestamp()
        return {"LastModifiedDate": now, "LastModifiedById": user.id, "SystemModstamp": now}

    def _required(self, sobject: SObject, record: Record) -> None:
        missing = [name for name, field in sobject.fields.items() if field.required and record[name] is None and field.type != "boolean"]
        if not missing:
            return
        more = []
        if sobject.name == "OrderItem" and "PricebookEntryId" in missing:
            more = [
                SfError("FIELD_INTEGRITY_EXCEPTION", rules.BOOK, ["PricebookEntryId"]),
                SfError("FIELD_INTEGRITY_EXCEPTION", "Enter a List Price.: List Price", ["ListPrice"]),
            ]
        raise SfError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing, more=more)

    def _references(self, sobject: SObject, record: Record, names: set[str]) -> None:
        for name in sorted(names):
            field, value = sobject.fields[name], record[name]
            if field.type == "reference" and value is not None and field.reference_to in ids.PREFIXES:
                self._exists(field, value)

    def _exists(self, field: Field, value: str) -> None:
        if ids.kind_of(value) != field.reference_to:
            raise SfError("MALFORMED_ID", f"{field.label or field.name}: id value of incorrect type: {value}", [field.name])
        if self._records.get(field.reference_to, value) is None:
            raise SfError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])

    def _unique(self, sobject: SObject, record: Record) -> None:
        for field in filter(lambda each: each.unique and record[each.name] is not None, sobject.fields.values()):
            held = self._records.by_value(sobject, field, record[field.name])
            if held and held["Id"] != record["Id"]:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {held['Id'][:15]}"
                raise SfError("DUPLICATE_VALUE", message, [])

    def _number(self, sobject: SObject, record: Record) -> None:
        if sobject.name in NUMBERED:
            field, digits, first = NUMBERED[sobject.name]
            record[field] = str(self._store.number(f"sf.{sobject.name}.{field}", first)).rjust(digits, "0")
        elif sobject.numbers:
            number = str(self._store.number(f"sf.{sobject.name}.Name"))
            record["Name"] = PLACE.sub(lambda found: number.rjust(len(found[1]), "0"), sobject.numbers)

    # -- what follows from a save

    def _afterwards(self, sobject: SObject, before: Record | None, record: Record, user: User) -> list[str]:
        if sobject.name == "OrderItem":
            self._roll_up(record["OrderId"])
        due = [flow for flow in self._schema.flows_on(sobject.name) if flow.fires(before, record)]
        return [event_id for flow in due for event_id in self._run(flow, sobject, record, user)]

    def _roll_up(self, order_id: str) -> None:
        orders, order = self._schema.objects["Order"], self._records.get("Order", order_id)
        if order is not None:
            total = sum(item["TotalPrice"] for item in self._records.find("OrderItem", "OrderId", order_id))
            self._records.put(orders, order | {"TotalAmount": total})

    def _run(self, flow: Flow, sobject: SObject, record: Record, user: User) -> list[str]:
        """A Flow runs in system context: it may set what its user may not. One that fails takes the save with it."""
        try:
            followed = self.update(sobject, record["Id"], flow.changes(record), User(user.id)) if flow.changes(record) else []
            saved = self._records.get(sobject.name, record["Id"]) or record
            return followed + [self._publish(event, fields, user.id) for event, fields in flow.events(saved)]
        except (SfError, ValueError) as error:
            raise SfError("CANNOT_EXECUTE_FLOW_TRIGGER", FLOW_FAILED.format(flow.name, error)) from error


def _identified(creating: bool) -> SfError:
    """An Id in the body, where none belongs."""
    if creating:
        return SfError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    return SfError("INVALID_FIELD", NOT_IN_BODY.format("Id"), ["Id"])
