"""The bodies that are written to Salesforce: orders, cases, results and status columns."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from console.clients.salesforce_records import ItemResult, NewOrder, NewOrderLine, Provisioned, StatusUpdate

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COLLECTION_LIMIT = 200


def order_tree(order: NewOrder) -> dict[str, Any]:
    """An Order with its items, as composite/tree takes it."""
    return {
        "attributes": {"type": "Order", "referenceId": "order"},
        "AccountId": order.account_id,
        "Pricebook2Id": order.pricebook_id,
        "EffectiveDate": order.effective_date,
        "Status": "Pending Review",
        "Activation_Status__c": "Not Started",
        "Portal_Idem_Key__c": order.idem_key,
        "Portal_Link_Unverified__c": order.link_unverified,
        "Portal_Case_Number__c": order.case_number or None,
        "OrderItems": {"records": [_line(number, line) for number, line in enumerate(order.lines, 1)]},
    }


def _line(number: int, line: NewOrderLine) -> dict[str, Any]:
    return {
        "attributes": {"type": "OrderItem", "referenceId": f"line{number}"},
        "PricebookEntryId": line.pricebook_entry_id,
        "Quantity": line.quantity,
        "UnitPrice": line.unit_price,
        "Billing_Cycle__c": line.billing_cycle,
        "ConfigOptions_JSON__c": line.options_json or None,
        "Portal_Line_Key__c": line.line_key,
    }


def case_fields(subject: str, description: str, account_id: str | None) -> dict[str, Any]:
    """A case without its key, which stands in the address; what strangers typed is capped and has no control characters."""
    return {
        "Subject": _plain(subject)[:255],
        "Description": _plain(description)[:32000],
        "Origin": "Portal",
        "AccountId": account_id,
    }


def provisioned_parts(result: Provisioned, order_id: str) -> list[dict[str, Any]]:
    """The parts of the one composite call that closes an order."""
    order = {
        "Provisioning_Status__c": "Provisioned",
        "Activation_Status__c": "Activated",
        "Provisioning_Error_Code__c": None,
        "Provisioning_Error_Message__c": None,
        "WHMCS_Order_ID__c": result.whmcs_order_id or None,
        "WHMCS_Invoice_ID__c": result.whmcs_invoice_id or None,
        "ESIM_ICCID__c": result.iccid or None,
        "Attempt_Count__c": result.attempts,
        "Last_Provisioning_At__c": _moment(result.at),
    }
    first = {"method": "PATCH", "url": f"sobjects/Order/{order_id}", "referenceId": "order", "body": order}
    chunks = [result.items[start : start + _COLLECTION_LIMIT] for start in range(0, len(result.items), _COLLECTION_LIMIT)]
    return [first, *(_items(number, chunk) for number, chunk in enumerate(chunks, 1))]


def _items(number: int, items: tuple[ItemResult, ...]) -> dict[str, Any]:
    records = [
        {
            "attributes": {"type": "OrderItem"},
            "id": item.item_id,
            "WHMCS_Service_ID__c": item.whmcs_service_id or None,
            "ESIM_ICCID__c": item.iccid or None,
        }
        for item in items
    ]
    body = {"allOrNone": True, "records": records}
    return {"method": "PATCH", "url": "composite/sobjects", "referenceId": f"items{number}", "body": body}


def status_fields(update: StatusUpdate) -> dict[str, Any]:
    """The columns of a status change: what is None is left alone, an empty code or message becomes null."""
    wanted = {
        "Provisioning_Status__c": update.provisioning_status,
        "Provisioning_Error_Code__c": update.error_code[:60] or None,
        "Provisioning_Error_Message__c": _plain(update.error_message)[:255] or None,
    }
    asked = {"Activation_Status__c": update.activation_status, "Status": update.order_status}
    return wanted | {name: value for name, value in asked.items() if value is not None}


def _plain(text: str) -> str:
    return _CONTROL.sub("", text)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
