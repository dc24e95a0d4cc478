"""The sandbox as a program: how soon it is there, how many calls of all doors together it answers, and what that leaves in memory."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import world
from bench.lines import Asked, Line
from tests.support import sandbox

VISITORS = 3
SECONDS, FULL_S = 5, 60


def measure(folder: Path, asked: Asked) -> list[Line]:
    starts = [_start(folder / f"start{number}") for number in range(asked.rounds)]
    running = sandbox.start(folder / "loaded")
    try:
        before = _resident(running.process.pid)
        answered, slowest = _visited(running, FULL_S if asked.full else SECONDS)
        after = _resident(running.process.pid)
    finally:
        running.stop()
    calls, seconds = answered.total(), FULL_S if asked.full else SECONDS
    doors = f"{len(answered)} kinds of calls of {VISITORS} processes on the same cores, the slowest {slowest * 1000:.0f} ms"
    return [
        Line("sandbox: start until every door answers, s", median(starts), "≤ 3", f"{max(starts):.1f} s at most, in a new folder"),
        Line("sandbox: mixed calls/s", calls / seconds, "≥ 150", doors),
        Line("sandbox: memory after them, MB", after, "≤ 150", f"{calls:,} calls; {before:.0f} MB after its start"),
    ]


def _start(folder: Path) -> float:
    """Keys and certificates are made, too."""
    began = time.monotonic()
    running = sandbox.start(folder)
    took = time.monotonic() - began
    running.stop()
    return took


def _visited(running: sandbox.Running, seconds: float) -> tuple[Counter[str], float]:
    """Calls that were answered, by door, and the slowest of them in seconds."""
    with ExitStack() as stack:
        visitors = [stack.enter_context(_visitor(running, f"visitor{number}")) for number in range(VISITORS)]
        for one in visitors:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in visitors:
            assert one.stdin is not None
            print("go", file=one.stdin, flush=True)
        time.sleep(seconds)
        told = [json.loads(one.communicate()[0]) for one in visitors]
    return sum((Counter(each["answered"]) for each in told), Counter()), max(each["slowest_s"] for each in told)


def _visitor(running: sandbox.Running, name: str) -> subprocess.Popen[str]:
    command = world.python("-m", "bench.visitors", str(running.dir / "sandbox.json"), name)
    return subprocess.Popen(command, cwd=world.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
