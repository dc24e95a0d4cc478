"""Actions about the credit that a client has."""

from decimal import Decimal

from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, money
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.invoices import wanted_invoice
from sandbox.whmcs.ledger import CLIENT, CREDIT, balance, change_credit, credit_of, invoice_of, use_credit

ADMIN_ID = 1


@action
def add_credit(asked: Asked) -> Answer:
    kind = asked.text("type") or "add"
    if kind not in ("add", "remove"):
        raise Refused("Type can only be add or remove")
    check_client(asked)
    if asked.text("adminid") and asked.whole("adminid") != ADMIN_ID:
        raise Refused("Admin ID Not Found")
    amount = credit_amount(asked)
    if asked.text("date") and not asked.day("date"):
        raise Refused("Date Format is not Valid")
    if kind == "remove" and not asked.quirks["credit_below_zero"] and amount > credit_of(asked.store, asked.whole("clientid")):
        raise Refused("Amount exceeds customer credit balance")
    signed = amount if kind == "add" else -amount
    held = change_credit(asked.store, asked.whole("clientid"), signed, asked.text("description"), day=asked.day("date"))
    return {"newbalance": money(held)}


def check_client(asked: Asked) -> None:
    if asked.store.get(CLIENT, str(asked.whole("clientid"))) is None:
        raise Refused("Client ID Not Found")


def credit_amount(asked: Asked) -> Decimal:
    if not asked.text("amount"):
        raise Refused("No Amount Provided")
    amount = asked.amount("amount")
    if amount is None or amount <= 0 or amount != round(amount, 2):
        raise Refused("Amount must be in decimal format: ### or ###.##")
    return amount


@action
def get_credits(asked: Asked) -> Answer:
    """Without pages; ids as texts."""
    check_client(asked)
    names = ("date", "description", "amount")
    rows = [
        {"id": str(row["id"]), **{name: row[name] for name in names}, "relid": str(row["relid"])}
        for row in asked.store.find(CREDIT, "clientid", asked.whole("clientid"))
    ]
    return {"totalresults": len(rows), "clientid": asked.text("clientid"), "credits": {"credit": rows}}


@action
def apply_credit(asked: Asked) -> Answer:
    invoice = wanted_invoice(asked)
    if invoice["status"] != "Unpaid":
        raise Refused("Invoice Not in Unpaid Status")
    held, owed = credit_of(asked.store, invoice["userid"]), Decimal(balance(invoice))
    amount = min(held, owed) if asked.text("amount") in ("", "full") else asked.amount("amount")
    if amount is None or amount <= 0:
        raise Refused("Credit Amount to apply must be greater than zero")
    if amount > held:
        raise Refused("Amount exceeds customer credit balance")
    if amount > owed:
        raise Refused("Amount Exceeds Invoice Balance")
    use_credit(asked.store, invoice, amount, asked.flag("noemail"))
    after = invoice_of(asked.store, invoice["id"]) or invoice
    return {"invoiceid": asked.text("invoiceid"), "amount": money(amount), "invoicepaid": str(after["status"] == "Paid").lower()}
