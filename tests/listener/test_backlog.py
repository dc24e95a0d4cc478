"""After a long absence: a backlog is drained quickly, each event once, and without growing memory."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.models import InboxEvent, Job
from console.wiring import Console
from tests.listener.hearing import terminated
from tests.proving import busy
from tests.support.processes import LISTENER, Process, eventually, running
from tests.support.sandbox import Control, Running, start

EVENTS, WARM, CHUNK = 75_000, 200, 2_500
DRAINED_S, GROWTH_MB = 60, 20

pytestmark = pytest.mark.long


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One whose stream holds nothing yet."""
    running = start(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


def test_it_drains_a_backlog(console: Console, control: Control, own: dict[str, Any], tmp_path: Path) -> None:
    own = own | {"SF_EVENTS_REPLAY": "EARLIEST"}
    usual, _seconds = drained(own, tmp_path, published(control, WARM))
    peak, seconds = drained(own, tmp_path, published(control, EVENTS))
    kept = InboxEvent.select().where(InboxEvent.state == "recorded")
    assert kept.count() == kept.select(InboxEvent.event_uuid).distinct().count() == WARM + EVENTS
    assert Job.select().count() == Job.select(Job.sf_order_id).distinct().count() == WARM + EVENTS
    assert seconds <= DRAINED_S * busy.factor(), f"{EVENTS / seconds:,.0f} events/s"
    assert peak - usual <= GROWTH_MB


def published(control: Control, number: int) -> list[str]:
    """So many events about orders that no org has; the first and the last."""
    made: list[str] = []
    for done in range(0, number, CHUNK):
        made += control.ask("POST", "publish", {"count": min(CHUNK, number - done)})["event_uuids"]
    return [made[0], made[-1]]


def drained(own: dict[str, Any], folder: Path, waiting: list[str]) -> tuple[float, float]:
    """The peak memory in MB of a listener that starts now, and its seconds from the first of these events to the last."""
    with running(LISTENER, own, folder) as listener:
        began, ended = (_there(uuid) for uuid in waiting)
        peak = peak_mb(listener)
        assert terminated(listener)
    return peak, ended - began


def _there(event_uuid: str) -> float:
    """When it is in the inbox."""
    eventually(lambda: InboxEvent.get_or_none(InboxEvent.event_uuid == event_uuid), 10 * DRAINED_S, event_uuid)
    return time.monotonic()


def peak_mb(process: Process) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.process.pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
