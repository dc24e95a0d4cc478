"""What Salesforce's JSON says, as the portal's records: null becomes "", numbers become Decimal or int."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from console.clients.salesforce_records import Account, OrderLine, OrderRecord, PlacedOrder, Product
from console.clients.salesforce_session import UPSTREAM
from console.errors import Unavailable

_UNORDERED = 1_000_000  # products without a place in the catalogue come last


def order_record(row: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> OrderRecord:
    """An Order's row and its OrderItems' rows."""
    return OrderRecord(
        order_id=_text(row, "Id"),
        order_number=_text(row, "OrderNumber"),
        account_id=_text(row, "AccountId"),
        status=_text(row, "Status"),
        activation_status=_text(row, "Activation_Status__c"),
        provisioning_status=_text(row, "Provisioning_Status__c"),
        idem_key=_text(row, "Portal_Idem_Key__c"),
        last_modified=_moment(row, "LastModifiedDate"),
        lines=tuple(sorted(map(_order_line, items), key=lambda line: line.item_id)),
    )


def _order_line(row: Mapping[str, Any]) -> OrderLine:
    product = _parent(_parent(row, "PricebookEntry"), "Product2")
    return OrderLine(
        item_id=_text(row, "Id"),
        sku=_sku(product),
        name=_text(product, "Name"),
        category=_text(product, "Product2Categories1__c"),
        item_class=_text(product, "Item_Class__c"),
        quantity=_number(row, "Quantity"),
        unit_price=_number(row, "UnitPrice"),
        # An order made by hand need not repeat the product's cycle.
        billing_cycle=_text(row, "Billing_Cycle__c") or _text(product, "Billing_Cycle__c"),
        options=_text(row, "ConfigOptions_JSON__c"),
        whmcs_product_id=_whole(product, "WHMCS_Product_Id__c"),
        mobile_plan_id=_text(product, "Mobile_Plan_Id__c"),
    )


def product(row: Mapping[str, Any]) -> Product:
    """A PricebookEntry's row with its Product2."""
    about = _parent(row, "Product2")
    place = _whole(about, "Catalog_Order__c")
    return Product(
        product_id=_text(about, "Id"),
        pricebook_id=_text(row, "Pricebook2Id"),
        pricebook_entry_id=_text(row, "Id"),
        sku=_sku(about),
        name=_text(about, "Name"),
        description=_text(about, "Description"),
        category=_text(about, "Product2Categories1__c"),
        item_class=_text(about, "Item_Class__c"),
        billing_cycle=_text(about, "Billing_Cycle__c"),
        price=_number(row, "UnitPrice"),
        accessible=about.get("Portal_Accessible__c") is True,
        auto_add=about.get("Portal_Auto_Add__c") is True,
        valid_from=_text(about, "Valid_From__c"),
        valid_until=_text(about, "Valid_Until__c"),
        order=_UNORDERED if place is None else place,
        options_json=_text(about, "Portal_ConfigOptions_JSON__c"),
        labels_json=_text(about, "Portal_Labels_JSON__c"),
        whmcs_product_id=_whole(about, "WHMCS_Product_Id__c"),
        mobile_plan_id=_text(about, "Mobile_Plan_Id__c"),
        mobile_addon_id=_text(about, "Mobile_Addon_Id__c"),
        internet_plan_tier=_text(about, "Internet_Plan_Tier__c"),
        internet_offering_type=_text(about, "Internet_Offering_Type__c"),
        sim_data_size=_text(about, "SIM_Data_Size__c"),
        sim_plan_type=_text(about, "SIM_Plan_Type__c"),
        vpn_region=_text(about, "VPN_Region__c"),
        setup_guide_url=_text(about, "Setup_Guide_URL__c"),
        sim_family_discount=about.get("SIM_Has_Family_Discount__c") is True,
    )


def placed_order(row: Mapping[str, Any]) -> PlacedOrder:
    """An Order's row, as far as its idempotency key is concerned."""
    return PlacedOrder(_text(row, "Id"), _text(row, "OrderNumber"), _text(row, "AccountId"), _text(row, "Status"))


def account(row: Mapping[str, Any]) -> Account:
    """An Account's row."""
    return Account(
        account_id=_text(row, "Id"),
        number=_text(row, "SF_Account_No__c"),
        email=_text(row, "Email__c"),
        internet_eligibility=_text(row, "Internet_Eligibility__c"),
        sim_eligible=row.get("SIM_Eligible__c") is not False,
        vpn_eligible=row.get("VPN_Eligible__c") is not False,
    )


def listed(row: Mapping[str, Any]) -> tuple[str, str]:
    """(sku, name) of a Product2's row."""
    return _sku(row), _text(row, "Name")


def _sku(about: Mapping[str, Any]) -> str:
    return _text(about, "StockKeepingUnit") or _text(about, "ProductCode")


def _parent(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _text(row: Mapping[str, Any], name: str) -> str:
    found = row.get(name)
    return "" if found is None else str(found)


def _number(row: Mapping[str, Any], name: str) -> Decimal:
    try:
        return Decimal(str(row[name]))
    except (KeyError, InvalidOperation) as failure:
        raise Unavailable(UPSTREAM, "malformed", f"{name} is not a number") from failure


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    found = None if row.get(name) is None else _number(row, name)
    return int(found) if found is not None and found == found.to_integral_value() else None


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(_text(row, name))
    except ValueError as failure:
        raise Unavailable(UPSTREAM, "malformed", f"{name} is not a time") from failure
