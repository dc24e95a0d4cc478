"""Actions about users: the people who log in, and own clients or not."""

import hashlib
import hmac

from sandbox.chance import hexed
from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, stamp
from sandbox.whmcs.asked import Asked

CLIENT, USER = "whmcs_client", "whmcs_user"
TAKEN = "A user already exists with that email address."
LACKS = {
    "firstname": "You did not enter a first name",
    "lastname": "You did not enter a last name",
    "email": "You did not enter an email address",
    "password2": "You did not enter a password",
}


def is_address(email: str) -> bool:
    return "@" in email.strip("@") and " " not in email


@action
def add_user(asked: Asked) -> Answer:
    """A login without a client."""
    for name, message in LACKS.items():
        if not asked.text(name):
            raise Refused(message)
    check_user_email(asked, None)
    return {"user_id": new_user(asked)["id"]}


def new_user(asked: Asked) -> Doc:
    user = {
        "id": asked.store.number("whmcs_user"),
        "firstname": asked.text("firstname"),
        "lastname": asked.text("lastname"),
        "email": asked.text("email"),
        "email_key": asked.text("email").lower(),
        "datecreated": stamp(),
        "language": asked.text("language"),
        "password": hashed(asked.text("password2"), hexed(asked.store, "salt", 16)),
    }
    asked.store.put(USER, str(user["id"]), user)
    return user


def hashed(password: str, salt: str) -> str:
    return f"{salt}:{hashlib.sha256((salt + password).encode('utf-8', 'replace')).hexdigest()}"


@action
def validate_login(asked: Asked) -> Answer:
    """The id is that of the user, not of a client; the hash names a session and is no hash of the password."""
    user = next(iter(asked.store.find(USER, "email_key", asked.text("email").lower())), None)
    held = user.get("password", "") if user else ""
    if user is None or not hmac.compare_digest(hashed(asked.text("password2"), held.partition(":")[0]), held):
        raise Refused("Email or Password Invalid")
    asked.store.put(USER, str(user["id"]), {**user, "last_login": stamp(), "last_ip": asked.caller})
    return {"userid": str(user["id"]), "passwordhash": hexed(asked.store, "login", 64), "twoFactorEnabled": "false"}


@action
def update_user(asked: Asked) -> Answer:
    user = asked.store.get(USER, str(asked.whole("user_id"))) if asked.text("user_id") else None
    if user is None:
        raise Refused("Invalid User ID requested")
    sent = {name: asked.text(name) for name in ("email", "firstname", "lastname", "language") if asked.text(name)}
    if not sent:
        raise Refused("One of `email`, `firstname`, `lastname`, or `language` is required")
    check_user_email(asked, user)
    user |= sent
    user["email_key"] = user["email"].lower()
    asked.store.put(USER, str(user["id"]), user)
    return {"user_id": str(user["id"])}


def check_user_email(asked: Asked, user: Doc | None) -> None:
    """`user` is who may have the address already."""
    email = asked.text("email")
    if email and not is_address(email):
        raise Refused("The email address entered is not valid")
    if email and any(user is None or row["id"] != user["id"] for row in asked.store.find(USER, "email_key", email.lower())):
        raise Refused(TAKEN)


@action
def get_users(asked: Asked) -> Answer:
    search = asked.text("search").lower()
    names = ("email", "firstname", "lastname")
    rows = [row for row in asked.store.all(USER) if any(row[name].lower().startswith(search) for name in names)]
    rows.sort(key=lambda row: row["id"], reverse=asked.text("sorting").upper() == "DESC")
    listed = counted("users", "user", rows, asked.window(), lambda row: user_row(asked.store, row))
    # the one list that is flat
    return {**listed, "users": listed["users"]["user"] if listed["users"] else []}


def user_row(store: Store, row: Doc) -> Answer:
    owned = [{"id": client["id"], "isOwner": True} for client in store.find(CLIENT, "owner_user_id", row["id"])]
    names = ("id", "firstname", "lastname", "email", "datecreated")
    return {**{name: row[name] for name in names}, "validationdata": "", "clients": owned}
