"""The catalogue's pages: what they ask of Salesforce while what is kept is fresh, and when it has grown old."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask

from bench import world
from bench.lines import Asked, Line
from bench.servers import until
from console import clock
from console.app import create_app
from console.models import CatalogueSnapshot

VIEWS, AT_ONCE, SLOW_MS = 20, 8, 500
CALM = {"PROVISION_WATCH_S": "3600"}


def measure(folder: Path, _asked: Asked) -> list[Line]:
    with world.opened(folder, **CALM) as console, world.process(world.worker(4), console.variables, folder / "worker.log"):
        app = create_app(console.console.settings)
        _view(app)  # the first one of all reads it
        reading = len(_calls(console))
        until(lambda: len(_calls(console)) > reading, "the back-fill's look at the worker's start", 30)
        time.sleep(1)
        console.sandbox.control.clear_calls()
        warm, _slowest = _asked_of(console, app, VIEWS)
        console.latency(SLOW_MS)
        grown_old = CatalogueSnapshot.get().read_at
        CatalogueSnapshot.update(read_at=clock.after(-600), stale_at=clock.after(-300)).execute()
        _cold, slowest = _asked_of(console, app, AT_ONCE)
        until(lambda: CatalogueSnapshot.get().read_at > grown_old, "the catalogue read anew", 20)
        _asked_of(console, app, AT_ONCE)
        time.sleep(1)  # another one would be under way by now
        refreshed = len(_calls(console))
    told = f"{reading} calls; {AT_ONCE} views at once took {slowest:.0f} ms at most, Salesforce {SLOW_MS} ms for each call"
    return [
        Line(f"shelf: upstream calls of {VIEWS} warm views", warm, "≤ 0"),
        Line(f"shelf: refreshes after {AT_ONCE} views of an old one", refreshed / reading, "≤ 1", told),
    ]


def _asked_of(console: world.World, app: Flask, views: int) -> tuple[int, float]:
    """Calls of Salesforce so far, after so many views at once, and the slowest view in ms."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        took = list(threads.map(lambda _n: _view(app), range(views)))
    return len(_calls(console)), max(took, default=0.0)


def _calls(console: world.World) -> list[object]:
    return [call for call in console.sandbox.control.calls() if call["upstream"] == "salesforce" and call["operation"] != "token"]


def _view(app: Flask) -> float:
    began = time.monotonic()
    assert app.test_client().get("/catalog").status_code == 200
    return (time.monotonic() - began) * 1000
