"""A console of its own: sandbox, database, queue, and its worker and listener as processes that can be killed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config import Settings
from console import models, wiring
from console.models import migrating
from tests.proving import backends, busy
from tests.support import sandbox, settings
from tests.support.processes import LISTENER, WORKER, Process

# seconds, for a lease of two, so that a rescue is soon; as many times more on a busy machine, where a call may take as much longer
SHORT = {
    "PROVISION_SALESFORCE_S": 1.5,
    "PROVISION_WHMCS_S": 1.5,
    "PROVISION_MOBILE_S": 1.5,
    "PROVISION_MAIL_S": 1.0,
    "PROVISION_LEASE_MARGIN_S": 0.5,
}
LEASE_S = 2.0
COMMANDS = {"worker": WORKER, "listener": LISTENER}


@dataclass
class Stack:
    """`console` is wired in this process too, to place orders as the web does; only one stack can be open in a process."""

    folder: Path
    sandbox: sandbox.Running
    console: wiring.Console
    variables: Mapping[str, str]
    lease_s: float
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, role: str, crash_at: str = "") -> Process:
        """A fresh worker or listener in the place of the one that there was."""
        self.end(role)
        surroundings = {**os.environ, **self.variables, "CONSOLE_CRASH_AT": crash_at}
        self.running[role] = Process(COMMANDS[role], surroundings, self.folder / f"{role}.log")
        return self.running[role]

    def keep(self, role: str) -> None:
        """One that is alive."""
        if role not in self.running or self.running[role].process.poll() is not None:
            self.start(role)

    def end(self, role: str) -> None:
        if role in self.running:
            self.running.pop(role).kill()

    def close(self) -> None:
        for role in list(self.running):
            self.end(role)
        models.database.close()


def _wired(read: Settings) -> wiring.Console:
    console = wiring.Console(read, wiring.open_database(read), wiring.upstreams(read), wiring.policy(read))
    migrating.upgrade(console.database)
    return console


@contextmanager
def opened(folder: Path, shared: str, name: str, **changes: str) -> Iterator[Stack]:
    """A stack in that folder, everything fresh; `shared` as backends.server, `changes` are settings by environment name."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        own = {**ends.enter_context(backends.installed(shared, folder, name)), "LOG_LEVEL": "INFO"}
        world = sandbox.start(folder / "sandbox")
        ends.callback(world.kill)  # nobody reads what it would still write
        given = (world.info, folder, own.pop("DATABASE_URL"))
        wired = _wired(settings.with_sandbox(*given, **own))
        slack = busy.factor()
        short = {name: f"{seconds * slack:.2f}" for name, seconds in SHORT.items()}
        stack = Stack(folder, world, wired, settings.variables(*given, **own, **{**short, **changes}), LEASE_S * slack)
        ends.callback(stack.close)
        yield stack
