"""The device models that the provider knows, and which IMEI belongs to which."""

import re

from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found
from sandbox.store import Doc

IMEI = re.compile(r"[0-9]{15,16}")
TYPES = ("car", "iot", "laptop", "router", "smartphone", "feature-phone", "smartwatch", "tablet", "wearable", "other")


def model(model_id: str, brand: str, name: str, *sim_types: str, kind: str = "smartphone") -> Doc:
    return {"object": "deviceModel", "id": model_id, "brand": brand, "name": name, "simTypes": [*sim_types], "type": kind}


MODELS = {
    row["id"]: row
    for row in (
        model("dm_one", "Example", "Phone One", "eSIM", "pSIM"),
        model("dm_pure", "Example", "Phone Pure", "eSIM"),
        model("dm_old", "Sample", "Phone Classic", "pSIM"),
        model("dm_tab", "Sample", "Tablet Ten", "eSIM", kind="tablet"),
    )
}
# by the last digit of the type allocation code, so that every IMEI has a model
BY_DIGIT = {"1": "dm_pure", "2": "dm_old", "3": "dm_tab"}


def by_imei(imei: str) -> Doc:
    return MODELS[BY_DIGIT.get(imei[7], "dm_one")]


def read(call: Call, model_id: str) -> Doc:
    if model_id not in MODELS:
        raise not_found("Device model")
    call.only()
    return MODELS[model_id]


def listed(call: Call) -> Doc:
    call.only("type", "brand", "simType", *PAGING)
    types, kinds = call.words("type", TYPES, TYPES), call.words("simType", ("eSIM", "pSIM"), ("eSIM", "pSIM"))
    rows = [row for row in MODELS.values() if row["type"] in types and kinds & set(row["simTypes"])]
    return page(call, [row for row in rows if call.query.get("brand") in (None, row["brand"])])


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("imei",))
    imei = call.text("imei") or ""
    if not IMEI.fullmatch(imei):
        raise invalid("imei must have 15 or 16 digits", "imei")
    return page(call, [by_imei(imei)])


def brands(call: Call) -> Doc:
    call.only()
    return {"object": "list", "items": sorted({row["brand"] for row in MODELS.values()})}
