"""Switches of the mobile provider: delays, mishaps, and questions its documentation leaves open, with their answers."""

from sandbox.store import Doc, Store, View
from sandbox.switches import Switches

PATH = "/sandbox/behaviour"
# how long things take; the moments count on the sandbox's clock
DELAYS = (
    "sim_delay_ms", "credentials_delay_ms", "activation_delay_ms", "change_delay_ms", "addon_delay_ms", "usage_lag_ms",
    "callbacks_hold_ms",
)  # fmt: skip
SWITCHES = Switches("gigs_behaviour", {
    # what goes wrong, or needs somebody
    "out_of_stock": (False, True),
    "never_activates": (False, True),
    "change_outcome": ("applied", "consentNotGiven", "waits"),  # failed with that code, or waiting for a consent that never comes
    "billing": (False, True),
    "retry_after": (True, False),
    "callbacks_twice": (False, True),
    # what no document settles
    "idempotency_header": (True, False),
    "idempotency_mismatch": ("refuse", "replay"),  # another request under a used key: refused, or answered with the first success
    "metadata_at_creation": (True, False),
    "restricted_known": (True, False),
    "unacceptable_status": (422, 400),
    "media_status": (400, 415),  # a body or an answer of another type than JSON: 400, or 415 and 406
    "requested_sim": ("asked", "allocated"),  # `requestedChange.sim`: the word that was sent, or the SIM that it led to
    "old_sim_status": ("retired", "inactive"),
    "search_finds_deleted": (False, True),
    "unseen_events": (False, True),
    "callbacks_headers": ("webhook", "svix"),
    "conflict_status": (422, 409, 400),  # something that exists or is used already
    "credentials_before": ("nulls", "not_found"),  # of a SIM whose code is not there yet
    "sim_left_out": ("none", "auto"),  # what POST subscriptions without `sim` gives
    "test_profile": ("unknown", "reported"),  # whether the provider `test` tells of profiles
    "coverage_countries": ("array", "object"),
    "same_addon_twice": (True, False),  # whether one that is not used up may be bought again
    "topup_while_pending": (False, True),
}, DELAYS)  # fmt: skip


def behaviour(store: Store | View) -> Doc:
    return SWITCHES.now(store)
