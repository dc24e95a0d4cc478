"""Events received, decoded and durably recorded against events only received and decoded."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

from bench import servers, world
from bench.lines import Asked, Line, interleaved, skipped
from bench.running import CHANNEL
from console import models
from console.clients.pubsub import Batch, PubSub
from console.clients.salesforce_records import Session
from console.services.provisioning.receiving import receive
from tests.support import settings

EVENTS = 1000  # in each round
GOALS = {"sqlite FULL": 0.3, "postgres": 0.12}


def measure(folder: Path, asked: Asked) -> list[Line]:
    lines = []
    with _stream(EVENTS * (asked.rounds + 1)) as stream:
        for name, goal in GOALS.items():
            try:
                with _database(name, folder) as url, world.wired(settings.without_upstreams(folder, url)):
                    lines.append(_measured(f"ingest: {name}, recorded ÷ received", f"≥ {goal}", stream, asked.rounds))
            except servers.Missing as missing:
                lines.append(skipped(f"ingest: {name}, recorded ÷ received", missing))
    return lines


def _measured(name: str, goal: str, stream: PubSub, rounds: int) -> Line:
    models.StreamCursor.delete().execute()
    responses: list[int] = []
    busy: list[float] = []

    def received(batch: Batch) -> None:
        responses.append(len(batch.events))

    def recorded(batch: Batch) -> None:
        began = time.thread_time()
        receive(CHANNEL, batch, fence=1)
        busy.append((time.thread_time() - began) * 1e6 / len(batch.events))

    first, second = count(), count()
    _rate(stream, next(first), received), _rate(stream, next(second), recorded)  # schema, connection
    bare, durable = interleaved(rounds, lambda: _rate(stream, next(first), received), lambda: _rate(stream, next(second), recorded))
    each = f"{median(busy):.0f} µs of CPU for an event, a commit for each response of {sum(responses) / len(responses):.0f}"
    told = f"{durable:,.0f} ÷ {bare:,.0f} events/s; {each}"
    return Line(name, durable / bare, goal, told)


def _rate(stream: PubSub, number: int, take: object) -> float:
    """Events per second of that round's part of the stream."""
    seen, began = 0, time.monotonic()
    for batch in stream.batches(CHANNEL, replay_id=(number * EVENTS).to_bytes(10, "big"), preset="EARLIEST"):
        take(batch)  # type: ignore[operator]
        seen += len(batch.events)
        if seen >= EVENTS:
            break
    return seen / (time.monotonic() - began)


@contextmanager
def _database(name: str, folder: Path) -> Iterator[str]:
    if name == "postgres":
        with servers.postgres() as url:
            yield url
    else:
        yield f"sqlite:///{folder / 'ingest.db'}"


@contextmanager
def _stream(events: int) -> Iterator[PubSub]:
    command = world.python("-m", "bench.stream", str(events + 200))
    with subprocess.Popen(command, cwd=world.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        session = Session("token", "https://localhost", "00DSB000000Sbx12AC")
        try:
            yield PubSub(endpoint=f"localhost:{port}", session=lambda: session, renew=lambda stale: session, plaintext=True)
        finally:
            process.terminate()
