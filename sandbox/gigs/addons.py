"""The catalogue of add-ons: more data, voice or messages for lines of certain plans."""

from sandbox.gigs import plans
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import not_found
from sandbox.store import Doc, Store

ADDON = "gigs_addon"
STATUSES = ("draft", "available", "archived")
TYPES = ("topUp", "other")
RECURRENCES = ("oneTime", "recurring")
LASTING = {"unit": "day", "value": 30}


def addon(addon_id: str, name: str, price: int, provider: str, fits: list[str], gigabytes: int, minutes: int = 0, **more: object) -> Doc:
    data, seconds = gigabytes * plans.GIGABYTE, minutes * 60
    return {
        "object": "addon",
        "id": addon_id,
        "metadata": {},
        "activationTrigger": "creation",
        "allowances": {"dataBytes": data, "voiceSeconds": seconds, "smsMessages": 0},
        "coverage": None,
        "createdAt": "2026-01-05T08:00:00Z",
        "data": data,
        "dataUnit": "byte",
        "description": None,
        "name": name,
        "plans": fits,
        "price": {"amount": price, "currency": "JPY"},
        "provider": provider,
        "recurrenceType": "oneTime",
        "sms": 0,
        "smsUnit": "message",
        "status": "available",
        "type": "topUp",
        "validity": LASTING,
        "voice": seconds,
        "voiceUnit": "second",
        **more,
    }


P3, TEST = ["pln_jp50", "pln_jp20v", "pln_jp20", "pln_jp1y"], ["pln_jp05", "pln_jp07d"]
SEEDS = {
    row["id"]: row
    for row in (
        addon("add_jp5", "5 GB more", 1480, "p3", P3, 5),
        addon("add_jp1", "1 GB more", 480, "p3", P3, 1),
        addon("add_jp1u", "1 GB more, from its first use", 500, "p3", P3, 1, activationTrigger="usageStarted"),
        addon("add_jp60m", "60 minutes more", 600, "p3", ["pln_jp20v"], 0, minutes=60),
        addon("add_jp1t", "1 GB more", 480, "test", TEST, 1),
        addon("add_jp3", "3 GB more", 980, "p3", P3, 3, status="draft"),
    )
}


def find(store: Store, addon_id: str) -> Doc | None:
    return store.get(ADDON, addon_id) or SEEDS.get(addon_id)


def held(call: Call, addon_id: str) -> Doc:
    found = find(call.store, addon_id)
    if found is None:
        raise not_found("Add-on")
    return {**found}


def read(call: Call, addon_id: str) -> Doc:
    found = held(call, addon_id)
    call.only()
    return found


def listed(call: Call) -> Doc:
    call.only("provider", "status", "type", "recurrenceType", *PAGING)
    wanted = {
        "provider": call.words("provider", plans.PROVIDERS, plans.PROVIDERS),
        "status": call.words("status", STATUSES, ("available",)),
        "type": call.words("type", TYPES, TYPES),
        "recurrenceType": call.words("recurrenceType", RECURRENCES, RECURRENCES),
    }
    rows = [held(call, addon_id) for addon_id in SEEDS]
    return page(call, [row for row in rows if all(row[name] in words for name, words in wanted.items())])


def change(call: Call, addon_id: str) -> Doc:
    return plans.edited(call, ADDON, held(call, addon_id), ("name", "description"))


def publish(call: Call, addon_id: str) -> Doc:
    return plans.moved(call, ADDON, held(call, addon_id), ("draft", "archived"), "available")


def archive(call: Call, addon_id: str) -> Doc:
    return plans.moved(call, ADDON, held(call, addon_id), ("draft", "available"), "archived")
