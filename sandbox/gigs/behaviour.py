"""Switches of the mobile provider: delays, and questions its documentation leaves open, with both answers."""

from typing import Any

from sandbox.store import Doc, Store

KIND, KEY = "gigs_behaviour", "now"
DEFAULTS: Doc = {
    "sim_delay_ms": 0,
    "credentials_delay_ms": 0,
    "idempotency_header": True,  # False: a project that is not enrolled, every call with the header fails
    "unacceptable_status": 422,
    "out_of_stock": False,
    "callbacks_twice": False,
}
MAX_DELAY_MS = 3_600_000


def behaviour(store: Store) -> Doc:
    return {**DEFAULTS, **(store.get(KIND, KEY) or {})}


def change(store: Store, sent: Any) -> Doc | None:
    """The switches after the change; None when a name or a value makes no sense."""
    if not isinstance(sent, dict) or not all(name in DEFAULTS and sensible(name, value) for name, value in sent.items()):
        return None
    with store.write():
        store.put(KIND, KEY, {**behaviour(store), **sent})
        return behaviour(store)


def sensible(name: str, value: Any) -> bool:
    if isinstance(DEFAULTS[name], bool):
        return isinstance(value, bool)
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return value in (400, 422) if name == "unacceptable_status" else 0 <= value <= MAX_DELAY_MS
