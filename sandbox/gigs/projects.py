"""The one project of this sandbox, its organization, and the network operators from which numbers could be taken along."""

from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import not_found
from sandbox.store import Doc

ORGANIZATION = {"object": "organization", "id": "sandbox", "name": "Sandbox Mobile", "createdAt": "2026-01-05T08:00:00Z"}
OPERATORS = {
    row["id"]: row
    for row in (
        {"object": "serviceProvider", "id": "svp_north", "name": "North Mobile", "recipientProviders": ["test", "p3"]},
        {"object": "serviceProvider", "id": "svp_south", "name": "South Mobile", "recipientProviders": ["p3"]},
    )
}


def project(project_id: str) -> Doc:
    """`type` is what newer documents call it, `payments.mode` the older name of the same."""
    return {
        "object": "project",
        "id": project_id,
        "createdAt": "2026-01-05T08:00:00Z",
        "image": None,
        "legal": {"name": "Sandbox Mobile", "city": "Tokyo", "country": "JP", "postalCode": "100-0001", "state": None},
        "locales": ["ja-JP", "en-GB"],
        "name": "Sandbox",
        "organization": ORGANIZATION,
        "payments": {"currency": "JPY", "mode": "test"},
        "subscriptionOwner": "user",
        "support": {"email": "support@sandbox.example", "phoneNumber": None},
        "type": "test",
    }


def read(call: Call) -> Doc:
    call.only()
    return project(call.project)


def listed(call: Call) -> Doc:
    call.only("organization", *PAGING)
    rows = [project(call.project)] if call.query.get("organization") in (None, ORGANIZATION["id"]) else []
    return page(call, rows)


def operators(call: Call) -> Doc:
    call.only("recipientProvider", *PAGING)
    wanted = call.query.get("recipientProvider")
    return page(call, [row for row in OPERATORS.values() if wanted is None or wanted in row["recipientProviders"]])


def operator(call: Call, operator_id: str) -> Doc:
    if operator_id not in OPERATORS:
        raise not_found("Service provider")
    call.only()
    return OPERATORS[operator_id]
