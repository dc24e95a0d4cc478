"""Actions about the contacts of a client, who cannot log in."""

from sandbox.store import Doc
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import NO_TIME, Answer, Refused, counted, stamp
from sandbox.whmcs.asked import Asked

CONTACT, CLIENT = "whmcs_contact", "whmcs_client"
TEXTS = (
    "firstname", "lastname", "companyname", "email", "address1", "address2", "city", "state", "postcode", "country", "phonenumber",
    "tax_id",
)  # fmt: skip
MAILS = ("general", "product", "domain", "invoice", "support", "affiliate")


@action
def add_contact(asked: Asked) -> Answer:
    if asked.store.get(CLIENT, str(asked.whole("clientid"))) is None:
        raise Refused("Client ID Not Found")
    wishes = asked.array("email_preferences")
    contact = {
        "id": asked.store.number(CONTACT),
        "userid": asked.whole("clientid"),
        **{name: asked.text(name) for name in TEXTS},
        **{f"{name}emails": "0" if wishes.get(name, "") in ("", "0") else "1" for name in MAILS},
        "permissions": asked.text("permissions"),
        "created_at": stamp(),
        "updated_at": stamp(),
    }
    asked.store.put(CONTACT, str(contact["id"]), contact)
    return {"contactid": contact["id"]}


@action
def get_contacts(asked: Asked) -> Answer:
    """Every filter is an exact one; all values are texts."""
    filters = {name: asked.text(name) for name in ("userid", *TEXTS) if asked.text(name)}
    rows = [row for row in asked.store.all(CONTACT) if all(str(row[name]) == value for name, value in filters.items())]
    if asked.flag("subaccount"):
        rows = []  # there are none since 8.0
    return counted("contacts", "contact", rows, asked.window(), contact_row)


def contact_row(row: Doc) -> Answer:
    relics = {"subaccount": "0", "password": "", "pwresetkey": "", "pwresetexpiry": NO_TIME}
    return {**{name: str(value) for name, value in row.items()}, **relics}


@action
def update_contact(asked: Asked) -> Answer:
    contact = wanted(asked)
    contact |= {name: asked.text(name) for name in TEXTS if asked.has(name)}
    contact["updated_at"] = stamp()
    asked.store.put(CONTACT, str(contact["id"]), contact)
    return {"contactid": asked.text("contactid")}


@action
def delete_contact(asked: Asked) -> Answer:
    asked.store.drop(CONTACT, str(wanted(asked)["id"]))
    return {"contactid": asked.text("contactid")}


def wanted(asked: Asked) -> Doc:
    contact = asked.store.get(CONTACT, str(asked.whole("contactid")))
    if contact is None:
        raise Refused("Contact ID Not Found")
    return contact
