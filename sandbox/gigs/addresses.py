"""Addresses of users."""

import re

from sandbox import clock
from sandbox.gigs import users
from sandbox.gigs.calls import Call
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import whole
from sandbox.gigs.refusals import invalid, not_found, taken, unacceptable
from sandbox.store import Doc

ADDRESS = "gigs_address"
FIELDS = ("city", "country", "line1", "line2", "postalCode", "state")
COUNTRY = re.compile(r"[A-Z]{2}")
WITH_STATES = ("US", "CA")


def create(call: Call, user_id: str) -> Doc:
    users.held(call, user_id)
    call.only()
    call.properties(("line1", "city", "country"), FIELDS)
    sent = {name: call.text(name) for name in FIELDS}
    check(sent)
    if any({name: row[name] for name in FIELDS} == sent for row in call.store.find(ADDRESS, "user", user_id)):
        raise taken("The user has this address already.", "", "userAddressAlreadyExists")
    row: Doc = {"object": "userAddress", "id": fresh_id(call.store, "adr"), **sent, "user": user_id, "createdAt": stamp(clock.now())}
    call.store.put(ADDRESS, row["id"], row)
    return row


def check(sent: dict[str, str | None]) -> None:
    country, state = sent["country"] or "", sent["state"]
    if not COUNTRY.fullmatch(country):
        raise invalid("country must be two capital letters", "country")
    if country in WITH_STATES and not re.fullmatch(rf"{country}-[A-Z0-9]{{1,3}}", state or ""):
        raise unacceptable("state is required there, as ISO 3166-2 has it.", "state", "userAddressInvalid")


def held(call: Call, user_id: str, address_id: str) -> Doc:
    row = call.store.get(ADDRESS, address_id)
    if row is None or row["user"] != user_id:
        raise not_found("Address")
    return row


def read(call: Call, user_id: str, address_id: str) -> Doc:
    row = held(call, user_id, address_id)
    call.only()
    return row


def listed(call: Call, user_id: str) -> Doc:
    users.held(call, user_id)
    call.only()
    return whole(call.store.find(ADDRESS, "user", user_id)[::-1])


def remove(call: Call, user_id: str, address_id: str) -> Doc:
    row = held(call, user_id, address_id)
    call.only()
    call.properties()
    call.store.drop(ADDRESS, address_id)
    return row
