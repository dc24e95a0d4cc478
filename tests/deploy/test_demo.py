"""The demo as a person starts it: the journey holds, an orderly end, and nothing survives it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, "-m", "deploy.demo"]
STEPS = ["setup", "signup", "confirm", "address", "payment_method", "order", "approve", "provisioned", "mail"]


def test_it_plays_the_main_journey(tmp_path: Path) -> None:
    done = subprocess.run([*DEMO, "--once", "--json", "--dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], [step["name"] for step in told["steps"] if step["ok"]]) == (0, True, STEPS), told
    assert len(told["sf_order_id"]) == 18


def test_it_says_when_it_cannot_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*DEMO, "--port", port, "--dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, port in done.stderr) == (2, True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A running one; the second one finds what the first one left."""
    (folder / "demo.json").unlink(missing_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([*DEMO, "--port", str(port), "--dir", str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 90
    while not (folder / "demo.json").exists() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.1)
    yield process, json.loads((folder / "demo.json").read_text())
    process.kill()
    process.wait()


def test_it_tells_everybody_and_ends_on_a_signal(demo: tuple[subprocess.Popen[bytes], dict[str, Any]], folder: Path) -> None:
    process, told = demo
    assert [person["role"] for person in told["people"]] == ["customer", "customer2", "new", "viewer", "support", "ops", "admin"]
    assert (folder / "demo.json").stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert [name for name, pid in told["pids"].items() if _lives(pid)] == []


@pytest.mark.long
def test_it_ends_with_1_when_a_program_dies(demo: tuple[subprocess.Popen[bytes], dict[str, Any]]) -> None:
    process, told = demo
    os.kill(told["pids"]["listener"], signal.SIGKILL)
    assert process.wait(30) == 1
    assert [name for name, pid in told["pids"].items() if _lives(pid)] == []


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
