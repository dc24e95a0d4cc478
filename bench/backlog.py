"""A backlog of events drained by the listener: how long 75,000 take, and what they do to its memory."""

from __future__ import annotations

import re
import time
from pathlib import Path

import requests

from bench import world
from bench.lines import Asked, Line
from bench.servers import until
from console.models import InboxEvent
from tests.support.processes import LISTENER

FULL, QUICK, WARM = 75_000, 5_000, 200
CALM = {"PROVISION_WATCH_S": "3600"}


def measure(folder: Path, asked: Asked) -> list[Line]:
    number = FULL if asked.full else QUICK
    with world.opened(folder, **CALM) as console:
        _publish(console, WARM)
        usual, _seconds = _listened(console, WARM)
        _publish(console, number)
        peak, seconds = _listened(console, WARM + number)
    told = f"{number:,} events in {seconds:.1f} s, {number / seconds:,.0f}/s, sandbox on the same two cores"
    return [
        Line(f"backlog: {FULL:,} events at that pace, s", FULL * seconds / number, "≤ 60", told),
        Line("backlog: memory of the listener, + MB", peak - usual, "≤ 20", f"{peak:.0f} MB at most, {usual:.0f} MB after {WARM} events"),
    ]


def _publish(console: world.World, number: int) -> None:
    """Events of orders that exist nowhere: nobody works them off meanwhile."""
    url = f"{console.sandbox.info['control']['url']}/control/publish"
    requests.post(url, json={"count": number}, timeout=300).raise_for_status()


def _listened(console: world.World, until_there: int) -> tuple[float, float]:
    """The listener's peak memory in MB, and the seconds from the first of its events to the last."""
    before = _inbox()
    with world.process(LISTENER, console.variables, console.folder / "listener.log") as listener:
        until(lambda: _inbox() > before, "the first event", 60)
        began = time.monotonic()
        until(lambda: _inbox() >= until_there, f"{until_there} events", 900, 0.05)
        seconds = time.monotonic() - began
        time.sleep(0.5)
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{listener.pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0, seconds


def _inbox() -> int:
    return int(InboxEvent.select().count())
