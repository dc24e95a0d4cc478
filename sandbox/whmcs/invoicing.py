"""Actions that write invoices: made as drafts or published, changed while their version of WHMCS allows it."""

from decimal import Decimal
from typing import Any

from sandbox.store import Doc
from sandbox.whmcs.acting import action
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import NO_TIME, Answer, Refused, money, stamp, today
from sandbox.whmcs.asked import Asked, decimal
from sandbox.whmcs.emails import INVOICE_CREATED, post_template
from sandbox.whmcs.invoices import wanted_invoice
from sandbox.whmcs.ledger import BLANK, CLIENT, INVOICE, balance, credit_of, save, settle, use_credit

STATUSES = ("Draft", "Unpaid", "Paid", "Cancelled", "Refunded", "Collections", "Payment Pending")
MOST_LINES = 200
LINES = ("itemdescription", "itemamount", "itemtaxed")
NEW_LINES = ("newitemdescription", "newitemamount", "newitemtaxed")
CONTENTS = (*LINES, *NEW_LINES, "deletelineids", "date", "duedate", "taxrate", "taxrate2", "credit")
STAMPS = {"Refunded": "date_refunded", "Cancelled": "date_cancelled"}


@action
def create_invoice(asked: Asked) -> Answer:
    if asked.store.get(CLIENT, str(asked.whole("userid"))) is None:
        raise Refused("Client ID Not Found")
    if asked.flag("draft") and asked.flag("sendinvoice"):
        raise Refused("Cannot create and send a draft invoice in a single API request. Please create and send separately.")
    invoice = new_invoice(asked)
    save(asked.store, invoice)
    log(asked.store, f"Created Invoice - Invoice ID: {invoice['id']}", invoice["userid"], asked.caller)
    if asked.flag("autoapplycredit") and invoice["status"] == "Unpaid":
        apply_what_there_is(asked, invoice)
    if asked.flag("sendinvoice"):
        post_template(asked.store, invoice["userid"], INVOICE_CREATED, f"Invoice #{invoice['id']}")
    return {"invoiceid": invoice["id"], "status": invoice["status"]}


def new_invoice(asked: Asked) -> Doc:
    status = "Draft" if asked.flag("draft") else status_of(asked.text("status")) or "Unpaid"
    return {
        **BLANK,
        "id": asked.store.number(INVOICE),
        "userid": asked.whole("userid"),
        "orderid": 0,
        "date": asked.day("date") or today(),
        "duedate": asked.day("duedate") or today(),
        "datepaid": stamp() if status == "Paid" else NO_TIME,
        "created_at": stamp(),
        "status": status,
        "paymentmethod": asked.text("paymentmethod") or "stripe",
        "notes": asked.text("notes"),
        "items": numbered_lines(asked),
        "transactions": [],
        **rates(asked),
    }


def status_of(text: str) -> str:
    """The status in its own spelling; "" for what is none."""
    return next((status for status in STATUSES if status.lower() == text.lower()), "")


def rates(asked: Asked) -> Doc:
    sent = {name: asked.amount(name) for name in ("taxrate", "taxrate2")}
    return {name: f"{value:.3f}" for name, value in sent.items() if value is not None and 0 <= value <= 100}


def numbered_lines(asked: Asked) -> list[Doc]:
    """`itemdescription1`, `itemamount1`, `itemtaxed1` and so on: the number is glued to the name."""
    numbers = [at for at in range(MOST_LINES) if asked.has(f"itemdescription{at}") or asked.has(f"itemamount{at}")]
    return [line(asked, *(asked.text(f"{name}{at}") for name in LINES)) for at in numbers]


