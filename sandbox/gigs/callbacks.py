"""Events of the mobile provider on their way to a webhook: written together with the change, signed as Svix does."""

import base64
import hashlib
import hmac
import json

from sandbox import clock
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import fresh_id
from sandbox.store import Doc, Store

KIND, TARGET, KEY = "gigs_callback", "gigs_callback_target", "now"
VERSION = "2025-05-22"


def direct(store: Store, url: str, project: str) -> None:
    """From now on events go there; "" = nowhere, and what waits is thrown away."""
    with store.write():
        store.put(TARGET, KEY, {"url": url, "project": project})
        for key in store.keys(KIND) if not url else ():
            store.drop(KIND, key)


def target(store: Store) -> str:
    return str((store.get(TARGET, KEY) or {"url": ""})["url"])


def gave_up(store: Store, taken: bool, limit_s: float) -> bool:
    """After so long a time without one success nothing is sent there any more."""
    held = store.get(TARGET, KEY) or {"url": "", "project": ""}
    failing_since = None if taken else held.get("failing_since") or clock.now()
    if failing_since and clock.now() - failing_since >= limit_s:
        direct(store, "", held["project"])
        return True
    if failing_since != held.get("failing_since"):
        store.put(TARGET, KEY, {**held, "failing_since": failing_since})
    return False


def emit(store: Store, name: str, data: Doc, previous: Doc | None = None) -> None:
    """`name` without its prefix, e.g. subscription.created; to be called in the write block of the change."""
    if not target(store):
        return
    event: Doc = {
        "object": "event",
        "id": fresh_id(store, "evt"),
        "type": f"com.gigs.{name}",
        "actor": {"type": "system"},
        "data": data,
        "datacontenttype": "application/json",
        "project": (store.get(TARGET, KEY) or {}).get("project"),
        "source": "https://api.gigs.com",
        "specversion": "1.0",
        "time": stamp(clock.now()),
        "version": VERSION,
    }
    if previous is not None:
        event["previousData"] = previous
    message = fresh_id(store, "msg")
    store.put(KIND, message, {"id": message, "event": event, "attempt": 0, "due": clock.now() + held_back_s(store), "taken": 0})


def emit_unseen(store: Store, name: str, data: Doc) -> None:
    """Events that are plausible, but that no document names."""
    if behaviour(store)["unseen_events"]:
        emit(store, name, data)


def held_back_s(store: Store) -> float:
    """With the switch on every other event lets a later one overtake it."""
    hold = behaviour(store)["callbacks_hold_ms"]
    return hold / 1000 if hold and store.number("gigs_callback") % 2 else 0.0


def signed(message: str, event: Doc, secret: str, at: int, named: str = "webhook") -> tuple[bytes, dict[str, str]]:
    """Body and headers of one delivery; `at` in seconds, by the real time, since receivers hold it against their own clock."""
    body = json.dumps(event, separators=(",", ":")).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return body, {
        "Content-Type": "application/json",
        f"{named}-id": message,
        f"{named}-timestamp": str(at),
        f"{named}-signature": signature,
    }
