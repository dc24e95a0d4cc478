"""Orders per second of one worker against the ideal: every thread always waiting for an upstream, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tasks
from bench import running, world
from bench.lines import Asked, Line, interleaved
from bench.servers import until
from console import wiring
from console.models import Job

LATENCY_MS = 50
GOALS = {8: 0.9, 32: 0.75}
WAVES = 3  # orders per thread in a round
# as in life: the sandbox's hurry would ring everything twice
CALM = {"PROVISION_SWEEP_S": "5", "PROVISION_RING_AGAIN_S": "30", "PROVISION_WATCH_S": "60", "PROVISION_BACKFILL_AGE_S": "120"}


def measure(folder: Path, asked: Asked) -> list[Line]:
    return [line for threads in GOALS for line in _measured(folder / str(threads), threads, asked.rounds)]


def _measured(folder: Path, threads: int, rounds: int) -> list[Line]:
    with world.opened(folder, **CALM) as console:
        made = iter(console.orders(2 + threads * (WAVES * rounds + 1)))
        with running.recorded() as sent:
            running.run(console, [next(made)])
            sent.clear()
            running.run(console, [next(made)])
        ideal = threads / (len(sent) * LATENCY_MS / 1000)
        bell = tasks.register(wiring.queue(console.console.settings))
        replays = [running.Replay(list(sent), console.sandbox.info["salesforce"]["ca_file"]) for _ in range(threads)]
        with world.process(world.worker(threads), console.variables, folder / "worker.log") as worker:
            _worked(console, bell, made, threads)  # connections of every thread
            before = world.cpu_ms(worker.pid)
            console.latency(LATENCY_MS)
            ours, bare = interleaved(
                rounds,
                lambda: _worked(console, bell, made, threads * WAVES),
                lambda: _replayed(replays, threads * WAVES),
            )
            busy = (world.cpu_ms(worker.pid) - before) / (threads * WAVES * rounds)
    told = f"{ours:.1f} orders/s ÷ {ideal:.1f}; {busy:.0f} ms of CPU for an order and its mails"
    return [
        Line(f"throughput: {threads} threads ÷ ideal", ours / ideal, f"≥ {GOALS[threads]}", told),
        Line(f"throughput: {threads} threads, bare calls ÷ ideal", bare / ideal, "", "what sandbox and machine allow, without any of ours"),
    ]


def _worked(console: world.World, bell: tasks.Bell, made: Iterator[str], number: int) -> float:
    """Orders per second from the ring to the last one's end."""
    orders = [next(made) for _ in range(number)]
    console.approve(orders)
    jobs = running.record(orders)
    began = time.time()
    bell.jobs(jobs)
    until(lambda: _succeeded(jobs) == number, f"{number} orders", 120, 0.1)
    last = max(job.finished_at.timestamp() for job in Job.select().where(Job.id.in_(jobs)))
    return number / (last - began)


def _succeeded(jobs: tuple[int, ...]) -> int:
    return int(Job.select().where(Job.id.in_(jobs) & (Job.state == "succeeded")).count())


def _replayed(replays: list[running.Replay], number: int) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(len(replays)) as threads:
        list(threads.map(lambda one: one(), [replays[n % len(replays)] for n in range(number)]))
    return number / (time.monotonic() - began)
