"""Starts the sandbox as a process of its own and speaks with its control door."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READY_S = 20


class Refused(Exception):
    """The control door said no; `status` and `body` tell what."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


@dataclass(frozen=True)
class Control:
    """A client of /control/*; raises Refused on any answer but 2xx."""

    url: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        asked = {name: value for name, value in query.items() if value is not None}
        url = f"{self.url}/control/{path}" + ("?" + urllib.parse.urlencode(asked) if asked else "")
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            raise Refused(refusal.code, json.loads(refusal.read() or b"{}")) from refusal

    def truth(self, sf_order_id: str | None = None) -> dict[str, Any]:
        return self.ask("GET", "truth", sf_order_id=sf_order_id)

    def calls(self, upstream: str | None = None, since: str | None = None) -> list[dict[str, Any]]:
        return self.ask("GET", "calls", upstream=upstream, since=since)

    def clear_calls(self) -> None:
        self.ask("DELETE", "calls")

    def operations(self) -> dict[str, Any]:
        return self.ask("GET", "operations")

    def fault(self, upstream: str, operation: str, fault: str, **more: Any) -> int:
        """Sets a fault and answers its id; `more`: count or probability, delay_ms, seed, code, message."""
        return self.ask("POST", "faults", {"upstream": upstream, "operation": operation, "fault": fault, **more})["id"]

    def faults(self) -> list[dict[str, Any]]:
        return self.ask("GET", "faults")

    def clear_faults(self, fault_id: int | None = None) -> None:
        self.ask("DELETE", "faults", id=fault_id)

    def latency(self, upstream: str, ms: int) -> None:
        self.ask("POST", "latency", {"upstream": upstream, "ms": ms})

    def approve(self, sf_order_id: str) -> dict[str, Any]:
        return self.ask("POST", "approve", {"sf_order_id": sf_order_id})

    def reject(self, sf_order_id: str) -> dict[str, Any]:
        return self.ask("POST", "reject", {"sf_order_id": sf_order_id})

    def publish(self, **fields: Any) -> dict[str, Any]:
        """An event by hand, with the fields given: publish(OrderId__c=…, IdemKey__c=…)."""
        return self.ask("POST", "publish", {"fields": fields})


@dataclass
class Running:
    """A sandbox process; after kill or stop, `restart` brings it back in the same folder and on the same ports."""

    dir: Path
    fast: bool
    process: subprocess.Popen[bytes]
    info: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None

    @property
    def control(self) -> Control:
        return Control(self.info["control"]["url"])

    def kill(self) -> None:
        """As the kernel would: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end and answers its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=10)

    def remember(self) -> None:
        """Keeps the world as it is, for `recall`."""
        self.control.ask("POST", "snapshot", {"name": "remembered"})

    def recall(self) -> None:
        """The world as it was remembered, with no fault set and an empty journal of calls."""
        if self.process.poll() is not None:
            self.restart()
        self.control.clear_faults()
        self.control.latency("*", 0)
        self.control.ask("POST", "restore", {"name": "remembered"})
        self.control.clear_calls()

    def restart(self) -> None:
        self.stop()
        again = start(self.dir, fast=self.fast, seed=self.seed)
        self.process, self.info = again.process, again.info


def start(dir: Path, *, fast: bool = True, reset: bool = False, seed: int | None = None) -> Running:
    """Starts the sandbox in `dir` and returns when all its doors answer. Raises RuntimeError with its log when they do not."""
    dir.mkdir(parents=True, exist_ok=True)
    (dir / "sandbox.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox", "--dir", str(dir), *(["--fast"] if fast else []), *(["--reset"] if reset else [])]
    command += [] if seed is None else ["--seed", str(seed)]
    with (dir / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    running = Running(dir, fast, process, seed=seed)
    running.info = _ready(running)
    return running


def _ready(running: Running) -> dict[str, Any]:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit and running.process.poll() is None:
        if (running.dir / "sandbox.json").exists():
            return json.loads((running.dir / "sandbox.json").read_text())
        time.sleep(0.02)
    running.process.kill()
    raise RuntimeError("the sandbox did not start:\n" + (running.dir / "sandbox.log").read_text()[-4000:])
