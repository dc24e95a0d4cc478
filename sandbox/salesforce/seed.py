"""Fills a fresh org from `salesforce/data`: the same files that `sf data import tree` takes."""

import json
from pathlib import Path
from typing import Any

from sandbox.salesforce.access import User
from sandbox.salesforce.records import Records
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.schema import Schema
from sandbox.store import Store

PLANS = ("catalogue-plan.json", "accounts-plan.json")
DONE = "sf#seeded"
# every org has its standard price book; the files refer to it by this name
STANDARD = "StandardPricebook"


def seed(store: Store, schema: Schema, records: Records, saving: Saving, admin: User, data: Path) -> None:
    """Once in the life of a store; raises when a file does not fit the metadata."""
    with store.write():
        if store.get(DONE, "done") is not None:
            return
        known = {STANDARD: _standard_price_book(schema, records, saving, admin)}
        for plan in PLANS:
            for step in json.loads((data / plan).read_text()):
                for name in step["files"]:
                    _import(schema, saving, admin, json.loads((data / name).read_text())["records"], known)
        store.put(DONE, "done", {})


def _standard_price_book(schema: Schema, records: Records, saving: Saving, admin: User) -> str:
    sobject = schema.objects["Pricebook2"]
    made = saving.create(sobject, {"Name": "Standard Price Book", "IsActive": True}, admin)
    records.put(sobject, (records.get("Pricebook2", made) or {}) | {"IsStandard": True})
    return made


def _import(schema: Schema, saving: Saving, admin: User, rows: list[dict[str, Any]], known: dict[str, str]) -> None:
    for row in rows:
        fields = {name: _resolved(value, known) for name, value in row.items() if name != "attributes"}
        known[row["attributes"]["referenceId"]] = saving.create(schema.objects[row["attributes"]["type"]], fields, admin)


def _resolved(value: Any, known: dict[str, str]) -> Any:
    return known[value[1:]] if isinstance(value, str) and value.startswith("@") and value[1:] in known else value
