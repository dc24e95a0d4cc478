"""Mails that WHMCS sends to clients: kept to be read back by GetEmails, delivered to nobody."""

from typing import Any

from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, stamp
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.php import serialised

EMAIL, CLIENT = "whmcs_email", "whmcs_client"
WELCOME, ORDER_CONFIRMATION, PRODUCT_WELCOME = "Client Signup Email", "Order Confirmation", "Other Product/Service Welcome Email"
INVOICE_CREATED, INVOICE_PAID, OVERDUE = "Invoice Created", "Invoice Payment Confirmation", "First Invoice Overdue Notice"
SUSPENDED = "Service Suspension Notification"
# template → (type, subject)
TEMPLATES = {
    WELCOME: ("general", "Welcome"),
    PRODUCT_WELCOME: ("product", "New Product Information"),
    SUSPENDED: ("product", "Service Suspension Notification"),
    INVOICE_CREATED: ("invoice", "Customer Invoice"),
    INVOICE_PAID: ("invoice", "Invoice Payment Confirmation"),
    OVERDUE: ("invoice", "First Invoice Overdue Notice"),
}
NOT_SENDABLE = (ORDER_CONFIRMATION, "Password Reset Validation", "Password Reset Confirmation", "Quote Delivery with PDF", "Quote Accepted")
# type → the kind of document that the id names, and where that has its client
RELATED = {
    "general": (CLIENT, "id"),
    "product": ("whmcs_service", "clientid"),
    "invoice": ("whmcs_invoice", "userid"),
    "domain": ("", ""),
    "support": ("", ""),
    "affiliate": ("", ""),
}


def post(store: Store, client_id: int, subject: str, message: str) -> None:
    client = store.get(CLIENT, str(client_id))
    if client is None:
        return
    number = store.number(EMAIL)
    to = f"{client['firstname']} {client['lastname']} <{client['email']}>".strip()
    row = {"id": number, "userid": client_id, "subject": subject, "message": message, "date": stamp(), "to": to, "cc": "", "bcc": ""}
    store.put(EMAIL, str(number), row)


def post_template(store: Store, client_id: int, template: str, about: str = "") -> None:
    subject = TEMPLATES[template][1] if template in TEMPLATES else template
    post(store, client_id, subject, f"<p>{subject}</p>\n<p>{about}</p>")


@action
def get_emails(asked: Asked) -> Answer:
    """Newest first, ids as texts."""
    if asked.store.get(CLIENT, str(asked.whole("clientid"))) is None:
        raise Refused("Client ID Not Found")
    subject, date = asked.text("subject").lower(), asked.text("date")
    rows = [
        {**row, "id": str(row["id"]), "userid": str(row["userid"])}
        for row in reversed(asked.store.find(EMAIL, "userid", asked.whole("clientid")))
        if subject in row["subject"].lower() and row["date"].startswith(date)
    ]
    return counted("emails", "email", rows, asked.window())


@action
def send_email(asked: Asked) -> Answer:
    custom = custom_variables(asked)
    kind, subject, message = wanted_mail(asked)
    if not asked.text("id"):
        raise Refused("A related ID is required")
    for name, value in custom.items():
        subject, message = (text.replace(f"{{${name}}}", str(value)) for text in (subject, message))
    post(asked.store, related_client(asked, kind), subject, message)
    return {}


def custom_variables(asked: Asked) -> dict[str, Any]:
    """Unlike custom fields, what cannot be read here is refused."""
    if not asked.form.get("customvars"):
        return {}
    found = serialised(asked.form["customvars"])
    if found is None:
        raise Refused("The custom variables you provided are invalid.")
    return found


def wanted_mail(asked: Asked) -> tuple[str, str, str]:
    """Type, subject and body, from a template or as they were sent."""
    name, kind = asked.text("messagename"), asked.text("customtype")
    if name:
        if name not in TEMPLATES or name in NOT_SENDABLE:
            raise Refused("Email Template not found")
        return (*TEMPLATES[name], f"<p>{name}</p>")
    if not kind:
        raise Refused("You must provide either an existing email template name or a custom message type")
    if kind not in RELATED:
        raise Refused("Invalid message type provided")
    return kind, *own_words(asked)


def own_words(asked: Asked) -> tuple[str, str]:
    if not asked.text("customsubject"):
        raise Refused("A subject is required for a custom message")
    if not asked.text("custommessage"):
        raise Refused("A message body is required for a custom message")
    return asked.text("customsubject"), asked.text("custommessage")


def related_client(asked: Asked, kind: str) -> int:
    where, name = RELATED[kind]
    row: Doc | None = asked.store.get(where, str(asked.whole("id"))) if where else None
    if row is None:
        raise Refused("Sending Failed. Please see documentation.")
    return int(row[name])
