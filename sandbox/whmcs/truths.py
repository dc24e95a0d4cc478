"""What WHMCS really holds, for /control/truth."""

from decimal import Decimal

from sandbox import pointing
from sandbox.pointing import Pointer
from sandbox.store import Doc, View
from sandbox.whmcs.ordering import ORDER, SERVICE
from sandbox.whmcs.products import CUSTOMER_NUMBER_FIELD, ORDER_ID_NAME, PRODUCTS, sold

# by product: the key of the field that holds the order's id
ORDER_FIELDS = {pid: next(str(at) for at, name in each.fields.items() if name == ORDER_ID_NAME) for pid, each in PRODUCTS.items()}


def pointers(service: Doc) -> tuple[Pointer, ...]:
    """Its custom field, then its label."""
    return pointing.to_order(service["fields"].get(ORDER_FIELDS.get(service["pid"], ""))) + pointing.to_item(
        service["domain"], pointing.LABEL
    )


def fields_of(view: View, service: Doc) -> dict[str, str]:
    return {name: service["fields"].get(str(at), "") for at, name in sold(view, service["pid"]).fields.items()}


def services_of(view: View, order: Doc) -> list[Doc]:
    return [row for at in order["service_ids"] if (row := view.get(SERVICE, str(at)))]


def order_of(view: View, service: Doc) -> Doc:
    return view.get(ORDER, str(service["orderid"])) or {}


def told(view: View, order: Doc) -> Doc:
    """`amount` in whole yen, custom fields by name."""
    return {
        "order_id": order["id"],
        "client_id": order["userid"],
        "status": order["status"],
        "amount": int(Decimal(order["total"])),
        "invoice_id": order["invoiceid"] or None,
        "services": [service_told(view, row) for row in services_of(view, order)],
    }


def service_told(view: View, row: Doc) -> Doc:
    known = {"id": row["id"], "label": row["domain"], "status": row["status"], "notes": row["notes"]}
    return {**known, "custom_fields": fields_of(view, row)}


def clients(view: View) -> list[Doc]:
    return [
        {"client_id": row["id"], "email": row["email"], "customer_number": row["fields"].get(str(CUSTOMER_NUMBER_FIELD), "")}
        for row in view.all("whmcs_client")
    ]


HELD = pointing.Holdings(SERVICE, pointers, told, order_of, services_of)
