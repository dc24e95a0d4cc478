"""What Orders, their items and price book entries may be and become, beyond what their fields take on their own."""

from collections.abc import Callable
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.errors import SfError
from sandbox.salesforce.records import Record, Records, timestamp
from sandbox.salesforce.schema import Field, Schema
from sandbox.store import Store

BOOK = "Order Products must have a Price Book Entry that belongs to the Price Book related to the parent Order.: Price Book Entry ID"
LOCKED = "Unable to modify activated or superseded Order: cannot delete Order, or add or remove Order Products"
ACTIVATE = "Choose a valid order status and save your changes. Ask your admin for details."
IN_USE = "Your attempt to delete {} could not be completed because it is associated with the following {}."
DRAFT_ONLY = ("AccountId", "Pricebook2Id")
MAY_EDIT_ACTIVATED, MAY_ACTIVATE = "EditActivatedOrders", "ActivateOrder"


class Rules:
    """`completing`, `creating` and `updating` may add to the record they are given; all raise SfError for what the org refuses."""

    def __init__(self, store: Store, records: Records, schema: Schema) -> None:
        self._store, self._records, self._schema = store, records, schema
        self._creating: dict[str, Callable[[Record], None]] = {
            "Order": self._new_order, "OrderItem": self._new_item, "PricebookEntry": self._new_entry, "Case": self._new_case,
            "Contact": _named, "User": _named, "Organization": _never,
        }  # fmt: skip
        self._updating: dict[str, Callable[[Record, Record, set[str], User], None]] = {
            "Order": self._order, "OrderItem": self._item, "Contact": self._person, "User": self._person, "Case": self._case,
        }  # fmt: skip
        self._deleting: dict[str, Callable[[Record], None]] = {
            "Order": self._unlocked, "OrderItem": self._item_gone, "PricebookEntry": self._unused_entry, "Pricebook2": self._own_book,
            "Account": self._followed_account, "User": _never, "Organization": _never,
        }  # fmt: skip

    def offered(self, sobject: str, field: Field, value: object) -> None:
        """A status that no list has may be answered as a failed activation, in place of a bad picklist value."""
        unknown = (sobject, field.name) == ("Order", "Status") and isinstance(value, str) and value.strip() not in (*field.values, "")
        if unknown and behaviour(self._store)["unknown_order_status"] == "FAILED_ACTIVATION":
            raise SfError("FAILED_ACTIVATION", ACTIVATE, ["Status"])

    def completing(self, sobject: str, record: Record) -> None:
        """What an org may fill in before it looks for what is missing."""
        if sobject != "OrderItem":
            return
        switches = behaviour(self._store)
        if switches["item_by_product"] and not record["PricebookEntryId"] and record["Product2Id"]:
            record["PricebookEntryId"] = self._entry_of(record)
        entry = self._records.get("PricebookEntry", record["PricebookEntryId"] or "")
        if switches["unit_price"] == "list_price" and record["UnitPrice"] is None and entry:
            record["UnitPrice"] = entry["UnitPrice"]

    def _entry_of(self, item: Record) -> str | None:
        """The entry of the item's product in its order's price book."""
        order = self._records.get("Order", item["OrderId"] or "") or {}
        entries = self._records.find("PricebookEntry", "Product2Id", item["Product2Id"])
        return next((each["Id"] for each in entries if each["Pricebook2Id"] == order.get("Pricebook2Id")), None)

    def creating(self, sobject: str, record: Record) -> None:
        self._creating.get(sobject, _anything)(record)

    def updating(self, sobject: str, before: Record, after: Record, given: set[str], user: User) -> None:
        self._updating.get(sobject, _anything)(before, after, given, user)

    def deleting(self, sobject: str, record: Record) -> None:
        self._deleting.get(sobject, _anything)(record)

    # -- creating

    def _new_order(self, order: Record) -> None:
        if not order["AccountId"] and not order["ContractId"]:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [AccountId]", ["AccountId"])
        order["StatusCode"] = self._schema.status_codes.get(order["Status"])
        if order["StatusCode"] != "Draft":
            raise SfError("FAILED_ACTIVATION", ACTIVATE, ["Status"])
        order["TotalAmount"] = 0.0

    def _new_item(self, item: Record) -> None:
        order = self._records.get("Order", item["OrderId"]) or {}
        if order.get("StatusCode") != "Draft":
            raise SfError("ENTITY_IS_LOCKED", LOCKED)
        entry = self._records.get("PricebookEntry", item["PricebookEntryId"] or "")
        if entry is None or entry["Pricebook2Id"] != order["Pricebook2Id"]:
            raise SfError("FIELD_INTEGRITY_EXCEPTION", BOOK, ["PricebookEntryId"])
        if not entry["IsActive"]:
            raise SfError("FIELD_INTEGRITY_EXCEPTION", "field integrity exception: PricebookEntryId (pricebook entry is inactive)", [])
        if item["Quantity"] <= 0:
            raise SfError("FIELD_INTEGRITY_EXCEPTION", "Quantity must be greater than zero", ["Quantity"])
        item.update(Product2Id=entry["Product2Id"], ListPrice=entry["UnitPrice"], AvailableQuantity=item["Quantity"])
        item["TotalPrice"] = item["Quantity"] * item["UnitPrice"]

    def _new_entry(self, entry: Record) -> None:
        book = self._records.get("Pricebook2", entry["Pricebook2Id"]) or {}
        product = self._records.get("Product2", entry["Product2Id"]) or {}
        rivals = [each["Pricebook2Id"] for each in self._records.find("PricebookEntry", "Product2Id", entry["Product2Id"])]
        if entry["Pricebook2Id"] in rivals:
            raise SfError("DUPLICATE_VALUE", "This price definition already exists in this price book", [])
        standard = [each["Id"] for each in self._records.all("Pricebook2") if each["IsStandard"]]
        if not book.get("IsStandard") and not set(standard) & set(rivals):
            raise SfError("STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price.", [])
        entry.update(Name=product.get("Name"), ProductCode=product.get("ProductCode"))

    def _new_case(self, case: Record) -> None:
        _closed(case)

    # -- updating

    def _order(self, before: Record, after: Record, given: set[str], user: User) -> None:
        after["StatusCode"] = self._schema.status_codes.get(after["Status"])
        if before["StatusCode"] == "Activated":
            self._edit_activated(user)
        elif after["StatusCode"] == "Activated":
            self._activate(after, given, user)
        self._kept(before, after)

    def _activate(self, order: Record, given: set[str], user: User) -> None:
        if not _allowed(user, MAY_ACTIVATE):
            raise SfError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])
        if given != {"Status"}:
            raise SfError("FAILED_ACTIVATION", ACTIVATE, ["Status"])
        if not self._records.find("OrderItem", "OrderId", order["Id"]):
            raise SfError("FAILED_ACTIVATION", "An order must have at least one product.", ["Status"])
        order.update(ActivatedDate=timestamp(), ActivatedById=user.id)

    def _kept(self, before: Record, after: Record) -> None:
        changed = [name for name in DRAFT_ONLY if before[name] != after[name]]
        if changed and before["StatusCode"] != "Draft":
            message = f"field integrity exception: {changed[0]} (not editable on an activated order)"
            raise SfError("FIELD_INTEGRITY_EXCEPTION", message, changed)
        if "Pricebook2Id" in changed and self._records.find("OrderItem", "OrderId", after["Id"]):
            raise SfError("FIELD_INTEGRITY_EXCEPTION", "Price Book can't be changed while the order has order products.", ["Pricebook2Id"])

    def _item(self, before: Record, after: Record, given: set[str], user: User) -> None:
        order = self._records.get("Order", after["OrderId"]) or {}
        if order.get("StatusCode") == "Activated":
            self._edit_activated(user)
        after["TotalPrice"] = after["Quantity"] * after["UnitPrice"]

    def _case(self, before: Record, after: Record, given: set[str], user: User) -> None:
        _closed(after)

    def _person(self, before: Record, after: Record, given: set[str], user: User) -> None:
        _named(after)

    # -- deleting

    def _unlocked(self, order: Record) -> None:
        if order["StatusCode"] != "Draft":
            raise SfError("ENTITY_IS_LOCKED", LOCKED)

    def _item_gone(self, item: Record) -> None:
        self._unlocked(self._records.get("Order", item["OrderId"]) or {"StatusCode": "Draft"})

    def _unused_entry(self, entry: Record) -> None:
        used = any(item["PricebookEntryId"] == entry["Id"] for item in self._records.all("OrderItem"))
        if used and behaviour(self._store)["entry_in_use"] == "refused":
            raise SfError("DELETE_FAILED", f"Your attempt to delete {entry['Name']} could not be completed because it is in use.", [])

    def _followed_account(self, account: Record) -> None:
        """Whether its orders and cases go with it, or keep it."""
        followers = [kind for kind in ("Order", "Case") if self._records.find(kind, "AccountId", account["Id"])]
        if followers and behaviour(self._store)["account_delete"] == "refused":
            raise SfError("DELETE_FAILED", IN_USE.format(account["Name"], f"{followers[0].lower()}s"), [])

    def _own_book(self, book: Record) -> None:
        if book["IsStandard"]:
            raise SfError("DELETE_FAILED", "The standard price book cannot be deleted.", [])

    def _edit_activated(self, user: User) -> None:
        if not _allowed(user, MAY_EDIT_ACTIVATED):
            raise SfError("ENTITY_IS_LOCKED", "entity is locked for editing", [])


def _allowed(user: User, permission: str) -> bool:
    return user.grants is None or permission in user.grants.user_permissions


def _anything(*_: Any) -> None:
    """An object without rules of its own."""


def _named(person: Record) -> None:
    person["Name"] = " ".join(filter(None, (person["FirstName"], person["LastName"])))


def _closed(case: Record) -> None:
    closed = case["Status"] == "Closed"
    if closed != bool(case["IsClosed"]):
        case["ClosedDate"] = timestamp() if closed else None
    case["IsClosed"] = closed


def _never(record: Record) -> None:
    raise SfError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be created or deleted", [])
