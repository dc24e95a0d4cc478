"""The points at which a test may have a process killed: nothing anywhere else, whatever the environment says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console import crash

ROOT = Path(__file__).resolve().parents[2]
CODE = "from console import crash; crash.point('claimed'); print('alive')"


def passed(**variables: str) -> tuple[int, str]:
    """Exit code and words of a process that comes by the point `claimed`."""
    bare = {name: value for name, value in os.environ.items() if name not in {"ENVIRONMENT", "CONSOLE_CRASH_AT"}}
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=bare | variables, capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def test_it_dies_at_the_point_that_a_test_names() -> None:
    assert passed(ENVIRONMENT="test", CONSOLE_CRASH_AT="claimed") == (-signal.SIGKILL, "")


@pytest.mark.parametrize("environment", ["production", "demo", "Test", ""])
def test_it_lives_on_outside_of_tests(environment: str) -> None:
    assert passed(ENVIRONMENT=environment, CONSOLE_CRASH_AT="claimed") == (0, "alive")


def test_it_lives_on_at_every_other_point() -> None:
    assert passed(ENVIRONMENT="test", CONSOLE_CRASH_AT="finish") == (0, "alive")


def test_it_costs_nothing_unarmed() -> None:
    # looks nothing up, compares nothing, calls nothing
    code = crash.point.__code__
    assert (code.co_names, code.co_consts, crash.point("claimed")) == ((), (None,), None)
