"""How the programs start and stop: a bad setting is named by each of them, and who is told to stop leaves nothing held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from peewee import Database

from console import wiring
from console.models import Heartbeat, Lease
from tests.support import settings as settings_for
from tests.support.processes import LISTENER, ROOT, WORKER, eventually, running

WEB = [str(Path(sys.executable).parent / "gunicorn"), "--no-control-socket", "--bind", "127.0.0.1:0", "console.app:create_app()"]
COMMAND = [sys.executable, "-m", "flask", "--app", "console.app", "db", "status"]
CONFIG = 78
# by program: the exit code that its supervisor sees
CODES = {"listener": CONFIG, "worker": CONFIG, "web": 3, "command": 1}
PROGRAMS = {"listener": LISTENER, "worker": WORKER, "web": WEB, "command": COMMAND}


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Environment of programs that reach nothing."""
    return os.environ | settings_for.cut_off(tmp_path, f"sqlite:///{tmp_path}/console.db")


def started(variables: dict[str, str], *names: str) -> dict[str, tuple[int, str]]:
    """Exit code and words of these programs; they are started together, since starting takes a second."""
    options = {"cwd": ROOT, "env": variables, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = {name: subprocess.Popen(PROGRAMS[name], **options) for name in names}
    return {name: (process.wait(60), process.communicate()[0]) for name, process in running.items()}


def assert_named(found: dict[str, tuple[int, str]], words: str) -> None:
    assert {name: code for name, (code, _said) in found.items()} == {name: CODES[name] for name in found}
    assert [name for name, (_code, said) in found.items() if words not in said] == []


def test_it_names_a_missing_setting(variables: dict[str, str]) -> None:
    del variables["MOBILE_PROJECT"]
    assert_named(started(variables, *PROGRAMS), "MOBILE_PROJECT: Field required")


def test_it_names_a_key_file_that_holds_no_key(variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "wrong.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    variables["SF_PRIVATE_KEY_FILE"] = str(tmp_path / "wrong.pem")
    assert_named(started(variables, "listener", "web"), "SF_PRIVATE_KEY_FILE: the private key is not a readable PEM")


def test_it_names_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = settings_for.without_upstreams(tmp_path, f"sqlite:///{tmp_path}/file/console.db")
    with pytest.raises(wiring.BadSettings, match="DATABASE_URL: its folder cannot be made"):
        wiring.open_database(settings)
    with pytest.raises(wiring.BadSettings, match="QUEUE_FILE: unable to open database file"):
        wiring.queue(settings.model_copy(update={"queue_file": tmp_path}))


def test_it_hands_over_at_once(database: Database, database_url: str, tmp_path: Path) -> None:
    variables = os.environ | settings_for.cut_off(tmp_path, database_url, PROVISION_SWEEP_S="0.1", QUEUE_FILE=str(tmp_path / "queue.db"))
    with running(WORKER, variables, tmp_path) as worker, running(LISTENER, variables, tmp_path) as listener:
        both = {"sweeper", "listener"}
        eventually(lambda: both <= {row.name.partition(":")[0] for row in Lease.select() if row.owner}, what="both at work")
        eventually(lambda: len(Heartbeat.alive(60)) == 2, what="a sign of life of each")
        before = time.monotonic()
        assert [listener.terminate(), worker.terminate()] == [0, 0]
        assert time.monotonic() - before < 5
    assert Heartbeat.alive(60) == []
    assert [lease.name for lease in Lease.select() if Lease.take(lease.name, "another", 60) is None] == []
