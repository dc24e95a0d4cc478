"""From an event to the start of its task, when the worker has had nothing to do for a while."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import tasks
from bench import running, servers, world
from bench.lines import Asked, Line, percentile, skipped
from bench.servers import until
from config import QueueSettings
from console import wiring
from console.clients.salesforce_ids import canonical_id

_NAME = "idle: event → task start, {}, p99 ms"
GOALS = {"SqliteHuey": "≤ 100", "Redis": "≤ 10"}
# the sweeper would ring too, and the orders exist nowhere: what is measured is the way to the task
ALONE = {"PROVISION_SWEEP_S": "3600", "PROVISION_WATCH_S": "3600"}


def measure(folder: Path, asked: Asked) -> list[Line]:
    """Both queues in turn, on one database; each is idle while the other is rung too."""
    idle_s, times = 90 if asked.full else 5, asked.rounds * 2
    with ExitStack() as stack:
        console = stack.enter_context(world.opened(folder, **ALONE))
        queues = _queues(stack)
        bells = {name: _worker(stack, console, name, url) for name, url in queues.items() if isinstance(url, str)}
        seen: dict[str, list[float]] = {name: [] for name in bells}
        for n in range(times + 1):
            time.sleep(idle_s if n else 4)
            for name, (bell, starts) in bells.items():
                seen[name].append(_took(bell, starts, n * 2 + (name == "Redis")))
    lines = [_line(name, idle_s, numbers[1:]) for name, numbers in seen.items()]
    return lines + [skipped(_NAME.format(name), why) for name, why in queues.items() if not isinstance(why, str)]


def _line(name: str, idle_s: int, numbers: list[float]) -> Line:
    told = f"idle for {idle_s} s, {len(numbers)} times; median {percentile(numbers, 0.5):.1f} ms"
    return Line(_NAME.format(name), percentile(numbers, 0.99), GOALS[name], told)


def _queues(stack: ExitStack) -> dict[str, str | servers.Missing]:
    try:
        return {"SqliteHuey": "", "Redis": stack.enter_context(servers.redis())}
    except servers.Missing as missing:
        return {"SqliteHuey": "", "Redis": missing}


def _worker(stack: ExitStack, console: world.World, name: str, redis_url: str) -> tuple[tasks.Bell, Path]:
    """A worker on that queue, the bell that it hears, and where it tells when a task starts."""
    own = console.folder / name
    own.mkdir()
    starts, queue = own / "starts", own / "queue.db"
    starts.touch()
    variables = console.variables | {"QUEUE_FILE": str(queue), "REDIS_URL": redis_url, "BENCH_STARTS": str(starts)}
    stack.enter_context(world.process(world.worker(4, "bench.started.huey"), variables, own / "worker.log"))
    settings = QueueSettings.read(redis_url=redis_url, queue_file=queue, secret_key=variables["SECRET_KEY"])
    return tasks.register(wiring.queue(settings)), starts


def _took(bell: tasks.Bell, starts: Path, number: int) -> float:
    """Milliseconds from the event in our hands to its task's start."""
    order_id = canonical_id(f"801B0{number:010d}")
    before, began = len(_lines(starts)), time.monotonic_ns()
    bell.jobs(running.record([str(order_id)]))
    until(lambda: len(_lines(starts)) > before, "the task's start", 20, 0.005)
    return (int(_lines(starts)[before].split()[-1]) - began) / 1e6


def _lines(starts: Path) -> list[str]:
    return [line for line in starts.read_text().splitlines() if line.startswith("run_job")]
