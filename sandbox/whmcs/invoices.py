"""Actions that read invoices."""

from decimal import Decimal

from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, listed, today
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.ledger import BLANK, INVOICE, balance, invoice_of, sums
from sandbox.whmcs.products import CURRENCY

ITEM = ("id", "type", "relid", "description", "amount", "taxed")
SORTS = {"invoicenumber": "id", "id": "id", "date": "date", "duedate": "duedate", "total": "total", "status": "status"}


@action
def get_invoices(asked: Asked) -> Answer:
    rows = [row for row in asked.store.all(INVOICE) if wanted(row, asked)]
    name = SORTS.get(asked.text("orderby"), "date")
    rows.sort(key=lambda row: (Decimal(row["total"]) if name == "total" else row[name], row["id"]))
    if asked.text("order", "desc").lower() != "asc":
        rows.reverse()
    return counted("invoices", "invoice", rows, asked.window(), lambda row: invoice_row(asked.store, row))


def wanted(row: Doc, asked: Asked) -> bool:
    status = asked.text("status")
    if asked.text("userid") and row["userid"] != asked.whole("userid"):
        return False
    if status == "Overdue":
        return bool(row["status"] == "Unpaid" and row["duedate"] < today())
    return not status or row["status"] == status


def invoice_row(store: Store, row: Doc) -> Answer:
    client = store.get("whmcs_client", str(row["userid"])) or {}
    row = {**BLANK, **row}
    money = sums(row)
    return {
        "id": row["id"],
        "userid": row["userid"],
        **{name: client.get(name, "") for name in ("firstname", "lastname", "companyname")},
        "invoicenum": "",
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "last_capture_attempt": row["last_capture"],
        "date_refunded": row["date_refunded"],
        "date_cancelled": row["date_cancelled"],
        "subtotal": money["subtotal"],
        "credit": row["credit"],
        "tax": money["tax"],
        "tax2": money["tax2"],
        "total": money["total"],
        "taxrate": row["taxrate"],
        "taxrate2": row["taxrate2"],
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "paymethodid": None,
        "notes": row["notes"],
        "created_at": row["created_at"],
        "updated_at": row.get("updated_at", row["created_at"]),
        "currencycode": CURRENCY["code"],
        "currencyprefix": CURRENCY["prefix"],
        "currencysuffix": CURRENCY["suffix"],
    }


@action
def get_invoice(asked: Asked) -> Answer:
    row = wanted_invoice(asked)
    return {**totals(row), **payments(row)}


def wanted_invoice(asked: Asked, missing: str = "Invoice ID Not Found") -> Doc:
    row = invoice_of(asked.store, asked.whole("invoiceid"))
    if row is None:
        raise Refused(missing)
    return row


def totals(row: Doc) -> Answer:
    money = sums(row)
    return {
        "invoiceid": row["id"],
        "invoicenum": "",
        "userid": row["userid"],
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "lastcaptureattempt": row["last_capture"],
        "subtotal": money["subtotal"],
        "credit": row["credit"],
        "tax": money["tax"],
        "tax2": money["tax2"],
        "total": money["total"],
        "balance": balance(row),
        "taxrate": row["taxrate"],
        "taxrate2": row["taxrate2"],
    }


def payments(row: Doc) -> Answer:
    items = [{name: {"type": "Hosting", "taxed": 0, **item}[name] for name in ITEM} for item in row["items"]]
    return {
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "notes": row["notes"],
        "ccgateway": row["paymentmethod"] == "stripe",
        "items": {"item": items},
        **listed("transactions", "transaction", row["transactions"]),
    }
