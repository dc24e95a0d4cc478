"""`./run crash-matrix`: kill -9 at every boundary on both back ends, several at a time; afterwards exactly one of everything."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from multiprocessing.util import Finalize
from pathlib import Path

import listener
from console import log
from tests.proving import backends, boundaries, stack, stories
from tests.proving.boundaries import Boundary
from tests.support.postgres import Missing

LANES = 4
PER_LANE = 20  # then a fresh one: the sandbox has 40 seeded accounts


@dataclass(frozen=True)
class Row:
    """How a boundary went; `broken` is "" when all held."""

    boundary: Boundary
    backend: str
    seconds: float
    broken: str = ""

    def line(self) -> str:
        recovered = f"{self.seconds:5.1f} s" if self.seconds else "      -"
        return f"{'ok  ' if not self.broken else 'FAIL'}  {self.boundary.name:<32} {self.backend:<9} {recovered}  {self.broken}".rstrip()


def run(chosen: Sequence[Boundary], backend: str, lanes: int, folder: Path, told: Callable[[Row], object] = lambda row: None) -> list[Row]:
    """Each boundary once, `lanes` at a time, each lane a process with a stack of its own; rows in the order of `chosen`."""
    with backends.server(backend) as shared:
        pool = multiprocessing.get_context("spawn").Pool(min(lanes, len(chosen)), _open, (backend, shared, folder), PER_LANE)
        rows = {}
        for row in pool.imap_unordered(_played, chosen):
            rows[row.boundary] = row
            told(row)
        pool.close()
        pool.join()
    return [rows[boundary] for boundary in chosen]


class _Lane:
    """A process's stack; one that something went wrong in is not used again."""

    def __init__(self, backend: str, shared: str, folder: Path) -> None:
        self.backend, self._shared, self._folder = backend, shared, folder
        self._turns, self._open = count(), ExitStack()
        self._stack: stack.Stack | None = None

    def stack(self) -> stack.Stack:
        if self._stack is None:
            name = f"lane_{os.getpid()}_{next(self._turns)}"
            self._stack = self._open.enter_context(stack.opened(self._folder / self.backend / name, self._shared, name))
        return self._stack

    def close(self) -> None:
        self._stack = None
        self._open.close()


_lane: _Lane


def _open(backend: str, shared: str, folder: Path) -> None:
    global _lane
    log.configure("CRITICAL")  # what this process does itself, beside those that die, is of no interest
    _lane = _Lane(backend, shared, folder)
    Finalize(None, _lane.close, exitpriority=10)


def _played(boundary: Boundary) -> Row:
    try:
        seconds, wrong = stories.play(_lane.stack(), boundary)
    except Exception as error:  # the outermost boundary of a lane: whatever happened belongs into the table
        seconds, wrong = 0, [f"{type(error).__name__}: {error}".partition("\n")[0]]
    if seconds > within(boundary):
        wrong = [*wrong, f"slower than lease + 5 s = {within(boundary):.0f} s"]
    if wrong:
        wrong = [*wrong, f"see {_lane.stack().folder}"]
        _lane.close()
    return Row(boundary, _lane.backend, seconds, "; ".join(wrong))


def within(boundary: Boundary) -> float:
    """Seconds in which another process must have taken over and come to the end; more where the machine has other things to do."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return ((listener.LEASE_S if boundary.story == "event" else stack.LEASE_S) + 5) * max(1.0, busy / 2)


def main(given: list[str] | None = None) -> int:
    """0 when all held, 1 when one did not, 2 when a back end is missing here."""
    asked = _arguments(given)
    chosen = [boundary for boundary in boundaries.every() if asked.only in boundary.name]
    began, rows, folder = time.monotonic(), list[Row](), Path(tempfile.mkdtemp(prefix="crash-matrix-"))
    for backend in asked.backend or backends.NAMES:
        try:
            rows += run(chosen, backend, asked.lanes, folder, lambda row: print(row.line(), flush=True))
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 2
    return _concluded(rows, time.monotonic() - began, folder)


def _concluded(rows: list[Row], seconds: float, folder: Path) -> int:
    failed = [row for row in rows if row.broken]
    slowest = max((row.seconds for row in rows), default=0)
    print(f"{len(rows)} boundaries, {len(rows) - len(failed)} held, slowest recovery {slowest:.1f} s, {seconds:.0f} s in all")
    if failed:
        print(f"logs: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 1 if failed or not rows else 0


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run crash-matrix", description="kill -9 at every boundary; the truth is read from the sandbox.")
    parser.add_argument("--backend", choices=backends.NAMES, action="append", help="one of the two; both without it")
    parser.add_argument("--only", default="", help="boundaries whose name has this in it")
    parser.add_argument("--lanes", type=int, default=LANES, help=f"how many at a time (default {LANES})")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
