"""Starts sandbox, web, worker and listener in a folder, in that order, and knows when they answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from deploy import environment
from deploy.processes import DidNotStart, Programs, run

READY_S = 60
FLASK = ("-m", "flask", "--app", "console.app")
WEB = ("-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket", "--log-level", "warning")
WORKER = ("-m", "huey.bin.huey_consumer", "tasks.huey", "-k", "thread", "-w", "4", "-g", "TERM", "-t", "70", "-m", "0.05", "-n")
T = TypeVar("T")


@dataclass(frozen=True)
class Console:
    """A console that answers: its address, the sandbox that it speaks to, its settings as environment variables."""

    url: str
    sandbox_file: Path
    sandbox: dict[str, Any]
    variables: dict[str, str]


def start(programs: Programs, folder: Path, port: int, fast: bool) -> Console:
    """Everything running and answering, or DidNotStart."""
    url, sandbox_file = f"http://localhost:{port}", folder / "sandbox" / "sandbox.json"
    sandbox_file.unlink(missing_ok=True)
    programs.start("sandbox", ["-m", "sandbox", "--dir", str(sandbox_file.parent), *(["--fast"] if fast else [])], {})
    info = _until(programs, lambda: _read(sandbox_file), "the sandbox")
    variables = environment.own(folder, url) | environment.upstreams(info) | environment.QUICK
    run([*FLASK, "db", "upgrade"], variables)
    programs.start("web", [*WEB, "--bind", f"127.0.0.1:{port}", "console.app:create_app()"], variables)
    programs.start("worker", WORKER, variables)
    programs.start("listener", ["listener.py"], variables)
    _until(programs, lambda: _ready(f"{url}/readyz"), "the web process")
    return Console(url, sandbox_file, info, variables)


def _until(programs: Programs, answer: Callable[[], T | None], what: str) -> T:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit:
        if (found := answer()) is not None:
            return found
        programs.fail_if_dead()
        time.sleep(0.05)
    raise DidNotStart(f"{what} did not answer within {READY_S} s; see {programs.logs}")


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _ready(address: str) -> bool | None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(address, timeout=5).ok or None
        except (requests.ConnectionError, requests.Timeout):  # not up yet: the port is open before the application is
            return None
