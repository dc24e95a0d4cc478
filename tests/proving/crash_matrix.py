"""`./run crash-matrix`: kill -9 at every boundary on both back ends, several at a time; afterwards exactly one of everything."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from multiprocessing.pool import IMapIterator, Pool
from multiprocessing.util import Finalize
from pathlib import Path

import listener
from console import log
from tests.proving import backends, boundaries, busy, stack, stories
from tests.proving.boundaries import Boundary
from tests.support.postgres import Missing

LANES = 4
PER_LANE = 20  # then a fresh one: the sandbox has 40 seeded accounts
SILENT_S = 240  # longer than all waits of a story together


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
    rows = dict[Boundary, Row]()
    with backends.server(backend) as shared, _lanes(min(lanes, len(chosen)), backend, shared, folder) as pool:
        for row in _answers(pool.imap_unordered(_played, chosen), len(chosen)):
            rows[row.boundary] = row
            told(row)
        if len(rows) == len(chosen):  # else the pool ends its lanes
            pool.close()
            pool.join()
    for boundary in set(chosen) - set(rows):
        rows[boundary] = Row(boundary, backend, 0, "its lane gave no answer")
        told(rows[boundary])
    return [rows[boundary] for boundary in chosen]


def _lanes(number: int, backend: str, shared: str, folder: Path) -> Pool:
    return multiprocessing.get_context("spawn").Pool(number, _open, (backend, shared, folder), PER_LANE)


def _answers(played: IMapIterator[Row], number: int) -> Iterator[Row]:
    """As they come. A lane that was killed from outside never answers: it is not waited for longer than any story takes."""
    for _ in range(number):
        try:
            yield played.next(SILENT_S * busy.factor())
        except multiprocessing.TimeoutError:
            return


class _Lane:
    """A process's stack; one that something went wrong in is not used again. `where` are its logs."""

    def __init__(self, backend: str, shared: str, folder: Path) -> None:
        self.backend, self._shared, self._folder = backend, shared, folder
        self.where = folder / backend
        self._turns, self._open = count(), ExitStack()
        self._stack: stack.Stack | None = None

    def stack(self) -> stack.Stack:
        if self._stack is None:
            name = f"lane_{os.getpid()}_{next(self._turns)}"
            self.where = self._folder / self.backend / name
            self._stack = self._open.enter_context(stack.opened(self.where, self._shared, name))
        return self._stack

    def close(self) -> None:
        self._stack = None
        self._open.close()

    def broke(self, error: Exception) -> str:
        """Its first line; all of it is kept beside the logs."""
        self.where.mkdir(parents=True, exist_ok=True)
        (self.where / "broke.txt").write_text("".join(traceback.format_exception(error)))
        return f"{type(error).__name__}: {error}".partition("\n")[0]


_lane: _Lane


def _open(backend: str, shared: str, folder: Path) -> None:
    global _lane
    log.configure("CRITICAL")  # what this process does itself, beside those that die, is of no interest
    _lane = _Lane(backend, shared, folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the pool's word when it does not wait: what a lane started must end with it
    Finalize(None, _lane.close, exitpriority=10)


def _played(boundary: Boundary) -> Row:
    try:
        mine = _lane.stack()
        seconds, wrong = stories.play(mine, boundary)
        if seconds > (limit := within(boundary, mine)):
            wrong = [*wrong, f"slower than lease + 5 s = {limit:.0f} s"]
    except Exception as error:  # the outermost boundary of a lane: whatever happened belongs into the table
        seconds, wrong = 0, [_lane.broke(error)]
    if wrong:
        wrong = [*wrong, f"see {_lane.where}"]
        _lane.close()
    return Row(boundary, _lane.backend, seconds, "; ".join(wrong))


def within(boundary: Boundary, mine: stack.Stack) -> float:
    """Seconds in which another process must have taken over and come to the end: its lease and five, more of them on a busy machine."""
    return (listener.LEASE_S if boundary.story == "event" else mine.lease_s) + 5 * busy.factor()


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
