"""The money of an invoice: what it sums up to, what was paid, and what happens the moment it is paid."""

import calendar
from datetime import date, datetime
from decimal import Decimal

from sandbox.store import Doc, Store
from sandbox.whmcs import modules
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import NO_DATE, NO_TIME, money, stamp
from sandbox.whmcs.emails import INVOICE_PAID, post_template
from sandbox.whmcs.products import MONTHS, sold

INVOICE, TRANSACTION, SERVICE, CLIENT, CREDIT = "whmcs_invoice", "whmcs_transaction", "whmcs_service", "whmcs_client", "whmcs_credit"
PAYABLE = ("Draft", "Unpaid", "Payment Pending", "Collections")
BLANK: Doc = {
    "credit": "0.00", "taxrate": "0.000", "taxrate2": "0.000", "notes": "", "last_capture": NO_TIME, "date_refunded": NO_TIME,
    "date_cancelled": NO_TIME, "datepaid": NO_TIME,
}  # fmt: skip


def invoice_of(store: Store, number: int) -> Doc | None:
    row = store.get(INVOICE, str(number))
    return {**BLANK, **row} if row else None


def sums(invoice: Doc) -> dict[str, str]:
    """Subtotal, taxes and total. Taxes are added to taxed lines; they are off unless an invoice names a rate. Credit lowers the total."""
    subtotal = sum((Decimal(item["amount"]) for item in invoice["items"]), Decimal(0))
    taxed = sum((Decimal(item["amount"]) for item in invoice["items"] if item.get("taxed")), Decimal(0))
    tax, tax2 = ((taxed * Decimal(invoice[name]) / 100).quantize(Decimal("0.01")) for name in ("taxrate", "taxrate2"))
    total = subtotal + tax + tax2 - Decimal(invoice["credit"])
    return {"subtotal": money(subtotal), "tax": money(tax), "tax2": money(tax2), "total": money(total)}


def save(store: Store, invoice: Doc) -> None:
    """`total` is kept beside its lines, for lists."""
    store.put(INVOICE, str(invoice["id"]), {**invoice, "total": sums(invoice)["total"], "updated_at": stamp()})


def balance(invoice: Doc) -> str:
    held = {**BLANK, **invoice}
    paid = sum((Decimal(row["amountin"]) - Decimal(row["amountout"]) for row in held["transactions"]), Decimal(0))
    return money(Decimal(sums(held)["total"]) - paid)


def transaction(store: Store, invoice: Doc | None, client_id: int, **said: str) -> Doc:
    """A row of the transactions' list, put into the invoice too; every value is a text."""
    number = store.number(TRANSACTION)
    row = {
        "id": str(number),
        "userid": str(client_id),
        "currency": "0" if client_id else "1",
        "gateway": "",
        "date": stamp(),
        "description": "Invoice Payment",
        "amountin": "0.00",
        "fees": "0.00",
        "amountout": "0.00",
        "rate": "1.00000",
        "transid": f"test-{number:08d}",
        "invoiceid": str(invoice["id"] if invoice else 0),
        "refundid": "0",
        **said,
    }
    store.put(TRANSACTION, row["id"], row)
    if invoice is not None:
        invoice["transactions"].append(row)
        save(store, invoice)
    return row


def pay(store: Store, invoice: Doc, amount: Decimal | None = None, quiet: bool = False, **said: str) -> Doc:
    """Money came in, the whole balance unless an amount is named. Paid in full the invoice is Paid; what is over becomes credit."""
    open_still = invoice["status"] in PAYABLE
    owed = max(Decimal(balance(invoice)), Decimal(0)) if open_still else Decimal(0)
    came = owed if amount is None else amount
    row = transaction(store, invoice, invoice["userid"], **{"gateway": invoice["paymentmethod"], "amountin": money(came), **said})
    if came > owed:
        change_credit(store, invoice["userid"], came - owed, f"Invoice #{invoice['id']} Overpayment", invoice["id"])
    if open_still and came >= owed:
        settle(store, invoice, quiet)
    return row


def settle(store: Store, invoice: Doc, quiet: bool = False) -> None:
    """The invoice is Paid: due dates move on, and what is set up on payment is set up."""
    invoice |= {"status": "Paid", "datepaid": stamp()}
    save(store, invoice)
    log(store, f"Invoice Marked as Paid - Invoice ID: {invoice['id']}", invoice["userid"])
    for item in invoice["items"]:
        service = store.get(SERVICE, str(item.get("relid", 0)))
        if service and item.get("type", "Hosting") == "Hosting":
            paid_for(store, service)
    if not quiet:
        post_template(store, invoice["userid"], INVOICE_PAID, f"Invoice #{invoice['id']}")


def paid_for(store: Store, service: Doc) -> None:
    months = MONTHS.get(service["billingcycle"])
    if months and service["nextduedate"] != NO_DATE:
        store.put(SERVICE, str(service["id"]), {**service, "nextduedate": later(service["nextduedate"], months)})
    if service["status"] == "Pending" and sold(store, service["pid"]).setup == "payment":
        modules.set_up(store, service["id"])


def later(day: str, months: int) -> str:
    """The same day of a later month, or its last one; a day that is none stays what it is."""
    try:
        held = datetime.strptime(day, "%Y-%m-%d").date()
    except ValueError:
        return day
    year, month = divmod(held.year * 12 + held.month - 1 + months, 12)
    return date(year, month + 1, min(held.day, calendar.monthrange(year, month + 1)[1])).isoformat()


def credit_of(store: Store, client_id: int) -> Decimal:
    client = store.get(CLIENT, str(client_id)) or {}
    return Decimal(client.get("credit", "0.00"))


def change_credit(store: Store, client_id: int, amount: Decimal, description: str, invoice_id: int = 0, day: str = "") -> Decimal:
    """One row of the credit's ledger; the new balance. Nothing happens to a client who is gone."""
    client = store.get(CLIENT, str(client_id))
    if client is None:
        return Decimal(0)
    held = credit_of(store, client_id) + amount
    number = store.number(CREDIT)
    row = {"id": number, "clientid": client_id, "date": day or stamp()[:10], "description": description, "amount": money(amount)}
    store.put(CREDIT, str(number), {**row, "relid": invoice_id})
    store.put(CLIENT, str(client_id), {**client, "credit": money(held)})
    return held


def use_credit(store: Store, invoice: Doc, amount: Decimal, quiet: bool = False) -> None:
    """Credit goes onto an invoice, which may be paid by it."""
    change_credit(store, invoice["userid"], -amount, f"Credit Applied to Invoice #{invoice['id']}", invoice["id"])
    invoice["credit"] = money(Decimal(invoice["credit"]) + amount)
    save(store, invoice)
    if Decimal(balance(invoice)) <= 0:
        settle(store, invoice, quiet)
