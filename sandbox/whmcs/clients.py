"""Actions about clients, each owned by a user."""

from typing import Any

from sandbox.chance import uuid4
from sandbox.store import Doc
from sandbox.whmcs.acting import action
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import Answer, Refused, counted, stamp
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.cards import remove_cards
from sandbox.whmcs.emails import WELCOME, post_template
from sandbox.whmcs.php import decode_array
from sandbox.whmcs.products import CUSTOMER_NUMBER_FIELD, PAYMENT_METHODS
from sandbox.whmcs.profile import FLAGS, details
from sandbox.whmcs.statistics import statistics
from sandbox.whmcs.users import CLIENT, TAKEN, USER, is_address, new_user

TEXTS = (
    "firstname", "lastname", "companyname", "email", "address1", "address2", "city", "state", "postcode", "country", "phonenumber",
    "tax_id", "language", "notes",
)  # fmt: skip
REQUIRED = {
    "firstname": "You did not enter your first name",
    "lastname": "You did not enter your last name",
    "address1": "You did not enter your  address line 1",
    "city": "You did not enter your city",
    "state": "You did not enter your state",
    "postcode": "You did not enter your postcode",
    "phonenumber": "You did not enter your phone number",
}
# what goes with a client, and where it names the client
BELONGINGS = (
    ("whmcs_contact", "userid"), ("whmcs_card", "client_id"), ("whmcs_service", "clientid"), ("whmcs_order", "userid"),
    ("whmcs_invoice", "userid"), ("whmcs_email", "userid"), ("whmcs_credit", "clientid"), ("whmcs_note", "client_id"),
)  # fmt: skip
CLIENT_FIELDS = (str(CUSTOMER_NUMBER_FIELD),)
STATUSES = ("Active", "Inactive", "Closed")
SORTS = ("id", "firstname", "lastname", "companyname", "email", "groupid", "datecreated", "status")
PREFERENCES = ("general", "invoice", "support", "product", "domain", "affiliate")


@action
def add_client(asked: Asked) -> Answer:
    user = owner_of_new(asked)
    if not asked.flag("skipvalidation"):
        check_address(asked)
    user = user or new_user(asked)
    client = new_client(asked, user)
    asked.store.put(CLIENT, str(client["id"]), client)
    log(asked.store, f"Created Client ID: {client['id']}", client["id"], asked.caller)
    if not asked.flag("noemail"):
        post_template(asked.store, client["id"], WELCOME)
    return {"clientid": client["id"], "owner_id": user["id"]}


def owner_of_new(asked: Asked) -> Doc | None:
    """The user named by owner_user_id; None when one is to be made, which needs a free e-mail and a password."""
    if asked.text("owner_user_id"):
        user = asked.store.get(USER, str(asked.whole("owner_user_id")))
        if user is None:
            raise Refused("Invalid Owner User ID")
        return user
    check_email(asked)
    if not asked.text("password2"):
        raise Refused("You did not enter a password")
    return None


def check_email(asked: Asked) -> None:
    email = asked.text("email")
    if not email:
        raise Refused("You did not enter your email address")
    if not is_address(email):
        raise Refused("The email address you entered was not valid")
    if asked.store.find(USER, "email_key", email.lower()):
        raise Refused(TAKEN)


def check_address(asked: Asked) -> None:
    for name, message in REQUIRED.items():
        if not asked.text(name):
            raise Refused(message)
    if len(asked.text("country")) != 2 or not asked.text("country").isalpha():
        raise Refused("Valid country required")
    if not any(letter.isdigit() for letter in asked.text("phonenumber")):
        raise Refused("Invalid telephone phone number")


def new_client(asked: Asked, user: Doc) -> Doc:
    client: Doc = {name: asked.text(name) for name in TEXTS}
    client |= {
        "id": asked.store.number("whmcs_client"),
        "owner_user_id": user["id"],
        "uuid": str(uuid4(asked.store, "client")),
        "email_key": client["email"].lower(),
        "country": client["country"].upper(),
        "status": "Active",
        "datecreated": stamp(),
        "paymentmethod": "",
        "credit": "0.00",
        "groupid": asked.whole("groupid"),
        "preferences": dict.fromkeys(PREFERENCES, "1"),
        "marketing": asked.flag("marketingoptin"),
        "fields": known_fields(asked.form.get("customfields")),
    }
    return client


def known_fields(text: object) -> dict[str, str]:
    """One serialised text; wrapped in an array it is not seen at all."""
    return {key: str(value) for key, value in decode_array(text).items() if key in CLIENT_FIELDS}


