"""Runs a program of the console whose clock a test puts forward or back: `python -m tests.support.clocked FILE MODULE WORDS…`.

FILE holds by how many seconds the clock is wrong now; it is looked at twenty times a second.
"""

from __future__ import annotations

import runpy
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine


def main(file: Path, module: str) -> None:
    turned = time_machine.travel(datetime.now(UTC), tick=True).start()
    threading.Thread(target=_follow, args=(file, turned), daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _follow(file: Path, turned: time_machine.Coordinates) -> None:
    wrong = 0.0
    while True:
        told = float(file.read_text() or wrong)
        if told != wrong:
            turned.shift(told - wrong)
            wrong = told
        time.sleep(0.05)


if __name__ == "__main__":
    given = Path(sys.argv[1]), sys.argv[2]
    sys.argv[:] = sys.argv[2:]
    main(*given)
