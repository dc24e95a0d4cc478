"""How often each upstream is called for an order of one mobile line, and whether connections are kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from bench import running, world
from bench.lines import Asked, Line

# WHMCS: six, and one more for the activation fee, which is a service of its own there
GOALS = {"salesforce": 2, "whmcs": 7, "mobile": 5}


def measure(folder: Path, _asked: Asked) -> list[Line]:
    """A customer's first order (the mobile provider does not know him yet) in a process that has logged in and read WHMCS's names."""
    with world.opened(folder) as console:
        running.run(console, console.orders(1))
        [order_id] = console.orders(1)
        console.sandbox.control.clear_calls()
        with running.connecting() as connections:
            running.run(console, [order_id])
        seen = world.counted(console.sandbox.control.calls(), console.correlation(order_id))
    return [*(_line(upstream, seen) for upstream in GOALS), Line("calls: new connections per order", len(connections), "≤ 0")]


def _line(upstream: str, seen: list[dict[str, Any]]) -> Line:
    operations = Counter(call["operation"] for call in seen if call["upstream"] == upstream)
    told = ", ".join(f"{name}{f' ×{times}' if times > 1 else ''}" for name, times in operations.items())
    return Line(f"calls: {upstream} per order", operations.total(), f"≤ {GOALS[upstream]}", told)
