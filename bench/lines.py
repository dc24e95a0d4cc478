"""What a measurement tells: a number, the goal it is held against, and how it came about."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """What the person at the prompt wants: full sizes, and how often each side is measured."""

    full: bool = False
    rounds: int = 5


@dataclass(frozen=True)
class Line:
    """`goal` is "≥ 0.30" or "≤ 150 ms" or "" for a number without one; `measured` is None when it was left out, and `told` says why."""

    name: str
    measured: float | None
    goal: str = ""
    told: str = ""

    @property
    def verdict(self) -> str:
        """ok, miss, skip, or "" for a number without a goal."""
        if self.measured is None:
            return "skip"
        if not self.goal:
            return ""
        sign, limit = self.goal.split()[0], float(self.goal.split()[1].replace(",", ""))
        return "ok" if (self.measured >= limit if sign == "≥" else self.measured <= limit) else "miss"

    def text(self) -> str:
        number = "-" if self.measured is None else f"{self.measured:,.2f}" if self.measured < 100 else f"{self.measured:,.0f}"
        return f"{self.verdict:<5} {self.name:<44} {number:>9}  {self.goal:<12} {self.told}".rstrip()

    def row(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}


def skipped(name: str, why: object) -> Line:
    """A line that this machine cannot measure."""
    return Line(name, None, told=f"skipped: {why}")


def interleaved(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side, one after the other in every round, so that a busy moment hits all of them."""
    seen: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for numbers, side in zip(seen, sides, strict=True):
            numbers.append(side())
    return [statistics.median(numbers) for numbers in seen]


def percentile(numbers: list[float], share: float) -> float:
    """The smallest of the numbers that at least this share does not exceed."""
    ordered = sorted(numbers)
    return ordered[max(0, min(len(ordered) - 1, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
