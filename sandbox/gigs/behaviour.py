"""Switches of the mobile provider: delays, mishaps, and questions its documentation leaves open, with their answers."""

from typing import Any

from sandbox.store import Doc, Store

KIND, KEY = "gigs_behaviour", "now"
DEFAULTS: Doc = {
    # how long things take; the moments count on the sandbox's clock
    "sim_delay_ms": 0,
    "credentials_delay_ms": 0,
    "activation_delay_ms": 0,
    "change_delay_ms": 0,
    "addon_delay_ms": 0,
    "usage_lag_ms": 0,
    # what goes wrong, or needs somebody
    "out_of_stock": False,
    "never_activates": False,
    "change_outcome": "applied",
    "billing": False,
    "retry_after": True,
    "callbacks_twice": False,
    "callbacks_hold_ms": 0,
    # what no document settles
    "idempotency_header": True,
    "idempotency_mismatch": "refuse",
    "metadata_at_creation": True,
    "restricted_known": True,
    "unacceptable_status": 422,
    "media_status": 400,
    "requested_sim": "asked",
    "old_sim_status": "retired",
    "search_finds_deleted": False,
    "unseen_events": False,
    "callbacks_headers": "webhook",
}
WORDS: dict[str, tuple[Any, ...]] = {
    # failed with that code, or waiting for a consent that never comes
    "change_outcome": ("applied", "consentNotGiven", "waits"),
    # another request under a used key: refused, or answered with the first success
    "idempotency_mismatch": ("refuse", "replay"),
    "unacceptable_status": (422, 400),
    # a body or an answer of another type than JSON: 400, or 415 and 406
    "media_status": (400, 415),
    # what `requestedChange.sim` shows: the word that was sent, or the SIM that it led to
    "requested_sim": ("asked", "allocated"),
    "old_sim_status": ("retired", "inactive"),
    "callbacks_headers": ("webhook", "svix"),
}
MAX_DELAY_MS = 30 * 86_400_000


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
    if name in WORDS:
        return type(value) is type(DEFAULTS[name]) and value in WORDS[name]
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_DELAY_MS
