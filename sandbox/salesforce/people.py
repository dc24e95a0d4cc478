"""Who is in the org before anybody came: its Organization record, the integration user, the reviewer and the administrator."""

from typing import Any

from sandbox.salesforce.ids import new_id
from sandbox.salesforce.records import Record, Records, timestamp
from sandbox.salesforce.schema import Schema
from sandbox.settings import Credentials
from sandbox.store import Store

# in the order of their ids
USERS = (("Portal", "Integration", "integration"), ("Rei", "Viewer", "reviewer"), ("Ada", "Min", "admin"))
PLACE = {"LanguageLocaleKey": "en_US", "TimeZoneSidKey": "Asia/Tokyo"}


def settle(store: Store, schema: Schema, records: Records, held: Credentials) -> None:
    """Once in the life of a store."""
    with store.write():
        if records.get("Organization", held.org_id) is not None:
            return
        records.put(schema.objects["Organization"], _blank(schema, "Organization", held.org_id) | {
            "Name": "Sandbox", "Country": "JP", "InstanceName": "SBX1", "IsSandbox": True, "OrganizationType": "Enterprise Edition",
            "DefaultLocaleSidKey": "en_US", **PLACE,
        })  # fmt: skip
        for number, (first, last, alias) in enumerate(USERS, 1):
            user_id = new_id("User", store.number("sf.User"))
            username = held.sf_username if number == 1 else f"{alias}@sandbox.example"
            records.put(schema.objects["User"], _blank(schema, "User", user_id) | {
                "Username": username, "FirstName": first, "LastName": last, "Name": f"{first} {last}", "Email": username,
                "Alias": alias[:8], "IsActive": True, "UserType": "Standard", "LocaleSidKey": "en_US", **PLACE,
            })  # fmt: skip


def _blank(schema: Schema, name: str, record_id: str) -> Record:
    now = timestamp()
    empty: dict[str, Any] = {each: False if field.type == "boolean" else None for each, field in schema.objects[name].fields.items()}
    return empty | {"Id": record_id, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
