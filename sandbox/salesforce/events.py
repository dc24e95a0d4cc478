"""The event bus from the publisher's side: topics, their schemas, and how an event comes to be."""

import base64
import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox import chance, clock
from sandbox.salesforce import avro
from sandbox.salesforce.event_log import FIRST, KIND, Event, log
from sandbox.salesforce.ids import long_id, new_id
from sandbox.salesforce.schema import Schema
from sandbox.store import Store, View

EVENT = "OrderProvisionRequested__e"
TOPIC = f"/event/{EVENT}"
TOPICS, SCHEMAS, COUNTER = "sf#topics", "sf#schemas", "sf#replay"
ADDED, ADDED_VALUE = "Sandbox_Added_{}__c", "added"
BATCH = 500
# ids of orders that no org has: they begin where no record number gets to
NOBODYS = 50_000_000_000


def declare(store: Store, known: Schema) -> None:
    """Makes topics and schemas of the metadata known; a changed event gets a new schema id, old events keep theirs."""
    log(store)
    store.index(KIND, "order_id")
    with store.write():
        for name, fields in known.events.items():
            _declared(store, name, avro.schema_json(name, fields), [])


def _declared(store: Store, event: str, text: str, added: list[str]) -> None:
    store.put(SCHEMAS, avro.schema_id(text), {"json": text, "event": event})
    store.put(TOPICS, f"/event/{event}", {"event": event, "schema_id": avro.schema_id(text), "added": added})


def topic(store: Store, name: str) -> dict[str, Any] | None:
    """{"event", "schema_id"} of a topic."""
    return store.get(TOPICS, name)


def schema_text(store: Store, schema_id: str, event: str = "") -> str | None:
    """The schema of that id; of one event only, if it is named."""
    held = store.get(SCHEMAS, schema_id)
    return str(held["json"]) if held and event in ("", held["event"]) else None


def event_of(store: Store, schema_id: str) -> str | None:
    """Which event a schema describes, a former one too."""
    held = store.get(SCHEMAS, schema_id)
    return str(held["event"]) if held else None


def change_schema(store: Store) -> str:
    """One field more in the event from now on, before the others, so that the former schema cannot read it; answers the new id."""
    with store.write():
        known = topic(store, TOPIC) or {}
        record = json.loads(schema_text(store, known["schema_id"]) or "")
        added = [*known["added"], ADDED.format(len(known["added"]) + 1)]
        record["fields"].insert(2, {"name": added[-1], "type": ["null", "string"], "doc": "Data:Text", "default": None})
        text = json.dumps(record, separators=(",", ":"))
        _declared(store, EVENT, text, added)
        return avro.schema_id(text)


def publish(store: Store, fields: Mapping[str, Any], by: str) -> str:
    """The event's uuid; subscribers get it when the outermost write block has committed. Raises ValueError for a wrong field."""
    known = topic(store, TOPIC)
    text = schema_text(store, known["schema_id"]) if known else None
    if known is None or text is None:
        raise ValueError(f"the org has no event {EVENT}")
    added = dict.fromkeys(known["added"], ADDED_VALUE)
    record = {"CreatedDate": int(clock.now() * 1000), "CreatedById": by, **added, **fields}
    return str(publish_raw(store, known["schema_id"], avro.encode(text, record), fields).uuid)


def publish_many(store: Store, count: int, fields: Mapping[str, Any] | None, by: str) -> list[str]:
    """The same event several times; without fields one each about orders that do not exist, under valid ids."""
    made: list[str] = []
    while len(made) < count:
        with store.write():
            batch = range(len(made), min(count, len(made) + BATCH))
            made += [publish(store, fields or _nobodys(store), by) for _ in batch]
    return made


def _nobodys(store: Store) -> dict[str, Any]:
    return {"OrderId__c": new_id("Order", store.number("sf#nobodys", NOBODYS)), "IdemKey__c": chance.uuid4(store, "nobody").hex}


def publish_raw(store: Store, schema_id: str, payload: bytes, fields: Mapping[str, Any], event_id: str = "") -> Event:
    """An event whose payload is there already; the id is the publisher's own, or made here."""
    with store.write():
        # gaps, because nobody may count on the next id
        counter = store.number(COUNTER, start=FIRST + 2, stride=2 + chance.below(store, "gap", 7))
        event = Event(counter, event_id or str(chance.uuid4(store, "event")), schema_id, payload, clock.now(), dropped=False)
        order_id = fields.get("OrderId__c")
        store.put(KIND, str(counter), {
            "uuid": event.uuid, "schema_id": schema_id, "payload": base64.b64encode(payload).decode(), "at": event.at, "dropped": False,
            "idem_key": fields.get("IdemKey__c"), "order_id": long_id(order_id) if isinstance(order_id, str) else None,
        })  # fmt: skip
        store.after_commit(functools.partial(log(store).purge, event.at))
    return event


def about(view: View, order_id: str) -> list[dict[str, Any]]:
    """The events of an order (18-character id) as `/control/truth` words them."""
    return [
        {"uuid": doc["uuid"], "idem_key": doc.get("idem_key"), "published_at": _moment(doc["at"])}
        for doc in view.find(KIND, "order_id", order_id)
    ]


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
