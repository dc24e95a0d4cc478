"""The disk is full, the file is locked or may not be written, the clock jumps: web, worker and listener live through it, and an order
that is approved meanwhile is provisioned once, without a hand."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console import models, wiring
from console.models import Heartbeat, Job, migrating
from deploy.processes import free_port
from tests.support import ordered
from tests.support import settings as settings_for
from tests.support.processes import LISTENER, WORKER, Process, eventually
from tests.support.sandbox import Control, Running

OFTEN = {"PROVISION_SWEEP_S": "0.2", "PROVISION_RING_AGAIN_S": "0.5"}
HOUR = 3600
# root may write every file: then the programs run without that privilege
ORDINARY = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


@dataclass
class World:
    """A console on files in one folder: in this process to place orders with, and the programs that provision them."""

    console: wiring.Console
    folder: Path
    sandbox: Running
    variables: dict[str, str]
    logs: Path
    programs: dict[str, Process] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def order(self) -> str:
        """Placed, not yet approved."""
        return str(ordered.place(self.console, *ordered.customer(self.console, self.sandbox)).sf_order_id)

    def start(self, worker: list[str] = WORKER, listener: list[str] = LISTENER) -> None:
        web = [str(Path(sys.executable).parent / "gunicorn"), "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        web += ["--bind", f"127.0.0.1:{self.port}", "console.app:create_app()"]
        for name, command in (("web", web), ("worker", worker), ("listener", listener)):
            self.programs[name] = Process([*ORDINARY, *command], self.variables, self.logs / f"{name}.log")

    def await_work(self) -> None:
        eventually(lambda: len(Heartbeat.alive(60)) == 2 and self.page() == 200, what="the programs")

    def page(self) -> int:
        """What a load balancer is told after a look into the database; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def told(self, name: str, words: str) -> bool:
        return words in self.programs[name].log.read_text()

    def assert_well(self, *orders: str) -> None:
        """All orders provisioned once, nobody dead, and an orderly end."""
        for order_id in orders:
            ordered.await_activated(self.sandbox.control, order_id, 40)
            ordered.assert_exactly_once(self.sandbox.control, order_id)
        assert self.page() == 200
        assert {name: program.terminate(20) for name, program in self.programs.items()} == dict.fromkeys(self.programs, 0)


@contextmanager
def world_in(folder: Path, sandbox: Running, logs: Path) -> Iterator[World]:
    before = models.database.obj
    url = f"sqlite:///{folder}/console.db"
    changes = OFTEN | {"QUEUE_FILE": str(folder / "queue.db")}
    console = wiring.build(settings_for.with_sandbox(sandbox.info, logs, url, **changes))
    migrating.upgrade(console.database)
    made = World(console, folder, sandbox, os.environ | settings_for.variables(sandbox.info, logs, url, **changes), logs)
    try:
        yield made
    finally:
        for program in made.programs.values():
            program.kill()
        console.database.close()
        models.database.initialize(before)


@pytest.fixture
def world(sandbox: Running, control: Control, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "data").mkdir()
    with world_in(tmp_path / "data", sandbox, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("seconds", "waited_for"), [(2, True), pytest.param(32, False, marks=pytest.mark.long)], ids=["a moment", "beyond the patience"]
)
def test_a_lock_of_another_program(world: World, seconds: int, waited_for: bool) -> None:
    order_id = world.order()
    world.start()
    world.await_work()
    hold = [sys.executable, "-c", _HOLD, str(world.folder / "console.db"), str(seconds)]
    with subprocess.Popen(hold, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        world.sandbox.control.approve(order_id)
        assert world.page() == 200, "readers need not wait"
    world.assert_well(order_id)
    assert [world.told(name, "database is locked") for name in ("worker", "listener")] == [not waited_for] * 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount one; tests/models/test_connecting.py fills a file up")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return


def test_a_full_disk(small_disk: Path, sandbox: Running, control: Control, tmp_path: Path) -> None:
    with world_in(small_disk, sandbox, tmp_path) as world:
        order_id = world.order()
        world.start()
        world.await_work()
        fill(small_disk / "filler")
        control.approve(order_id)
        for name in ("worker", "listener"):
            eventually(lambda name=name: world.told(name, "disk"), what=f"the {name}'s word for it")
        (small_disk / "filler").unlink()
        world.assert_well(order_id)


def test_a_file_that_may_not_be_written(world: World) -> None:
    order_id = world.order()
    files = list(world.folder.glob("console.db*"))
    for file in files:
        file.chmod(0o400)
    world.start()
    world.sandbox.control.approve(order_id)
    for name in ("worker", "listener"):
        eventually(lambda name=name: world.told(name, "readonly database"), what=f"the {name}'s word for it")
    for file in files:
        file.chmod(0o600)
    world.assert_well(order_id)


@pytest.mark.long
def test_a_clock_that_jumps_by_an_hour(world: World, control: Control) -> None:
    """Forward while a job runs, and back while another does."""
    wrong = world.logs / "seconds"
    wrong.write_text("0")
    clocked = [sys.executable, "-m", "tests.support.clocked", str(wrong)]
    first, second = world.order(), world.order()
    world.start([*clocked, "huey.bin.huey_consumer", *WORKER[1:]], [*clocked, "listener"])
    world.await_work()
    control.latency("whmcs", 200)
    for order_id, seconds in ((first, HOUR), (second, 0)):
        control.approve(order_id)
        eventually(lambda order_id=order_id: (job := Job.of_order(order_id)) and job.state == "running", what="its run")
        wrong.write_text(str(seconds))
        ordered.await_activated(control, order_id, 40)
    control.latency("whmcs", 0)
    world.assert_well(first, second)
    assert world.told("worker", "clock_was_put_back")
