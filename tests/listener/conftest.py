"""What the listener's tests may ask for: settings of its own, a listener in this process, and what was logged."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console import log
from console.wiring import Console
from tests.listener.hearing import Hearing
from tests.support import settings as settings_for
from tests.support.sandbox import Control, Running


@pytest.fixture
def own(environment: dict[str, Any], tmp_path: Path, control: Control) -> dict[str, Any]:
    """For a process: from now on, with a queue of its own, so that earlier tests' events are not this one's."""
    control.clear_calls()
    return environment | {"QUEUE_FILE": str(tmp_path / "queue.db"), "SF_EVENTS_REPLAY": "LATEST"}


@pytest.fixture
def hears(console: Console, sandbox: Running, control: Control, folder: Path, database_url: str, tmp_path: Path) -> Iterator[Any]:
    """Starts a listener in this process, with the settings given; it ends with the test."""
    started: list[Hearing] = []

    def start(**changes: str) -> Hearing:
        control.clear_calls()
        given = {"SF_EVENTS_REPLAY": "LATEST", "QUEUE_FILE": str(tmp_path / "queue.db")} | changes
        settings = settings_for.with_sandbox(sandbox.info, folder, database_url, **given)
        started.append(Hearing(replace(console, settings=settings), control))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def told() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """The lines logged so far under that name."""
    root, out = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    log.configure("INFO")
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    yield lambda name: [line for line in map(json.loads, out.getvalue().splitlines()) if line["event"] == name]
    root.handlers[:] = before
    root.setLevel(level)
