"""Actions that move money: payments of invoices, captures from a card, and rows of the transactions' list."""

from decimal import Decimal

from sandbox.store import Doc
from sandbox.whmcs import cards
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, money, stamp
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.invoices import wanted_invoice
from sandbox.whmcs.ledger import CLIENT, TRANSACTION, change_credit, invoice_of, pay, save, transaction

SHOWN = (
    "id", "userid", "currency", "gateway", "date", "description", "amountin", "fees", "amountout", "rate", "transid", "invoiceid",
    "refundid",
)  # fmt: skip


@action
def add_invoice_payment(asked: Asked) -> Answer:
    """The documents call transid, gateway and date required; WHMCS itself does without."""
    invoice = wanted_invoice(asked)
    if invoice["status"] == "Cancelled":
        raise Refused("It is not possible to add a payment to an invoice that is Cancelled")
    if asked.quirks["unique_transid"]:
        check_unique(asked)
    amount = asked.amount("amount")
    if (asked.text("amount") and (amount is None or amount <= 0)) or (invoice["status"] == "Paid" and amount is None):
        raise Refused("The payment amount must be greater than zero")
    pay(asked.store, invoice, amount, asked.flag("noemail"), **said(asked, "gateway"))
    return {}


def said(asked: Asked, gateway: str) -> dict[str, str]:
    sent = {"gateway": asked.text(gateway), "transid": asked.text("transid"), "date": day(asked.text("date"))}
    fees = asked.amount("fees")
    return {name: value for name, value in {**sent, "fees": money(fees or 0)}.items() if value}


def day(text: str) -> str:
    """`2026-11-22`, with a time or without; the installation's own DD/MM/YYYY; anything else is today."""
    parts = text[:10].split("/")
    if len(parts) == 3 and all(part.isdecimal() for part in parts) and len(parts[2]) == 4:
        text = "-".join(reversed(parts))
    digits = text[:10].replace("-", "")
    return (f"{text[:10]} 00:00:00" if len(text) < 19 else text[:19]) if len(digits) == 8 and digits.isdecimal() else ""


def check_unique(asked: Asked) -> None:
    sent = asked.text("transid")
    if sent and asked.store.find(TRANSACTION, "transid", sent):
        raise Refused("Transaction ID must be Unique")


@action
def capture_payment(asked: Asked) -> Answer:
    """Charges the first card that is good; the attempt is noted, also when it fails."""
    invoice = invoice_of(asked.store, asked.whole("invoiceid"))
    if invoice is None or invoice["status"] != "Unpaid":
        raise Refused("Invoice Not Found or Not Unpaid")
    invoice["last_capture"] = stamp()
    save(asked.store, invoice)
    if not any(not cards.expired(card) for card in cards.cards_of(asked.store, invoice["userid"])):
        raise Refused("Payment Attempt Failed", kept=True)
    pay(asked.store, invoice)
    return {}


@action
def add_transaction(asked: Asked) -> Answer:
    if not asked.text("paymentmethod"):
        raise Refused("Payment Method is required")
    invoice, client = named_invoice(asked), named_client(asked)
    if not asked.flag("allowduplicatetransid"):
        check_unique(asked)
    came, left = asked.amount("amountin") or Decimal(0), asked.amount("amountout") or Decimal(0)
    words = {**said(asked, "paymentmethod"), "description": asked.text("description"), "amountout": money(max(left, Decimal(0)))}
    if invoice is not None and came > 0:
        pay(asked.store, invoice, came, True, **words)
        return {}
    transaction(asked.store, invoice, client, amountin=money(max(came, Decimal(0))), **words)
    if asked.flag("credit") and invoice is None and came > 0:
        change_credit(asked.store, client, came, asked.text("description"))
    return {}


def named_invoice(asked: Asked) -> Doc | None:
    return wanted_invoice(asked) if asked.text("invoiceid") else None


def named_client(asked: Asked) -> int:
    if asked.text("userid") and asked.store.get(CLIENT, str(asked.whole("userid"))) is None:
        raise Refused("Client ID Not Found")
    invoice = named_invoice(asked)
    return int(invoice["userid"]) if invoice else asked.whole("userid")


@action
def get_transactions(asked: Asked) -> Answer:
    """Without pages; every value is a text."""
    filters = {"invoiceid": asked.text("invoiceid"), "userid": asked.text("clientid"), "transid": asked.text("transid")}
    rows = [
        {name: row[name] for name in SHOWN}
        for row in asked.store.all(TRANSACTION)
        if all(not value or row[name] == value for name, value in filters.items())
    ]
    answer = counted("transactions", "transaction", rows, (0, len(rows)))
    return {**answer, "transactions": {"transaction": rows}}
