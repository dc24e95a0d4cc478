"""What goes wrong and when: chosen by the seed alone, before anything starts."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.proving.storm.doing import Doing, check
from tests.proving.storm.stage import LEASE_S, Stage
from tests.support.processes import eventually
from tests.support.sandbox import Refused

# calls that the console makes while it signs up, places and provisions
CALLS = {
    "salesforce": ("query", "composite", "tree", "sobject.update:Order", "token"),
    "whmcs": (
        "GetPayMethods",
        "GetClientsDetails",
        "GetProducts",
        "AddOrder",
        "GetOrders",
        "AcceptOrder",
        "GetClientsProducts",
        "UpdateClientProduct",
    ),
    "mobile": (
        "POST users/search",
        "POST users",
        "POST subscriptions",
        "GET subscriptions",
        "POST sims/search",
        "GET sims",
        "GET sims/credentials",
    ),
    "mail": ("send",),
    "pubsub": ("Subscribe", "GetSchema"),
}
# how likely one call is hit while such a fault is set
CHANCE = {"misconfigured": 0.02, "business_error": 0.02, "limit_exceeded": 0.05, "smtp_5xx": 0.02, "silent": 0.1, "drop_event": 0.3}
USUAL = 0.2
# longer than a call may take, and shorter than the settle time: the client has gone when the effect happens
DELAY_MS = {"timeout_before": 2_000, "timeout_after": 2_000, "late_effect": 2_000, "slow": 500}
# would have the listener wait for hours, as it should
NEVER = {"delivery_limit"}
ONCE = {"schema_change"}
AT_ONCE = 12
DOOR_S = 30
# mean seconds between two of a kind
PACE = {
    "faults": 4.0,
    "kill worker": 6.0,
    "kill listener": 12.0,
    "freeze worker": 10.0,
    "shut": 15.0,
    "kill web": 25.0,
    "lose card": 12.0,
    "empty queue": 15.0,
}
PACE_AT_SCALE = {"restart redis": 25.0, "restart postgres": 40.0}


@dataclass(frozen=True)
class Deed:
    """Seconds after the start, what is done, and to whom or with which faults."""

    at: float
    what: str
    who: str = ""
    seconds: float = 0
    faults: tuple[Mapping[str, Any], ...] = ()

    def told(self) -> str:
        faults = ", ".join(f"{one['upstream']} {one['operation']} {one['fault']}" for one in self.faults)
        return f"{self.at:7.2f} {self.what} {self.who} {f'{self.seconds:.1f} s' if self.seconds else ''} {faults}".rstrip()


def plan(seed: int, seconds: float, reach: Mapping[str, Any], slots: Sequence[str], people: Sequence[str], scale: bool) -> list[Deed]:
    """Everything that will be done in that time; the same for the same arguments."""
    rng = random.Random(seed)
    paces = PACE | (PACE_AT_SCALE if scale else {})
    deeds = [Deed(0.0, "faults", faults=_faults(rng, reach))]
    for what, mean in paces.items():
        # in a short storm too, each kind comes once or twice
        at = rng.uniform(0.2, min(mean, seconds / 2))
        while at < seconds:
            deeds.append(_deed(rng, at, what, reach, [*slots, *people]))
            at += rng.uniform(0.5, 1.5) * min(mean, seconds / 2)
    return sorted(deeds, key=lambda deed: deed.at)


def _deed(rng: random.Random, at: float, what: str, reach: Mapping[str, Any], whose: Sequence[str]) -> Deed:
    if what == "faults":
        return Deed(at, what, faults=_faults(rng, reach))
    if what == "shut":
        return Deed(at, what, rng.choice(["salesforce", "whmcs", "mobile", "mail"]), rng.uniform(0.5, 2.5))
    if what == "lose card":
        return Deed(at, what, rng.choice([name for name in whose if "@" in name]), rng.uniform(1, 4))
    verb, _, role = what.partition(" ")
    chosen = [name for name in whose if name.startswith(role)]
    return Deed(
        at, verb if chosen else what, rng.choice(chosen) if chosen else "", LEASE_S + rng.uniform(0.5, 3) if verb == "freeze" else 0
    )


def _faults(rng: random.Random, reach: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    all_of_them = [
        (upstream, operation, fault)
        for upstream, operations in sorted(CALLS.items())
        for operation in operations
        for fault in sorted(set(reach[upstream]["faults"]) - NEVER)
        if operation in reach[upstream]["operations"]
    ]
    return tuple(_fault(rng, *rng.choice(all_of_them)) for _ in range(AT_ONCE))


def _fault(rng: random.Random, upstream: str, operation: str, fault: str) -> Mapping[str, Any]:
    more = {"delay_ms": DELAY_MS[fault]} if fault in DELAY_MS else {}
    dice = {"count": 1} if fault in ONCE else {"probability": CHANCE.get(fault, USUAL), "seed": rng.randrange(2**31)}
    return {"upstream": upstream, "operation": operation, "fault": fault, **dice, **more}


@dataclass
class Mischief:
    """Carries out a plan; `done` counts what was really done, by kind."""

    stage: Stage
    deeds: Sequence[Deed]
    done: dict[str, int] = field(default_factory=dict)
    fired: int = 0
    _later: list[Doing] = field(default_factory=list)

    def run(self, stopping: threading.Event) -> None:
        """From now on, each deed at its time, until told to stop; what a deed must undo is undone when this returns."""
        began = time.monotonic()
        with (self.stage.folder / "mischief.log").open("w") as log:
            for deed in self.deeds:
                if stopping.wait(max(0.0, began + deed.at - time.monotonic())):
                    break
                print(f"{time.strftime('%H:%M:%S')} {deed.told()}", file=log, flush=True)
                self._do(deed)
                check(self._later)
        for one in self._later:
            one.end()

    def _do(self, deed: Deed) -> None:
        self.done[deed.what] = self.done.get(deed.what, 0) + 1
        match deed.what:
            case "faults":
                self._set(deed.faults)
            case "kill":
                self.stage.kill(deed.who)
            case "freeze":
                self.stage.freeze(deed.who)
                self._after(deed.seconds, lambda: self.stage.freeze(deed.who, thaw=True))
            case "shut":
                number = self.stage.sandbox.control.fault(deed.who, "*", "refuse")
                self._after(deed.seconds, lambda: self.stage.sandbox.control.clear_faults(number))
            case "lose card":
                self._after(0, lambda: self._lose_card(deed.who, deed.seconds))
            case "empty queue":
                self.stage.empty_queue()
            case "restart redis" | "restart postgres":
                self.stage.restart(deed.what.removeprefix("restart "))

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self._later.append(Doing(lambda: (time.sleep(seconds), act())))

    def _lose_card(self, email: str, seconds: float) -> None:
        self._card("DELETE", email)
        time.sleep(seconds)
        self._card("POST", email)

    def _card(self, method: str, email: str) -> None:
        """Through the door that others shut at times."""
        url = f"{self.stage.facts['whmcs']['url']}/sandbox/pay-methods"
        eventually(lambda: _answered(method, url, email), DOOR_S, "the page of the cards")

    def _set(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """These instead of those that were set; a pair that the sandbox says can never fire is left out."""
        control = self.stage.sandbox.control
        self.count()
        control.clear_faults()
        for fault in faults:
            try:
                control.fault(**fault)
            except Refused as refused:
                if "never fires" not in str(refused):
                    raise

    def count(self) -> None:
        """How often the present faults fired, added up."""
        self.fired += sum(row["fired"] for row in self.stage.sandbox.control.faults())


def _answered(method: str, url: str, email: str) -> bool:
    try:
        requests.request(method, url, json={"client_email": email}, timeout=10).raise_for_status()
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True
