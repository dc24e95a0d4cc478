"""Which faults there are, which are set, which call is hit by which, and how often each one fired."""

import random
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.chance import dice

# what every HTTP upstream can suffer without words of its own
TRANSPORT = (
    "refuse", "reset", "timeout_before", "timeout_after", "late_effect", "error_before", "error_after", "html", "bad_json", "truncated",
    "slow", "throttle",
)  # fmt: skip
# what needs an answer worded by the upstream
WORDED = ("expired_session", "misconfigured", "limit_exceeded", "lock_row", "business_error")
STREAM = (
    "duplicate_event", "drop_event", "bad_payload", "silent", "unavailable", "unauthenticated", "schema_change", "replay_expired",
    "delivery_limit",
)  # fmt: skip
MAIL = ("smtp_4xx", "smtp_5xx", "drop_after_data")
KNOWN = TRANSPORT + WORDED + STREAM + MAIL
# these happen when they are set, to no call in particular
AT_ONCE = ("schema_change",)
ANY = "*"
Names = Mapping[str, Collection[str]]


class UnknownName(ValueError):
    """A fault or operation nobody would ever fire: refused, since a check with it could not fail."""


@dataclass
class Fault:
    """One fault as it was ordered. Without count and probability it hits every call until it is deleted."""

    id: int
    upstream: str
    operation: str
    fault: str
    count: int | None = None
    probability: float | None = None
    delay_ms: int | None = None
    seed: int | None = None
    code: str | None = None
    message: str | None = None
    fired: int = 0
    _dice: random.Random = field(default_factory=random.Random, repr=False)

    def hits(self, operation: str) -> bool:
        """Whether this call is hit; throws the dice when there are any."""
        if self.operation not in (ANY, operation) or (self.count is not None and self.fired >= self.count):
            return False
        return self.probability is None or self._dice.random() < self.probability

    def shuts_the_door(self) -> bool:
        """A refusal of everything until it is deleted: the port itself is closed."""
        return self.fault == "refuse" and self.operation == ANY and self.count is None and self.probability is None

    def row(self) -> dict[str, Any]:
        return {at.name: getattr(self, at.name) for at in fields(self) if not at.name.startswith("_")}


@dataclass
class Reach:
    """What an upstream can be asked to do wrong: `limits` confines a fault to operations, `exempt` keeps it from some."""

    operations: tuple[str, ...]
    faults: set[str]
    limits: dict[str, frozenset[str]] = field(default_factory=dict)
    exempt: dict[str, frozenset[str]] = field(default_factory=dict)

    def touches(self, fault: str, operation: str) -> bool:
        if fault not in self.faults or operation in self.exempt.get(fault, ()):
            return False
        return operation == ANY or fault not in self.limits or operation in self.limits[fault]


class FaultBook:
    """The faults that are set, in the order in which they were set; the first that is due hits. `seed` is for those without one."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._last = 0
        self.reach: dict[str, Reach] = {}

    def register(self, upstream: str, operations: Collection[str], faults: Collection[str], limits: Names, exempt: Names) -> None:
        known = self.reach.setdefault(upstream, Reach((), set()))
        known.operations = tuple(dict.fromkeys([*known.operations, *operations]))
        known.faults |= set(faults)
        known.limits |= {fault: frozenset(names) for fault, names in limits.items()}
        known.exempt |= {fault: frozenset(names) for fault, names in exempt.items()}

    def add(self, upstream: str, operation: str, fault: str, **more: Any) -> Fault:
        """Raises UnknownName for what could never fire."""
        self._check(upstream, operation, fault)
        if fault in AT_ONCE and "probability" in more:
            raise UnknownName(f"{fault} happens at once, when it is set: it takes no probability")
        with self._lock:
            self._last += 1
            thrown = dice(self._seed, f"fault {self._last}") if more.get("seed") is None else random.Random(more["seed"])
            made = self._faults[self._last] = Fault(self._last, upstream, operation, fault, **more, _dice=thrown)
            return made

    def _check(self, upstream: str, operation: str, fault: str) -> None:
        reach = self.reach.get(upstream)
        if reach is None:
            raise UnknownName(f"unknown upstream: {upstream}")
        if operation != ANY and operation not in reach.operations:
            raise UnknownName(f"unknown operation of {upstream}: {operation}")
        if fault not in KNOWN:
            raise UnknownName(f"unknown fault: {fault}")
        if not reach.touches(fault, operation):
            raise UnknownName(f"{fault} never fires at {upstream} {operation}")

    def pick(self, upstream: str, operation: str, only: Collection[str] = ()) -> Fault | None:
        reach = self.reach.get(upstream)
        if reach is None or not self._faults:
            return None
        with self._lock:
            for fault in self._faults.values():
                fits = fault.upstream == upstream and (not only or fault.fault in only)
                if fits and reach.touches(fault.fault, operation) and fault.hits(operation):
                    fault.fired += 1
                    return fault
        return None

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults.values())

    def remove(self, fault_id: int | None = None) -> list[Fault]:
        """The faults that are gone now; without an id all of them."""
        with self._lock:
            gone = [fault for fault in self._faults.values() if fault_id in (None, fault.id)]
            for fault in gone:
                del self._faults[fault.id]
            return gone
