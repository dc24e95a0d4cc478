"""The units and the compose file start what the Procfile starts, and give each program the time that it needs to stop."""

import re
from pathlib import Path

import pytest

from tests.house.test_commands import PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
UNITS = {path.name: path.read_text() for path in (ROOT / "deploy/systemd").iterdir()}
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
STAYING = {"web": "portal-web.service", "worker": "portal-worker@.service", "listener": "portal-listener@.service"}


def words(command: str) -> list[str]:
    return re.findall(r"[^\s,\"'\[\]\\]+", command)


def ordered(unit: str, name: str) -> str:
    return re.findall(rf"^{name}=(.*)$", unit, re.M)[0]


@pytest.mark.parametrize("program", STAYING)
def test_a_unit_starts_what_the_procfile_starts(program: str) -> None:
    started = words(ordered(UNITS[STAYING[program]], "ExecStart").replace("/opt/portal/.venv/bin/", ""))
    assert [word for word in words(PROGRAMS[program]) if word not in started] == []


@pytest.mark.parametrize("program", STAYING)
def test_a_unit_waits_for_a_gentle_end_and_starts_again(program: str) -> None:
    unit = UNITS[STAYING[program]]
    assert (ordered(unit, "TimeoutStopSec"), ordered(unit, "Restart"), ordered(unit, "StartLimitIntervalSec")) == ("80", "always", "0")


def test_compose_starts_the_same_worker_and_listener() -> None:
    commands = [words(line) for line in re.findall(r"^    command: (\[.*\])$", COMPOSE, re.M)]
    assert words(PROGRAMS["worker"]) in commands
    assert words(PROGRAMS["listener"]) in commands


def test_compose_has_the_installation_that_is_proved() -> None:
    assert re.findall(r"^  (\w+):\n    <<: \*portal(?:\n .*?)*?\n    deploy: \{replicas: (\d)\}", COMPOSE, re.M) == [
        ("web", "2"), ("worker", "3"), ("listener", "2"),
    ]  # fmt: skip
    assert "stop_grace_period: 80s" in COMPOSE.split("\nservices:")[0]


def test_the_image_holds_every_part_that_runs() -> None:
    copied = set(re.findall(r"^COPY (.*)$", (ROOT / "deploy/Dockerfile").read_text(), re.M))
    assert {"console console", "templates templates", "static static", "config.py tasks.py listener.py ./"} <= copied
