"""The shapes that the Salesforce client takes and gives: orders, accounts, products, results and the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class OrderLine:
    """One OrderItem with what its product says; `options` is ConfigOptions_JSON__c as it is stored, or ""."""

    item_id: str
    sku: str
    name: str
    category: str
    item_class: str
    quantity: Decimal
    unit_price: Decimal
    billing_cycle: str
    options: str
    whmcs_product_id: int | None
    mobile_plan_id: str


@dataclass(frozen=True)
class OrderRecord:
    """An Order as it was read, its lines sorted by `item_id`."""

    order_id: str
    order_number: str
    account_id: str
    status: str
    activation_status: str
    provisioning_status: str
    idem_key: str
    last_modified: datetime
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True)
class Account:
    """An Account; `email` is "" when it has none, `internet_eligibility` "" while nobody has checked its address."""

    account_id: str
    number: str
    email: str
    internet_eligibility: str = ""
    sim_eligible: bool = True
    vpn_eligible: bool = True


@dataclass(frozen=True)
class Product:
    """A listed product with its price in the portal's price book; texts are "" and dates ISO or "" where nothing is set."""

    product_id: str
    pricebook_id: str
    pricebook_entry_id: str
    sku: str
    name: str
    description: str
    category: str
    item_class: str
    billing_cycle: str
    price: Decimal
    accessible: bool
    auto_add: bool
    valid_from: str
    valid_until: str
    order: int
    options_json: str
    labels_json: str
    whmcs_product_id: int | None
    mobile_plan_id: str
    mobile_addon_id: str
    internet_plan_tier: str
    internet_offering_type: str
    sim_data_size: str
    sim_plan_type: str
    vpn_region: str
    setup_guide_url: str
    sim_family_discount: bool


@dataclass(frozen=True)
class NewOrderLine:
    """A line to be placed; `unit_price` in yen, `line_key` unique over all lines ever."""

    line_key: str
    pricebook_entry_id: str
    quantity: int
    unit_price: int
    billing_cycle: str
    options_json: str


@dataclass(frozen=True)
class NewOrder:
    """An order to be placed; `effective_date` is an ISO date, `case_number` "" when there is none."""

    idem_key: str
    account_id: str
    pricebook_id: str
    effective_date: str
    link_unverified: bool
    case_number: str
    lines: tuple[NewOrderLine, ...]


@dataclass(frozen=True)
class PlacedOrder:
    """What an idempotency key stands for in Salesforce."""

    order_id: str
    order_number: str
    account_id: str
    status: str


@dataclass(frozen=True)
class ItemResult:
    """What became of one line; "" where it has no such thing."""

    item_id: str
    whmcs_service_id: str
    iccid: str


@dataclass(frozen=True)
class Provisioned:
    """What became of an order, for Salesforce's columns; `iccid` is the first mobile line's or ""."""

    order_id: str
    whmcs_order_id: str
    whmcs_invoice_id: str
    iccid: str
    attempts: int
    at: datetime
    items: tuple[ItemResult, ...]


@dataclass(frozen=True)
class StatusUpdate:
    """A change of an order's status columns: None leaves the field alone, "" for code or message clears it."""

    order_id: str
    provisioning_status: str
    activation_status: str | None
    error_code: str
    error_message: str
    order_status: str | None = None


@dataclass(frozen=True)
class Session:
    """A token of the integration user; `org_id` has 18 characters."""

    token: str = field(repr=False)
    instance_url: str
    org_id: str
