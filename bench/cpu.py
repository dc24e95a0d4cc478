"""Our CPU for an order against the same calls made bare: what journal, transactions and checks cost."""

from __future__ import annotations

from pathlib import Path

from bench import running, world
from bench.lines import Asked, Line, interleaved

ORDERS = 6  # in each round


def measure(folder: Path, asked: Asked) -> list[Line]:
    with world.opened(folder) as console:
        made = iter(console.orders(2 + ORDERS * asked.rounds))
        with running.recorded() as sent:
            running.run(console, [next(made)])  # logs in at Salesforce
            sent.clear()
            running.run(console, [next(made)])
        replay = running.Replay(list(sent), console.sandbox.info["salesforce"]["ca_file"])
        replay()  # opens its connections

        def ours() -> float:
            orders = [next(made) for _ in range(ORDERS)]
            console.approve(orders)
            return running.spent(lambda: [running.carry(console, job) for job in running.record(orders)]) / ORDERS

        mine, bare = interleaved(asked.rounds, ours, lambda: running.spent(lambda: [replay() for _ in range(ORDERS)]) / ORDERS)
    return [Line("cpu: an order ÷ its calls on a bare Session", mine / bare, "≤ 2.0", f"{mine:.1f} ms ÷ {bare:.1f} ms, {len(sent)} calls")]
