"""From the event to the end of provisioning, less what the upstreams themselves took."""

from __future__ import annotations

import time
from pathlib import Path

from bench import world
from bench.lines import Asked, Line, percentile
from bench.servers import until
from console.models import Job


def measure(folder: Path, asked: Asked) -> list[Line]:
    """Worker and listener as processes, one order after the other."""
    orders = asked.rounds * (20 if asked.full else 5)
    with world.opened(folder) as console, world.serving(console):
        made = iter(console.orders(orders + 1))
        _took(console, next(made))  # connections, log-in, names
        seen = [_took(console, order_id) for order_id in made]
    own, theirs = [mine for mine, _ in seen], [calls for _, calls in seen]
    told = f"{orders} orders; the upstreams' part {percentile(theirs, 0.5):.0f} ms"
    return [
        Line("latency: event → provisioned, ours, p50 ms", percentile(own, 0.5), "≤ 150", told),
        Line("latency: event → provisioned, ours, p99 ms", percentile(own, 0.99), "≤ 300", f"slowest {max(own):.0f} ms"),
    ]


def _took(console: world.World, order_id: str) -> tuple[float, float]:
    """Milliseconds of ours and of the upstreams'."""
    began = time.time() * 1000
    console.sandbox.control.clear_calls()
    console.approve([order_id])
    until(lambda: _ended(order_id), f"{order_id} provisioned", 30)
    time.sleep(0.2)  # its mails go out before the next begins
    ended = Job.of_order(order_id).finished_at.timestamp() * 1000  # type: ignore[union-attr]
    calls = sum(call["ms"] for call in world.counted(console.sandbox.control.calls(), console.correlation(order_id)))
    return ended - began - calls, calls


def _ended(order_id: str) -> bool:
    job = Job.of_order(order_id)
    return job is not None and job.state == "succeeded"
