"""Users of the mobile provider: one per e-mail address."""

import re
from datetime import date

from sandbox import clock
from sandbox.gigs import metadata
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found, taken, unacceptable
from sandbox.store import Doc

USER = "gigs_user"
EDITABLE = ("fullName", "birthday", "preferredLocale", "metadata")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def create(call: Call) -> Doc:
    call.only()
    call.properties(("email",), EDITABLE)
    email = checked_email(call)
    if call.store.find(USER, "email_key", email.lower()):
        raise email_taken()
    user: Doc = {
        "object": "user",
        "id": fresh_id(call.store, "usr"),
        "metadata": metadata.merged({}, call),
        "birthday": birthday(call),
        "createdAt": stamp(clock.now()),
        "email": email,
        "emailVerified": False,
        "fullName": call.text("fullName"),
        "preferredLocale": locale(call) or "en-GB",
        "status": "active",
        "email_key": email.lower(),
    }
    call.store.put(USER, user["id"], user)
    return shown(user)


def email_taken() -> Exception:
    return taken("A user with this e-mail exists already.", "email", "userAlreadyExists")


def checked_email(call: Call) -> str:
    email = call.text("email") or ""
    if not EMAIL.fullmatch(email):
        raise invalid("email is not an e-mail address", "email")
    return email


def birthday(call: Call) -> str | None:
    value = call.text("birthday")
    if value is not None and not is_date(value):
        raise invalid("birthday must be a date", "birthday")
    return value


def is_date(text: str) -> bool:
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def locale(call: Call) -> str | None:
    value = call.text("preferredLocale")
    if value is not None and not LOCALE.fullmatch(value):
        raise invalid("preferredLocale is not a language tag", "preferredLocale")
    return value


def shown(user: Doc) -> Doc:
    return {name: value for name, value in user.items() if name != "email_key"}


def held(call: Call, user_id: str) -> Doc:
    user = call.store.get(USER, user_id)
    if user is None:
        raise not_found("User")
    return user


def named(call: Call, name: str = "user") -> Doc:
    """The active user that a property of the body names."""
    user = call.store.get(USER, call.text(name) or "")
    if user is None or user["status"] != "active":
        raise unacceptable("The user does not exist or is not active.", name)
    return user


def read(call: Call, user_id: str) -> Doc:
    user = held(call, user_id)
    call.only()
    return shown(user)


def change(call: Call, user_id: str) -> Doc:
    user = held(call, user_id)
    call.only()
    call.properties((), ("email", *EDITABLE))
    if user["status"] == "deleted":
        raise unacceptable("The user is deleted.")
    if "email" in call.body:
        move(call, user)
    for name, value in (("birthday", birthday(call)), ("preferredLocale", locale(call)), ("fullName", call.text("fullName"))):
        user[name] = value if name in call.body and (value or name != "preferredLocale") else user[name]
    user["metadata"] = metadata.merged(user["metadata"], call)
    call.store.put(USER, user_id, user)
    return shown(user)


def move(call: Call, user: Doc) -> None:
    email = checked_email(call)
    if any(other["id"] != user["id"] for other in call.store.find(USER, "email_key", email.lower())):
        raise email_taken()
    user["email"], user["email_key"] = email, email.lower()


def retire(call: Call, user: Doc) -> Doc:
    """Nobody is found under the e-mail any more, and it may be used again."""
    user |= {"status": "deleted", "email_key": None}
    call.store.put(USER, user["id"], user)
    return shown(user)


def listed(call: Call) -> Doc:
    call.only(*PAGING)
    return page(call, call.store.all(USER)[::-1], shown)


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("email",))
    wanted = checked_email(call).lower()
    if behaviour(call.store)["search_finds_deleted"]:
        rows = call.store.scan(USER, lambda user: user["email"].lower() == wanted)
    else:
        rows = call.store.find(USER, "email_key", wanted)
    return page(call, rows[::-1], shown)
