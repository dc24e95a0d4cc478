"""The shapes that the WHMCS client takes and gives: clients, pay methods, orders and services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Address:
    """A client's name and address as WHMCS keeps it; `country` is ISO 3166 alpha-2."""

    first_name: str
    last_name: str
    phone: str
    postcode: str
    state: str
    city: str
    address1: str
    address2: str
    country: str


@dataclass(frozen=True)
class NewClient:
    """A client and user to be made in one call; `note` is "portal:<user id>"."""

    email: str
    password: str = field(repr=False)
    address: Address
    customer_number: str
    note: str


@dataclass(frozen=True)
class ClientRef:
    """A client and the user who owns it."""

    client_id: int
    user_id: int


@dataclass(frozen=True)
class ClientRecord:
    """A client as WHMCS knows it; `customer_number` and `notes` are "" where empty."""

    client_id: int
    user_id: int
    email: str
    status: str
    customer_number: str
    notes: str
    address: Address


@dataclass(frozen=True)
class PayMethod:
    """A stored way to pay; `expiry` is "MM/YY", or "" for one that does not expire."""

    method_id: int
    kind: str
    description: str
    last_four: str
    expiry: str

    def valid_on(self, day: date) -> bool:
        """Good through the last day of its month; what cannot be read as MM/YY does not count as valid."""
        if not self.expiry:
            return True
        month, _, year = self.expiry.partition("/")
        if not (month.isdecimal() and year.isdecimal() and 1 <= int(month) <= 12 and len(year) == 2):
            return False
        return (2000 + int(year), int(month)) >= (day.year, day.month)


@dataclass(frozen=True)
class NewService:
    """One product of an order: `unit_price` in yen, `billing_cycle` Monthly, Annually or Onetime, `options` option id → choice id or
    quantity, `fields` custom field name → value."""

    product_id: int
    label: str
    quantity: int
    billing_cycle: str
    unit_price: int
    options: Mapping[int, int]
    fields: Mapping[str, str]


@dataclass(frozen=True)
class AddedOrder:
    """What AddOrder answered; `invoice_id` is None when nothing is to be paid."""

    order_id: int
    service_ids: tuple[int, ...]
    invoice_id: int | None


@dataclass(frozen=True)
class Service:
    """A service; `amount` is the first payment's, `recurring` what follows; `fields` custom field name → value."""

    service_id: int
    order_id: int
    client_id: int
    product_id: int
    label: str
    status: str
    quantity: int
    amount: Decimal
    recurring: Decimal
    billing_cycle: str
    notes: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class OrderItem:
    """A line of a WHMCS order."""

    service_id: int
    label: str
    amount: Decimal
    status: str


@dataclass(frozen=True)
class WhmcsOrder:
    """An order as WHMCS knows it."""

    order_id: int
    client_id: int
    status: str
    amount: Decimal
    invoice_id: int | None
    items: tuple[OrderItem, ...]


@dataclass(frozen=True)
class SoldProduct:
    """A product as WHMCS sells it: our words for the cycles it has a price for, its options with the ids of their choices, and those
    options that cost something there."""

    product_id: int
    name: str
    cycles: frozenset[str]
    options: Mapping[int, frozenset[int]]
    priced_options: frozenset[int]