def line(asked: Asked, description: object, amount: object, taxed: object) -> Doc:
    at = asked.store.number("whmcs_invoice_item")
    row = {"id": at, "type": "", "relid": 0, "description": text_of(description), "amount": money(decimal(text_of(amount)) or 0)}
    return {**row, "taxed": int(text_of(taxed) not in ("", "0"))}


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def apply_what_there_is(asked: Asked, invoice: Doc) -> None:
    amount = min(credit_of(asked.store, invoice["userid"]), Decimal(balance(invoice)))
    if amount > 0:
        use_credit(asked.store, invoice, amount)


@action
def update_invoice(asked: Asked) -> Answer:
    invoice = wanted_invoice(asked)
    check_mutable(asked, invoice)
    if asked.text("status") and not status_of(asked.text("status")):
        raise Refused(f"Invalid status {asked.text('status')}")
    publishes = asked.flag("publish") or asked.flag("publishandsendemail")
    if publishes and invoice["status"] != "Draft":
        raise Refused("Invoice must be in Draft status to be published")
    change_words(asked, invoice)
    change_lines(asked, invoice)
    save(asked.store, invoice)
    if publishes:
        publish(asked, invoice)
    elif asked.text("status"):
        move(asked, invoice, status_of(asked.text("status")))
    return {"invoiceid": invoice["id"]}


def check_mutable(asked: Asked, invoice: Doc) -> None:
    """Since 9.0 what is no draft any more cannot be changed, its contents at least."""
    way = asked.quirks["immutability"] if asked.quirks["version"].startswith("9") else "off"
    if invoice["status"] == "Draft" or way == "off":
        return
    if way == "all" or any(asked.has(name) for name in CONTENTS):
        raise Refused(f"You cannot modify an Invoice that is {invoice['status']}")


def change_words(asked: Asked, invoice: Doc) -> None:
    invoice |= {name: asked.text(name) for name in ("datepaid", "notes", "paymentmethod") if asked.text(name)}
    invoice |= {name: asked.day(name) for name in ("date", "duedate") if asked.day(name)}
    invoice |= rates(asked)
    credit = asked.amount("credit")
    if credit is not None and credit >= 0:
        invoice["credit"] = money(credit)


def change_lines(asked: Asked, invoice: Doc) -> None:
    """Lines by their id; ids of other invoices are passed over without a word."""
    changed = by_line(asked, LINES)
    gone = {text_of(value) for value in asked.array("deletelineids").values()}
    kept = [item for item in invoice["items"] if str(item["id"]) not in gone]
    invoice["items"] = [changed_line(item, changed.get(str(item["id"]))) for item in kept]
    invoice["items"] += [line(asked, *sent) for sent in by_line(asked, NEW_LINES).values()][:MOST_LINES]


def changed_line(item: Doc, sent: list[Any] | None) -> Doc:
    if sent is None:
        return item
    description, amount, taxed = (text_of(value) for value in sent)
    return {**item, "description": description, "amount": money(decimal(amount) or 0), "taxed": int(taxed not in ("", "0"))}


def by_line(asked: Asked, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """The three arrays, joined by index: each must have what one of them has."""
    arrays = [asked.array(name) for name in names]
    indexes = {index: None for array in arrays for index in array}
    if any(index not in array for index in indexes for array in arrays):
        words = f"{names[0]}, {names[1]} and {names[2]}"
        raise Refused(f"Missing Variables: {words} are required for each item being changed")
    return {index: [array[index] for array in arrays] for index in indexes}


def publish(asked: Asked, invoice: Doc) -> None:
    invoice["status"] = "Unpaid"
    save(asked.store, invoice)
    if asked.flag("publishandsendemail"):
        post_template(asked.store, invoice["userid"], INVOICE_CREATED, f"Invoice #{invoice['id']}")


def move(asked: Asked, invoice: Doc, status: str) -> None:
    if status == "Paid" and invoice["status"] != "Paid":
        settle(asked.store, invoice)
        return
    if status in STAMPS and invoice["status"] != status:
        invoice[STAMPS[status]] = stamp()
    invoice["status"] = status
    save(asked.store, invoice)
