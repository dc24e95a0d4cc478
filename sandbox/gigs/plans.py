"""The plans that this provider offers, and how they are read."""

from sandbox.gigs.calls import PAGING, Call, page
from sandbox.gigs.refusals import not_found
from sandbox.store import Doc

GIGABYTE = 1_000_000_000
COVERAGE = {"object": "coverage", "id": "jp", "name": "Japan", "countries": ["JP"]}
REQUIREMENTS = {"address": "none", "device": "none", "user.birthday": "none", "user.fullName": "none"}
STATUSES = ("available", "archived", "pending", "draft")


def plan(plan_id: str, name: str, price: int, gigabytes: int, provider: str, voice: bool = False) -> Doc:
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
        "validity": {"type": "recurring", "unit": "month", "value": 1, "minimumPeriods": 1},
        "voice": seconds,
        "voiceUnit": "second",
    }


# the provider named "test" never reports what became of a profile, "p3" does
PLANS = {
    row["id"]: row
    for row in (
        plan("pln_jp50", "Japan 50 GB family", 4980, 50, "p3"),
        plan("pln_jp20v", "Japan 20 GB with voice", 3480, 20, "p3", voice=True),
        plan("pln_jp20", "Japan 20 GB", 2980, 20, "p3"),
        plan("pln_jp05", "Japan 5 GB", 1280, 5, "test"),
    )
}
PROVIDERS = ("test", "t12", *(f"p{number}" for number in range(1, 21)))


def read(call: Call, plan_id: str) -> Doc:
    call.only()
    if plan_id not in PLANS:
        raise not_found("Plan")
    return PLANS[plan_id]


def listed(call: Call) -> Doc:
    call.only("provider", "simType", "status", *PAGING)
    providers = call.words("provider", PROVIDERS, PROVIDERS)
    kinds = call.words("simType", ("eSIM", "pSIM"), ("eSIM", "pSIM"))
    statuses = call.words("status", STATUSES, ("available",))
    rows = [row for row in PLANS.values() if row["provider"] in providers and kinds & set(row["simTypes"]) and row["status"] in statuses]
    return page(call, rows, dict)
