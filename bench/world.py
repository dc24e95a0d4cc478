"""A console beside a sandbox of its own: its people, its orders, and its worker and listener as processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from config import Settings
from console import clock, log, models, wiring
from console.clients.whmcs import Address, NewClient
from console.models import CustomerLink, Order, User, migrating
from deploy import launch, people, processes
from deploy.journey import Journey
from deploy.people import Person
from deploy.processes import Programs, free_port, surroundings
from tests.support import ordered, sandbox, settings
from tests.support.customers import add_card
from tests.support.processes import LISTENER, WORKER

ROOT = Path(__file__).resolve().parent.parent
_UNIT = (ROOT / "deploy" / "systemd" / "portal-web.service").read_text()
EMBEDDED = {"PYTHONPATH": str(ROOT / "bench" / "embedded")} | dict(re.findall(r"^Environment=(\w+)=(\S+)$", _UNIT, re.MULTILINE))
ROLES = ("web", "worker", "listener")
_HOME = Address("Person", "Number", "0312345678", "150-0002", "Tokyo", "Shibuya", "1-2-3 Shibuya", "Sandbox Building 4F", "JP")
ACCOUNTS = 40
_numbers = count()


@dataclass
class World:
    """Wired in this process; `variables` are the same settings for processes of its own."""

    folder: Path
    sandbox: sandbox.Running
    console: wiring.Console
    variables: dict[str, str]

    def customer(self) -> tuple[User, CustomerLink]:
        """With a WHMCS client and a card; of a seeded account, verified while there are some that nobody has."""
        n = next(_numbers)
        number, email = f"SF-{2001 + n % ACCOUNTS}", f"person{n}@home.example"
        account = self.console.upstreams.salesforce.account_by_number(number)
        assert account is not None, f"the sandbox seeds {number}"
        user = User.create(email=email, password_hash="none", sf_number=number, confirmed_at=clock.now())
        client = self.console.upstreams.whmcs.add_client(NewClient(email, "a long password", _HOME, number, f"portal:{user.id}"))
        verified = CustomerLink.holder_of(account.account_id) is None
        link = CustomerLink.create(
            user=user, sf_number=number, sf_account_id=account.account_id, verified=verified, case_number="" if verified else "00001001",
            whmcs_client_id=client.client_id, whmcs_user_id=client.user_id,
        )  # fmt: skip
        add_card(self.sandbox, email)
        return user, link

    def orders(self, number: int, each: int = 4) -> list[str]:
        """Ids of placed orders of one mobile line, at most `each` of a customer, so that nobody's list of services grows long."""
        made: list[str] = []
        while len(made) < number:
            user, link = self.customer()
            made += [self.order(user, link) for _ in range(min(each, number - len(made)))]
        return made

    def order(self, user: User, link: CustomerLink) -> str:
        with log.correlated(str(uuid4())):
            return str(ordered.place(self.console, user, link).sf_order_id)

    def approve(self, order_ids: Iterable[str]) -> None:
        for order_id in order_ids:
            self.sandbox.control.approve(order_id)

    def latency(self, ms: int) -> None:
        for upstream in ("salesforce", "whmcs", "mobile"):
            self.sandbox.control.latency(upstream, ms)

    def correlation(self, order_id: str) -> str:
        """The id under which the upstreams saw the order's calls."""
        order = Order.at(order_id)
        assert order is not None
        return str(order.correlation_id)


@contextmanager
def opened(folder: Path, database_url: str = "", **changes: str) -> Iterator[World]:
    """A sandbox, a migrated database and the clients; one at a time in a process."""
    folder.mkdir(parents=True, exist_ok=True)
    running = sandbox.start(folder / "sandbox")
    try:
        given = (running.info, folder, database_url or f"sqlite:///{folder / 'console.db'}")
        told = {"QUEUE_FILE": str(folder / "queue.db"), **changes}
        with wired(settings.with_sandbox(*given, **told)) as console:
            yield World(folder, running, console, settings.variables(*given, **told))
    finally:
        running.stop()


@contextmanager
def wired(read: Settings) -> Iterator[wiring.Console]:
    """A console in this process, its tables made."""
    console = wiring.build(read)
    migrating.upgrade(console.database)
    try:
        yield console
    finally:
        models.database.close()


@contextmanager
def process(command: Sequence[str], variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a group of its own for the time of a block."""
    with log.open("ab") as out:
        running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables}, stdout=out, stderr=out, start_new_session=True)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def worker(threads: int, tasks: str = "tasks.huey") -> list[str]:
    """The worker's command as the Procfile has it, with that many threads."""
    command = [tasks if part == "tasks.huey" else part for part in WORKER]
    command[command.index("-w") + 1] = str(threads)
    return command


@contextmanager
def serving(world: World, threads: int = 4) -> Iterator[None]:
    """Worker and listener running, and given the time to settle."""
    with ExitStack() as stack:
        stack.enter_context(process(worker(threads), world.variables, world.folder / "worker.log"))
        stack.enter_context(process(LISTENER, world.variables, world.folder / "listener.log"))
        time.sleep(3)
        yield


@dataclass
class Demo:
    """The whole of `./run demo`, on ports of its own."""

    programs: Programs
    console: launch.Console

    def pids(self) -> dict[str, int]:
        return {role: pid for role, pid in self.programs.pids().items() if role in ROLES}

    def play(self) -> None:
        """A person signs up, orders and gets what was ordered."""
        person = Person("customer", "person2001@example.com", people.made_password(), "SF-2001", "Person", "Example")
        journey = Journey(self.console, person)
        failed = [step.line() for step in journey.play() if not step.ok]
        assert not failed, failed


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    """Embedded: as where only requirements.txt is installed, and with the environment of web's unit."""
    programs = Programs(folder / "logs")
    try:
        with patch.object(processes, "surroundings", lambda given: surroundings(given) | EMBEDDED):
            yield Demo(programs, launch.start(programs, folder, free_port(), fast=True))
    finally:
        programs.stop()
        shutil.rmtree(folder / "sandbox", ignore_errors=True)


def cpu_ms(pid: int) -> float:
    """What a process has used so far, all of its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def counted(calls: list[dict[str, Any]], correlation_id: str) -> list[dict[str, Any]]:
    """The calls of one order."""
    return [call for call in calls if call["correlation_id"] == correlation_id]
