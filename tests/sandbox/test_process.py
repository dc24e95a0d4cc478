"""The sandbox as a process: what a restart keeps, what kill -9 cannot take, and how it ends."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support import sandbox as sandboxes
from tests.support.sf_rest import SfRest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=sandboxes.ROOT, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603


def logged_in(running: sandboxes.Running, session: requests.Session) -> SfRest:
    return SfRest(running.info["salesforce"], session).login()


def test_it_loses_no_acknowledged_write_to_kill_nine(tmp_path: Path) -> None:
    running = sandboxes.start(tmp_path)
    try:
        with requests.Session() as session:
            sf = logged_in(running, session)
            placed = [sf.place(f"key{number}") for number in range(5)]
            said = running.control.approve(placed[-1])
            before = running.info
            running.kill()
            running.restart()
            # same ports, same certificate authority, same credentials: the client goes on with its token
            assert {**running.info, "pid": 0} == {**before, "pid": 0}
            assert [order["Id"] for order in sf.query("SELECT Id FROM Order ORDER BY OrderNumber")] == placed
            (order,) = running.control.truth(placed[-1])["orders"]
            assert [event["uuid"] for event in order["events"]] == [said["event_uuid"]]
            assert sf.place("key9") not in placed
    finally:
        assert running.stop() == 0


def test_it_forgets_on_reset_and_keeps_who_it_is(tmp_path: Path) -> None:
    running = sandboxes.start(tmp_path)
    with requests.Session() as session:
        logged_in(running, session).place("key")
    before = running.info
    assert running.stop() == 0
    again = sandboxes.start(tmp_path, reset=True)
    try:
        assert again.control.truth()["orders"] == []
        assert again.info["salesforce"]["client_id"] == before["salesforce"]["client_id"]
        assert again.info["control"] == before["control"]
        taken = run("--dir", str(tmp_path / "other"), "--port-base", before["control"]["url"].rsplit(":", 1)[1])
        assert (taken.returncode, taken.stdout) == (2, "")
        same = run("--dir", str(tmp_path))
        assert (same.returncode, "already" in same.stderr) == (2, True)
    finally:
        again.stop()


@pytest.mark.parametrize("arguments", [[], ["--dir", "x", "--port-base", "99999"], ["--dir", "x", "--nonsense"]])
def test_it_refuses_bad_arguments(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_it_is_ready_within_three_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    running = sandboxes.start(tmp_path)
    took = time.monotonic() - began
    running.stop()
    assert took < 3


@pytest.mark.parametrize("name", ["sandbox.db", "credentials.json"])
def test_it_refuses_a_file_that_is_none_of_its_own(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xffrubbish" * 1000)
    told = run("--dir", str(tmp_path))
    assert (told.returncode, told.stdout) == (2, "")
    assert "Traceback" not in told.stderr
    assert told.stderr.startswith("sandbox: ")
