"""The plans that this provider offers: read by everybody, published and archived by the project."""

from collections.abc import Mapping

from sandbox.gigs import device_models, metadata
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found, unacceptable
from sandbox.store import Doc, Store, View

PLAN = "gigs_plan"
GIGABYTE = 1_000_000_000
COVERAGE = {"object": "coverage", "id": "jp", "name": "Japan", "countries": ["JP"]}
REQUIREMENTS = {"address": "none", "device": "none", "user.birthday": "none", "user.fullName": "none"}
STATUSES = ("available", "archived", "pending", "draft")
SIM_TYPES = ("eSIM", "pSIM")
MONTHLY = {"type": "recurring", "unit": "month", "value": 1, "minimumPeriods": 1}


def plan(plan_id: str, name: str, price: int, gigabytes: int, provider: str, voice: bool = False, **more: object) -> Doc:
    data, seconds, messages = gigabytes * GIGABYTE, 18_000 if voice else 0, 100 if voice else 0
    return {
        "object": "plan",
        "id": plan_id,
        "metadata": {},
        "allowances": {"dataBytes": data, "voiceSeconds": seconds, "smsMessages": messages},
        "coverage": COVERAGE,
        "createdAt": "2026-01-05T08:00:00Z",
        "data": data,
        "dataUnit": "byte",
        "description": None,
        "image": None,
        "limits": {"dataBytes": None, "throttling": None},
        "name": name,
        "price": {"amount": price, "currency": "JPY"},
        "provider": provider,
        "requirements": REQUIREMENTS,
        "simTypes": ["eSIM"],
        "sms": messages,
        "smsUnit": "message",
        "status": "available",
        "validity": MONTHLY,
        "voice": seconds,
        "voiceUnit": "second",
        **more,
    }


# the provider named "test" never reports what became of a profile, "p3" does; drafts become available when they are published
SEEDS = {
    row["id"]: row
    for row in (
        plan("pln_jp50", "Japan 50 GB family", 4980, 50, "p3"),
        plan("pln_jp20v", "Japan 20 GB with voice", 3480, 20, "p3", voice=True),
        plan("pln_jp20", "Japan 20 GB", 2980, 20, "p3"),
        plan("pln_jp05", "Japan 5 GB", 1280, 5, "test"),
        plan("pln_jp07d", "Japan 3 GB for a week", 980, 3, "test", status="draft", simTypes=["eSIM", "pSIM"],
             validity={"type": "oneTime", "unit": "day", "value": 7, "minimumPeriods": 1}),
        plan("pln_jp1y", "Japan 10 GB for a year at least", 1480, 10, "p3", status="draft",
             requirements={**REQUIREMENTS, "address": "present", "user.fullName": "present"},
             validity={**MONTHLY, "minimumPeriods": 12}),
    )
}  # fmt: skip
PROVIDERS = ("test", "t12", *(f"p{number}" for number in range(1, 21)))


def find(store: Store | View, plan_id: str) -> Doc | None:
    found = store.get(PLAN, plan_id) or SEEDS.get(plan_id)
    return {**found, "coverage": coverage(store)} if found else None


def coverage(store: Store | View) -> Doc:
    """Newer samples of the documentation show the countries as an object with numbers for keys."""
    countries = COVERAGE["countries"]
    return COVERAGE if behaviour(store)["coverage_countries"] == "array" else {**COVERAGE, "countries": dict(enumerate(countries))}


def held(call: Call, plan_id: str) -> Doc:
    found = find(call.store, plan_id)
    if found is None:
        raise not_found("Plan")
    return {**found}


def read(call: Call, plan_id: str) -> Doc:
    found = held(call, plan_id)
    call.only()
    return found


def every(call: Call) -> list[Doc]:
    return [held(call, plan_id) for plan_id in SEEDS]


def listed(call: Call) -> Doc:
    call.only("provider", "simType", "status", *PAGING)
    providers = call.words("provider", PROVIDERS, PROVIDERS)
    kinds = call.words("simType", SIM_TYPES, SIM_TYPES)
    statuses = call.words("status", STATUSES, ("available",))
    rows = [row for row in every(call) if row["provider"] in providers and kinds & set(row["simTypes"]) and row["status"] in statuses]
    return page(call, rows)


def search(call: Call) -> Doc:
    """Plans that a device, by IMEI or model, can use: one with an eSIM at least where the device has only that."""
    call.only(*PAGING)
    call.properties(("compatibleWith",), ("status",))
    wanted, status = call.body["compatibleWith"], call.word("status", STATUSES, "available")
    model = compatible(wanted) if isinstance(wanted, dict) else None
    if model is None:
        raise invalid("compatibleWith takes either an imei or a deviceModel that exists", "compatibleWith")
    return page(call, [row for row in every(call) if row["status"] == status and set(row["simTypes"]) & set(model["simTypes"])])


def compatible(wanted: Mapping[str, object]) -> Doc | None:
    """The device model that is meant, None when none or more than one way of naming it was given."""
    (name, value), *more = wanted.items() or [("", "")]
    if more or not isinstance(value, str):
        return None
    if name == "imei":
        return device_models.by_imei(value) if device_models.IMEI.fullmatch(value) else None
    return device_models.MODELS.get(value) if name == "deviceModel" else None


def change(call: Call, plan_id: str) -> Doc:
    return edited(call, PLAN, held(call, plan_id), ("name", "description", "image"))


def edited(call: Call, kind: str, row: Doc, names: tuple[str, ...]) -> Doc:
    """A row of a catalogue with new words."""
    call.only()
    call.properties((), (*names, "metadata"))
    row |= {name: call.text(name) for name in names if name in call.body}
    if not row["name"]:
        raise invalid("name must not be empty", "name")
    row["metadata"] = metadata.merged(row["metadata"], call)
    call.store.put(kind, row["id"], row)
    return row


def publish(call: Call, plan_id: str) -> Doc:
    return moved(call, PLAN, held(call, plan_id), ("draft", "archived"), "available")


def archive(call: Call, plan_id: str) -> Doc:
    return moved(call, PLAN, held(call, plan_id), ("draft", "available"), "archived")


def moved(call: Call, kind: str, row: Doc, before: tuple[str, ...], after: str) -> Doc:
    call.only()
    call.properties()
    if row["status"] not in (*before, after):
        raise unacceptable(f"It cannot become {after}, since it is {row['status']}.", "status")
    row["status"] = after
    call.store.put(kind, row["id"], row)
    return row
