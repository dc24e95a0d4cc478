"""How GetClientsDetails shows a client: the long row with its mixture of types."""

from sandbox.store import Doc
from sandbox.whmcs.answers import Answer
from sandbox.whmcs.products import CURRENCY, CUSTOMER_NUMBER_FIELD

DIAL_CODES = {"JP": "81", "US": "1", "GB": "44", "DE": "49", "SE": "46"}
COUNTRIES = {"JP": "Japan", "US": "United States", "GB": "United Kingdom", "DE": "Germany", "SE": "Sweden"}
FLAGS = ("taxexempt", "latefeeoveride", "overideduenotices", "separateinvoices", "disableautocc")


def details(client: Doc, user: Doc) -> Answer:
    return {**identity(client), **postal(client), **settings(client), **custom_fields(client), **owners(user), **login(user)}


def identity(client: Doc) -> Answer:
    name = f"{client['firstname']} {client['lastname']}".strip()
    return {
        "client_id": client["id"],
        "userid": client["id"],
        "id": client["id"],
        "owner_user_id": client["owner_user_id"],
        "uuid": client["uuid"],
        "firstname": client["firstname"],
        "lastname": client["lastname"],
        "fullname": name,
        "companyname": client["companyname"],
        "email": client["email"],
    }


def postal(client: Doc) -> Answer:
    country, phone = client["country"], client["phonenumber"]
    code = DIAL_CODES.get(country, "")
    formatted = f"+{code}.{phone.lstrip('0')}" if code and phone else phone
    return {
        "address1": client["address1"],
        "address2": client["address2"],
        "city": client["city"],
        "fullstate": client["state"],
        "state": client["state"],
        "postcode": client["postcode"],
        "countrycode": country,
        "country": country,
        "phonenumber": phone,
        "tax_id": client["tax_id"],
        "email_preferences": dict(client["preferences"]),
        "statecode": client["state"],
        "countryname": COUNTRIES.get(country, country),
        "phonecc": int(code) if code else "",
        "phonenumberformatted": formatted,
        "telephoneNumber": formatted,
    }


def settings(client: Doc) -> Answer:
    flags = client.get("flags", {})
    return {
        "billingcid": 0,
        "notes": client["notes"],
        "currency": CURRENCY["id"],
        "defaultgateway": client["paymentmethod"],
        "groupid": client["groupid"],
        "status": client["status"],
        "credit": client.get("credit", "0.00"),
        **{name: flags.get(name, False) for name in FLAGS},
        "emailoptout": False,
        "marketing_emails_opt_in": client["marketing"],
        "overrideautoclose": flags.get("overrideautoclose", False),
        "allowSingleSignOn": 1,
        "email_verified": False,
        "language": client["language"],
        "isOptedInToMarketingEmails": client["marketing"],
        "currency_code": CURRENCY["code"],
    }


def custom_fields(client: Doc) -> Answer:
    """Rows without names, and each value once more by its position."""
    value = client["fields"].get(str(CUSTOMER_NUMBER_FIELD), "")
    return {"customfields": [{"id": CUSTOMER_NUMBER_FIELD, "value": value}], "customfields1": value}


def login(user: Doc) -> Answer:
    """A sentence in HTML, of all things."""
    if not user.get("last_login"):
        return {"lastlogin": "No Login Logged"}
    return {"lastlogin": f"Date: {user['last_login']}<br>IP Address: {user['last_ip']}<br>Host: {user['last_ip']}"}


def owners(user: Doc) -> Answer:
    name = f"{user.get('firstname', '')} {user.get('lastname', '')}".strip()
    return {"users": {"user": [{"id": user.get("id"), "name": name, "email": user.get("email"), "is_owner": True}]}}
