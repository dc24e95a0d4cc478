"""The commands that people and continuous integration type: what they say they do, and that programs end gently."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy import launch
from tests.proving import backends, boundaries
from tests.proving.boundaries import Boundary
from tests.support import processes

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line)
# -g TERM lets a running task end, -t gives it the time of the longest call, -m looks often, -n: no periodic tasks of Huey's
GENTLE = "-g TERM -t 70 -m 0.05 -n"


def run(*words: str) -> tuple[int, str]:
    done = subprocess.run([ROOT / "run", *words], cwd=ROOT, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_it_tells_its_commands() -> None:
    code, told = run("--help")
    commands = ["demo", "demo", "test", "check", "translations", "bench", "crash-matrix", "fault-matrix", "chaos"]
    assert (code, re.findall(r"\./run ([\w-]+)", told)) == (0, commands)


def test_it_refuses_a_command_that_it_does_not_know() -> None:
    code, told = run("dance")
    assert (code, "usage:" in told) == (2, True)


EVERYTHING = pytest.param(("--all",), boundaries.every(), backends.NAMES, marks=pytest.mark.long)


@pytest.mark.parametrize(("words", "played", "on"), [((), boundaries.quick(), ("sqlite",)), EVERYTHING])
def test_it_plays_the_whole_crash_matrix_for_continuous_integration(
    words: tuple[str, ...], played: list[Boundary], on: tuple[str, ...]
) -> None:
    code, told = run("test", *words, "--collect-only", "-q", "tests/tasks/test_kill.py")
    assert (code, len(re.findall(r"one_of_each.*\[", told))) == (0, len(on) * len(played))


def test_continuous_integration_runs_the_same_two() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line.startswith("./run ")] == ["./run check", "./run test --all"]
    assert "export CI=true" in lines


def test_it_starts_three_programs() -> None:
    assert sorted(PROGRAMS) == ["listener", "web", "worker"]


def test_the_worker_ends_gently_wherever_it_is_started() -> None:
    for command in (PROGRAMS["worker"], " ".join(launch.WORKER), " ".join(processes.WORKER)):
        assert command.endswith(GENTLE)
