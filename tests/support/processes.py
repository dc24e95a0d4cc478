"""Worker and listener as real processes, to be killed as a power cut would."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKER = [
    str(Path(sys.executable).parent / "huey_consumer"),
    "tasks.huey",
    "-k",
    "thread",
    "-w",
    "2",
    "-g",
    "TERM",
    "-t",
    "70",
    "-m",
    "0.05",
    "-n",
]
LISTENER = [sys.executable, "listener.py"]


class Process:
    """One of them, in a process group of its own; its output goes to a log beside the test's files."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=out, stderr=out, start_new_session=True)

    def wait_killed(self, seconds: float = 20) -> None:
        """Until it has died of SIGKILL at the point that the test named."""
        code = self.process.wait(timeout=seconds)
        assert code == -signal.SIGKILL, f"ended with {code}:\n{self.log.read_text()[-3000:]}"

    def terminate(self, seconds: float = 10) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        """SIGKILL to whoever still lives."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(command: list[str], environment: Mapping[str, str], folder: Path, crash_at: str = "") -> Iterator[Process]:
    """A process for the time of a block."""
    name = "worker" if command is WORKER else "listener"
    process = Process(command, {**environment, "CONSOLE_CRASH_AT": crash_at}, folder / f"{name}.log")
    try:
        yield process
    finally:
        process.kill()


def eventually(found: Callable[[], Any], seconds: float = 20, what: str = "it") -> Any:
    """What `found` answers once that is true; asked often, since what is awaited happens in another process."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")
