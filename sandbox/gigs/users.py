"""Users of the mobile provider: one per e-mail address."""

import re

from sandbox import clock
from sandbox.gigs.calls import PAGING, Call, merged_metadata, page, stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.refusals import invalid, not_found, unacceptable
from sandbox.store import Doc

USER = "gigs_user"
EDITABLE = ("fullName", "birthday", "preferredLocale", "metadata")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
BIRTHDAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def create(call: Call) -> Doc:
    call.properties(("email",), EDITABLE)
    email = checked_email(call)
    if call.store.find(USER, "email_key", email.lower()):
        raise unacceptable("A user with this e-mail exists already.", "email", "userAlreadyExists")
    user: Doc = {
        "object": "user",
        "id": fresh_id("usr"),
        "metadata": merged_metadata({}, call),
        "birthday": checked(call, "birthday", BIRTHDAY),
        "createdAt": stamp(clock.now()),
        "email": email,
        "emailVerified": False,
        "fullName": call.text("fullName"),
        "preferredLocale": checked(call, "preferredLocale", LOCALE) or "en-GB",
        "status": "active",
        "email_key": email.lower(),
    }
    call.store.put(USER, user["id"], user)
    return shown(user)


def checked_email(call: Call) -> str:
    email = call.text("email") or ""
    if not EMAIL.fullmatch(email):
        raise invalid("email is not an e-mail address", "email")
    return email


def checked(call: Call, name: str, pattern: re.Pattern[str]) -> str | None:
    value = call.text(name)
    if value is not None and not pattern.fullmatch(value):
        raise invalid(f"{name} has a wrong form", name)
    return value


def shown(user: Doc) -> Doc:
    return {name: value for name, value in user.items() if name != "email_key"}


def held(call: Call, user_id: str) -> Doc:
    user = call.store.get(USER, user_id)
    if user is None:
        raise not_found("User")
    return user


def read(call: Call, user_id: str) -> Doc:
    user = held(call, user_id)
    call.only()
    return shown(user)


def change(call: Call, user_id: str) -> Doc:
    user = held(call, user_id)
    call.properties((), ("email", *EDITABLE))
    if "email" in call.body:
        move(call, user)
    for name, pattern in (("birthday", BIRTHDAY), ("preferredLocale", LOCALE)):
        user[name] = checked(call, name, pattern) if name in call.body else user[name]
    user["fullName"] = call.text("fullName") if "fullName" in call.body else user["fullName"]
    user["metadata"] = merged_metadata(user["metadata"], call)
    call.store.put(USER, user_id, user)
    return shown(user)


def move(call: Call, user: Doc) -> None:
    email = checked_email(call)
    if any(other["id"] != user["id"] for other in call.store.find(USER, "email_key", email.lower())):
        raise unacceptable("A user with this e-mail exists already.", "email", "userAlreadyExists")
    user["email"], user["email_key"] = email, email.lower()


def listed(call: Call) -> Doc:
    call.only(*PAGING)
    return page(call, call.store.all(USER)[::-1], shown)


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("email",))
    email = checked_email(call)
    return page(call, call.store.find(USER, "email_key", email.lower())[::-1], shown)
