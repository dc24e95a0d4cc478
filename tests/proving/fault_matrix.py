"""`./run fault-matrix`: every call meets every fault once; what becomes of the order is what the table says."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from console import log, wiring
from console.models import CustomerLink, UpstreamState
from console.wiring import Console
from tests.proving import backends, busy, faults, stack
from tests.proving.fault_stories import BY_HAND, STORIES, TWISTS
from tests.proving.faults import Cell
from tests.support import settings
from tests.support.postgres import Missing
from tests.support.sandbox import Running

# a call's deadline is long enough for a machine that is not busy, short enough for a quick time-out; the rest is told in deadlines
DEADLINE_S = 0.6
DELAYS = {"timeout_before": 1.5, "timeout_after": 1.5, "late_effect": 0.65, "slow": 0.4}
SETTLE = 1.3


def play(console: Console, sandbox: Running, cell: Cell) -> tuple[str, list[str]]:
    """How it ended, in the words of the table, and what is broken upstream."""
    deadline_s = console.policy.deadlines[cell.call.upstream]
    settle = SETTLE * deadline_s if cell.fault.name == "late_effect" else 0.02
    console = replace(console, policy=replace(console.policy, settle=dict.fromkeys(("whmcs", "mobile"), settle)))
    story = STORIES[cell.call.story](console, sandbox)
    story.prepare()
    UpstreamState.delete().execute()  # what other cells did to the breakers
    if cell.call.operation in {"token", "GetProducts"}:  # whose answers are kept: a console that has just started
        story.console = replace(console, upstreams=wiring.upstreams(console.settings))
    story.twist = TWISTS.get((cell.call.operation, cell.fault.name))
    fault = BY_HAND.get(cell.fault.name, cell.fault.name)
    more = {"delay_ms": round(DELAYS[fault] * deadline_s * 1000)} if fault in DELAYS else {}
    number = sandbox.control.fault(cell.call.upstream, cell.call.operation, fault, count=1, **more)
    end = story.end()
    fired = next(row["fired"] for row in sandbox.control.faults() if row["id"] == number)
    sandbox.control.clear_faults()
    return end, ([] if fired == 1 else [f"the fault fired {fired} times"]) + list(story.broken())


def main(given: list[str] | None = None) -> int:
    """0 when every cell ended as the table says, 1 when one did not, 2 when a back end is missing here."""
    asked = _arguments(given)
    log.configure("CRITICAL")
    wrong, began = 0, time.monotonic()
    chosen = [cell for cell in faults.cells() if asked.only in cell.name]
    for backend in asked.backend or backends.NAMES:
        try:
            wrong += _played(chosen, backend)
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 2
    number = len(chosen) * len(asked.backend or backends.NAMES)
    print(f"{number} cells, {number - wrong} as the table says, {time.monotonic() - began:.0f} s in all")
    return 1 if wrong or not chosen else 0


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run fault-matrix", description="Every call meets every fault once.")
    parser.add_argument("--backend", choices=backends.NAMES, action="append", help="one of the two; both without it")
    parser.add_argument("--only", default="", help="cells whose name has this in it")
    return parser.parse_args(given)


def _played(chosen: Sequence[Cell], backend: str) -> int:
    """How many ended otherwise."""
    with tempfile.TemporaryDirectory() as made, backends.server(backend) as shared:
        folder = Path(made)
        with stack.opened(folder, shared, "faults") as mine:
            console = quick(mine.sandbox, folder, mine.console)
            return sum(not _shown(console, mine.sandbox, cell, backend) for cell in chosen)


def _shown(console: Console, sandbox: Running, cell: Cell, backend: str) -> bool:
    began = time.monotonic()
    CustomerLink.update(verified=False).execute()  # the sandbox has no more than forty Accounts
    end, broken = play(console, sandbox, cell)
    right = end == cell.end and not broken
    wrong = "" if right else f"instead of {cell.end} {'; '.join(broken)}"
    took = f"{time.monotonic() - began:5.2f} s"
    print(f"{'ok  ' if right else 'FAIL'}  {cell.name:<50} {backend:<9} {took}  {end} {wrong}".rstrip(), flush=True)
    return right


def quick(sandbox: Running, folder: Path, console: Console) -> Console:
    """The same console with calls so short that a time-out is soon."""
    deadline_s = f"{DEADLINE_S * busy.factor():.2f}"
    calls = {f"PROVISION_{name}_S": deadline_s for name in ("SALESFORCE", "WHMCS", "MOBILE", "MAIL")}
    read = settings.with_sandbox(sandbox.info, folder, console.settings.database_url, PROVISION_LOOK_AGAIN_S="0.05", **calls)
    return Console(read, console.database, wiring.upstreams(read), wiring.policy(read))


if __name__ == "__main__":
    sys.exit(main())
