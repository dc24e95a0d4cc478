"""The installation that chaos happens to: sandbox, servers, and the console's processes with somebody who starts the dead again."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from config import Settings
from console import models, wiring
from console.models import migrating
from deploy.processes import free_port
from tests.proving import busy
from tests.proving.backends import need_redis
from tests.support import postgres, redis, sandbox, settings
from tests.support.processes import LISTENER, WORKER, Process, eventually

WEB = (
    sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket",
    "--log-level", "warning", "console.app:create_app()",
)  # fmt: skip
START_AGAIN_S = 0.3
# calls are short, so that leases are
NUMBERS = {
    "PROVISION_SALESFORCE_S": "1.5",
    "PROVISION_WHMCS_S": "1.5",
    "PROVISION_MOBILE_S": "1.5",
    "PROVISION_MAIL_S": "1.5",
    "PROVISION_LEASE_MARGIN_S": "0.5",
    "PROVISION_BREAKER_WINDOW_S": "3",
}
LEASE_S = 2.0
SETTLE_S = 3.0  # longer than anything that the sandbox delays an effect by; on a busy machine that takes longer too


@dataclass
class Slot:
    """A process that must always run: killed or ended, it is started again, as a service manager does."""

    name: str
    command: list[str]
    process: Process
    lives: int = 1
    ours: int = 0  # deaths that mischief brought
    frozen: bool = False

    @property
    def unasked(self) -> int:
        """Ends that nobody brought about."""
        return self.lives - 1 - self.ours


@dataclass
class Stage:
    """`console` is this process's own view of the same database, for looking only."""

    folder: Path
    sandbox: sandbox.Running
    console: wiring.Console
    variables: dict[str, str]
    addresses: list[str]
    postgres: postgres.Server | None = None
    redis: redis.Server | None = None
    slots: dict[str, Slot] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _closing: threading.Event = field(default_factory=threading.Event)

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def facts(self) -> dict[str, Any]:
        """As sandbox.json tells them."""
        return self.sandbox.info

    def start(self, workers: int, listeners: int) -> None:
        """Everything running and answering."""
        self.logs.mkdir()
        for n, address in enumerate(self.addresses, 1):
            self._add(f"web{n}", [*WEB, "--bind", address.removeprefix("http://").replace("localhost", "127.0.0.1")])
        for n in range(1, workers + 1):
            self._add(f"worker{n}", WORKER)
        for n in range(1, listeners + 1):
            self._add(f"listener{n}", LISTENER)
        threading.Thread(target=self._start_the_dead, daemon=True).start()
        for address in self.addresses:
            eventually(lambda: _answers(f"{address}/readyz"), 60, f"an answer of {address}")  # noqa: B023  asked before the next

    def _add(self, name: str, command: list[str]) -> None:
        self.slots[name] = Slot(name, command, self._process(name, command, 1))

    def _process(self, name: str, command: list[str], life: int) -> Process:
        # a log for each life: the judges tell by it whose line it is
        return Process(command, {**os.environ, **self.variables}, self.logs / f"{name}.{life}.log")

    def _start_the_dead(self) -> None:
        while not self._closing.wait(START_AGAIN_S):
            with self._lock:
                for slot in self.slots.values():
                    if slot.process.process.poll() is not None and not self._closing.is_set():
                        slot.lives += 1
                        slot.process = self._process(slot.name, slot.command, slot.lives)

    def kill(self, name: str) -> None:
        """kill -9 of the whole process group."""
        with self._lock:
            slot = self.slots[name]
            if slot.process.process.poll() is None:
                slot.ours, slot.frozen = slot.ours + 1, False
                os.killpg(slot.process.process.pid, signal.SIGKILL)
                slot.process.process.wait()

    def freeze(self, name: str, *, thaw: bool = False) -> None:
        """SIGSTOP, or SIGCONT."""
        with self._lock, suppress(ProcessLookupError):
            self.slots[name].frozen = not thaw
            os.killpg(self.slots[name].process.process.pid, signal.SIGCONT if thaw else signal.SIGSTOP)

    def empty_queue(self) -> None:
        """Every ring that nobody has heard yet is lost."""
        if self.redis:
            self.redis.ask("FLUSHALL")
            return
        with closing(sqlite3.connect(self.folder / "queue.db", timeout=10)) as queue, queue:
            queue.execute("DELETE FROM task")

    def restart(self, name: str) -> None:
        """Redis, as forgetful as ours is, or PostgreSQL."""
        server = self.redis if name == "redis" else self.postgres
        assert server is not None
        server.stop()
        time.sleep(0.3)
        server.start()

    def calm(self) -> None:
        """No faults any more, nobody frozen, every server up."""
        self.sandbox.control.clear_faults()
        for name in self.slots:
            self.freeze(name, thaw=True)

    def close(self) -> dict[str, int]:
        """SIGTERM to all; the exit codes by name, -9 for those that had to be killed."""
        self._closing.set()
        with self._lock:
            for slot in self.slots.values():
                self.freeze(slot.name, thaw=True)
                slot.process.process.terminate()
            return {slot.name: _ended(slot.process) for slot in self.slots.values()}


def _ended(process: Process) -> int:
    limit = time.monotonic() + 15 * busy.factor()
    while process.process.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    if process.process.poll() is None:
        os.killpg(process.process.pid, signal.SIGKILL)
    return process.process.wait()


def _answers(address: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(address, timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):  # not up yet
            return False


@contextmanager
def opened(folder: Path, scale: bool) -> Iterator[Stage]:
    """Servers, sandbox and database, everything fresh; processes start with `start`. postgres.Missing where a server is."""
    with ExitStack() as ends:
        servers: dict[str, Any] = {}
        own = {"DATABASE_URL": f"sqlite:///{folder / 'console.db'}", "QUEUE_FILE": str(folder / "queue.db")}
        if scale:
            need_redis()
            servers = {"postgres": ends.enter_context(postgres.own_server()), "redis": ends.enter_context(redis.server())}
            own["DATABASE_URL"] = postgres.make_database(servers["postgres"].url, "chaos")
            own["REDIS_URL"] = servers["redis"].url
        world = sandbox.start(folder / "sandbox")
        ends.callback(world.stop)
        addresses = [f"http://localhost:{free_port()}" for _ in range(2 if scale else 1)]
        settle = dict.fromkeys(("PROVISION_SETTLE_WHMCS_S", "PROVISION_SETTLE_MOBILE_S"), f"{SETTLE_S * busy.factor():.1f}")
        given = {**own, **NUMBERS, **settle, "LOG_LEVEL": "INFO", "PUBLIC_URL": addresses[0]}
        url = given.pop("DATABASE_URL")
        wired = _wired(settings.with_sandbox(world.info, folder, url, **given))
        ends.callback(models.database.close)
        stage = Stage(folder, world, wired, settings.variables(world.info, folder, url, **given), addresses, **servers)
        ends.callback(stage.close)
        yield stage


def _wired(read: Settings) -> wiring.Console:
    console = wiring.Console(read, wiring.open_database(read), wiring.upstreams(read), wiring.policy(read))
    migrating.upgrade(console.database)
    return console
