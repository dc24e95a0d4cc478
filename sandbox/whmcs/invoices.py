"""Actions about invoices, and what happens when one is paid."""

from decimal import Decimal

from sandbox.store import Doc, Store
from sandbox.whmcs.answers import Answer, Refused, listed, money, page, stamp, today
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.ordering import INVOICE
from sandbox.whmcs.products import CURRENCY

NO_TAX = {"tax": "0.00", "tax2": "0.00"}
RATES = {"taxrate": "0.000", "taxrate2": "0.000"}
ITEM = ("id", "type", "relid", "description", "amount", "taxed")
SORTS = {"invoicenumber": "id", "id": "id", "date": "date", "duedate": "duedate", "total": "total", "status": "status"}


def get_invoices(asked: Asked) -> Answer:
    rows = [row for row in asked.store.all(INVOICE) if wanted(row, asked)]
    name = SORTS.get(asked.text("orderby"), "date")
    rows.sort(key=lambda row: (Decimal(row["total"]) if name == "total" else row[name], row["id"]))
    if asked.text("order", "desc").lower() != "asc":
        rows.reverse()
    start, size = asked.window()
    shown = [invoice_row(asked.store, row) for row in page(rows, start, size)]
    return {"totalresults": len(rows), "startnumber": start, "numreturned": len(shown), **listed("invoices", "invoice", shown)}


def wanted(row: Doc, asked: Asked) -> bool:
    status = asked.text("status")
    if asked.text("userid") and row["userid"] != asked.whole("userid"):
        return False
    if status == "Overdue":
        return bool(row["status"] == "Unpaid" and row["duedate"] < today())
    return not status or row["status"] == status


def invoice_row(store: Store, row: Doc) -> Answer:
    client = store.get("whmcs_client", str(row["userid"])) or {}
    never = "0000-00-00 00:00:00"
    return {
        "id": row["id"],
        "userid": row["userid"],
        **{name: client.get(name, "") for name in ("firstname", "lastname", "companyname")},
        "invoicenum": "",
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "last_capture_attempt": never,
        "date_refunded": never,
        "date_cancelled": never,
        "subtotal": row["total"],
        "credit": "0.00",
        **NO_TAX,
        "total": row["total"],
        **RATES,
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "paymethodid": None,
        "notes": row["notes"],
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "currencycode": CURRENCY["code"],
        "currencyprefix": CURRENCY["prefix"],
        "currencysuffix": CURRENCY["suffix"],
    }


def get_invoice(asked: Asked) -> Answer:
    row = asked.store.get(INVOICE, str(asked.whole("invoiceid")))
    if row is None:
        raise Refused("Invoice ID Not Found")
    return {**totals(row), **payments(row)}


def totals(row: Doc) -> Answer:
    return {
        "invoiceid": row["id"],
        "invoicenum": "",
        "userid": row["userid"],
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "lastcaptureattempt": "0000-00-00 00:00:00",
        "subtotal": row["total"],
        "credit": "0.00",
        **NO_TAX,
        "total": row["total"],
        "balance": balance(row),
        **RATES,
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


def balance(row: Doc) -> str:
    return money(Decimal(row["total"]) - sum(Decimal(paid["amountin"]) for paid in row["transactions"]))


def pay(store: Store, invoice: Doc) -> None:
    """What the pay button does: one transaction over the balance, and the invoice is Paid."""
    number = store.number("whmcs_transaction")
    paid = {
        "id": str(number),
        "userid": str(invoice["userid"]),
        "currency": "0",
        "gateway": invoice["paymentmethod"],
        "date": stamp(),
        "description": "Invoice Payment",
        "amountin": balance(invoice),
        "fees": "0.00",
        "amountout": "0.00",
        "rate": "1.00000",
        "transid": f"test-{number:08d}",
        "invoiceid": str(invoice["id"]),
        "refundid": "0",
    }
    changes = {"status": "Paid", "datepaid": stamp(), "transactions": [*invoice["transactions"], paid]}
    store.put(INVOICE, str(invoice["id"]), {**invoice, **changes})
