"""Programs of the demo: each in a process group of its own with a log file; none outlives the demo."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 15
_PR_SET_PDEATHSIG = 1


class DidNotStart(Exception):
    """A program ended, or did not answer, before it was ready; says which, with the end of its log."""


@dataclass
class Programs:
    """The running programs in the order in which they were started; they are stopped in the reverse order."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it, its output going to its log."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=surroundings(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,  # the demo has no threads
            )  # fmt: skip

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def dead(self) -> str:
        """The name of one that has ended, or ""."""
        return next((name for name, process in self.running.items() if process.poll() is not None), "")

    def fail_if_dead(self) -> None:
        if name := self.dead():
            raise DidNotStart(self.obituary(name))

    def obituary(self, name: str) -> str:
        """What became of it: its exit code and the end of its log."""
        return f"{name} ended with {self.running[name].returncode}; the end of {self.log(name)}:\n{self.log(name).read_text()[-2000:]}"

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.running.items()}

    def stop(self) -> None:
        """Ask each group to end; after a while, insist."""
        for name in reversed(self.running):
            _signal_group(self.running[name], signal.SIGTERM)
        limit = time.monotonic() + STOP_S
        for process in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, limit - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def run(command: Sequence[str], environment: Mapping[str, str], given: str = "") -> str:
    """Run to the end; what it printed. DidNotStart with its words when it fails."""
    line = [sys.executable, *command]
    done = subprocess.run(
        line, cwd=ROOT, env=surroundings(environment), input=given, text=True, capture_output=True, timeout=120, check=False
    )
    if done.returncode:
        raise DidNotStart(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The machine's own variables that programs need, and those given: no setting of the caller's shell leaks in."""
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"}
    return {name: value for name, value in os.environ.items() if name in kept} | {"PYTHONUNBUFFERED": "1"} | dict(environment)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # all of it has ended


def _end_with_parent() -> None:
    # Linux: the child is asked to end when the demo is killed without a chance to do so itself
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