@action
def update_client(asked: Asked) -> Answer:
    client = wanted_client(asked, "clientemail", "Client ID Not Found")
    check_new_email(asked, client)
    client |= {name: asked.text(name) for name in TEXTS if asked.has(name)}
    client |= {name: asked.text(name) for name in ("status", "paymentmethod") if known_word(name, asked.text(name))}
    client["email_key"] = client["email"].lower()
    client["fields"] |= known_fields(asked.form.get("customfields"))
    client["preferences"] |= {key: asked_bit(value) for key, value in asked.array("email_preferences").items() if key in PREFERENCES}
    set_flags(asked, client)
    if asked.flag("clearcreditcard"):
        remove_cards(asked.store, client["id"])
    asked.store.put(CLIENT, str(client["id"]), client)
    return {"clientid": str(client["id"])}


def set_flags(asked: Asked, client: Doc) -> None:
    sent = {name: asked.flag(name) for name in (*FLAGS, "overrideautoclose") if asked.has(name)}
    client["flags"] = {**client.get("flags", {}), **sent}
    if asked.has("marketingoptin"):
        client["marketing"] = asked.flag("marketingoptin")
    if asked.text("groupid"):
        client["groupid"] = asked.whole("groupid")


def known_word(name: str, value: str) -> bool:
    return value in (STATUSES if name == "status" else PAYMENT_METHODS)


def asked_bit(value: Any) -> str:
    return "0" if value in ("", "0") else "1"


def check_new_email(asked: Asked, client: Doc) -> None:
    email = asked.text("email")
    if asked.has("email") and not is_address(email):
        raise Refused("The email address entered is not valid")
    if email and any(row["id"] != client["id"] for row in asked.store.find(CLIENT, "email_key", email.lower())):
        raise Refused("Duplicate Email Address")


def wanted_client(asked: Asked, email: str, missing: str) -> Doc:
    if asked.text("clientid"):
        client = asked.store.get(CLIENT, str(asked.whole("clientid")))
    else:
        client = next(iter(asked.store.find(CLIENT, "email_key", asked.text(email).lower())), None) if asked.text(email) else None
    if client is None:
        raise Refused(missing)
    return client


@action
def get_clients_details(asked: Asked) -> Answer:
    if not asked.text("clientid") and not asked.text("email"):
        raise Refused("Either clientid Or email Is Required")
    client = wanted_client(asked, "email", "Client Not Found")
    user = asked.store.get(USER, str(client["owner_user_id"])) or {}
    row = details(client, user)
    stats = {"stats": statistics(asked.store, client)} if asked.flag("stats") else {}
    # the same fields once more at the top: deprecated, still there
    return {"client": row, **stats, **row}


@action
def get_clients(asked: Asked) -> Answer:
    rows = [row for row in asked.store.all(CLIENT) if found(row, asked)]
    name = asked.text("orderby") if asked.text("orderby") in SORTS else "lastname"
    rows.sort(key=lambda row: (row[name], row["id"]), reverse=asked.text("sorting").upper() == "DESC")
    return counted("clients", "client", rows, asked.window(), client_row)


def found(row: Doc, asked: Asked) -> bool:
    """The search is a prefix match over names and e-mail, not an exact one."""
    search = asked.text("search").lower()
    names = (row["email"], row["firstname"], row["lastname"], f"{row['firstname']} {row['lastname']}", row["companyname"])
    if asked.text("status") and row["status"] != asked.text("status"):
        return False
    return not search or any(name.lower().startswith(search) for name in names)


def client_row(row: Doc) -> Answer:
    names = ("id", "firstname", "lastname", "companyname", "email")
    return {
        **{name: row[name] for name in names},
        "datecreated": row["datecreated"][:10],
        "groupid": row["groupid"],
        "status": row["status"],
    }


@action
def close_client(asked: Asked) -> Answer:
    client = wanted_client(asked, "", "Client ID Not Found")
    asked.store.put(CLIENT, str(client["id"]), {**client, "status": "Closed"})
    return {"clientid": asked.text("clientid")}


@action
def delete_client(asked: Asked) -> Answer:
    """The client with everything of its own; its user stays."""
    client = wanted_client(asked, "", "Client ID Not Found")
    for kind, name in BELONGINGS:
        for row in asked.store.find(kind, name, client["id"]):
            asked.store.drop(kind, str(row["id"]))
    asked.store.drop(CLIENT, str(client["id"]))
    log(asked.store, f"Client Deleted - ID: {client['id']}", client["id"], asked.caller)
    return {"clientid": asked.text("clientid")}
