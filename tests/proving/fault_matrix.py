"""`python -m tests.proving.fault_matrix`: every call meets every fault once; what becomes of the order is what the table says."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from console import log, wiring
from console.models import CustomerLink, UpstreamState
from console.wiring import Console
from tests.proving import faults, stack
from tests.proving.fault_stories import BY_HAND, STORIES, TWISTS
from tests.proving.faults import Cell
from tests.support import settings
from tests.support.sandbox import Running

# a call's deadline is long enough for a busy machine, short enough for a quick time-out
SETTINGS = {f"PROVISION_{name}_S": "0.6" for name in ("SALESFORCE", "WHMCS", "MOBILE", "MAIL")} | {"PROVISION_LOOK_AGAIN_S": "0.05"}
DELAYS_MS = {"timeout_before": 900, "timeout_after": 900, "late_effect": 400, "slow": 250}


def play(console: Console, sandbox: Running, cell: Cell) -> tuple[str, list[str]]:
    """How it ended, in the words of the table, and what is broken upstream."""
    settle = 0.8 if cell.fault.name == "late_effect" else 0.02
    console = replace(console, policy=replace(console.policy, settle=dict.fromkeys(("whmcs", "mobile"), settle)))
    story = STORIES[cell.call.story](console, sandbox)
    story.prepare()
    UpstreamState.delete().execute()  # what other cells did to the breakers
    if cell.call.operation in {"token", "GetProducts"}:  # whose answers are kept: a console that has just started
        story.console = replace(console, upstreams=wiring.upstreams(console.settings))
    story.twist = TWISTS.get((cell.call.operation, cell.fault.name))
    fault = BY_HAND.get(cell.fault.name, cell.fault.name)
    more = {"delay_ms": DELAYS_MS[fault]} if fault in DELAYS_MS else {}
    number = sandbox.control.fault(cell.call.upstream, cell.call.operation, fault, count=1, **more)
    end = story.end()
    fired = next(row["fired"] for row in sandbox.control.faults() if row["id"] == number)
    sandbox.control.clear_faults()
    return end, ([] if fired == 1 else [f"the fault fired {fired} times"]) + list(story.broken())


def main(given: list[str] | None = None) -> int:
    """0 when every cell ended as the table says."""
    parser = argparse.ArgumentParser("python -m tests.proving.fault_matrix", description="Every call meets every fault once.")
    parser.add_argument("--only", default="", help="cells whose name has this in it")
    asked = parser.parse_args(given)
    log.configure("CRITICAL")
    wrong, began = 0, time.monotonic()
    chosen = [cell for cell in faults.cells() if asked.only in cell.name]
    with tempfile.TemporaryDirectory() as folder, stack.opened(Path(folder), "", "faults") as mine:
        console = quick(mine.sandbox, Path(folder), mine.console)
        for cell in chosen:
            wrong += not _shown(console, mine.sandbox, cell)
    print(f"{len(chosen)} cells, {len(chosen) - wrong} as the table says, {(time.monotonic() - began) / len(chosen):.2f} s each")
    return 1 if wrong else 0


def _shown(console: Console, sandbox: Running, cell: Cell) -> bool:
    began = time.monotonic()
    CustomerLink.update(verified=False).execute()  # the sandbox has no more than forty Accounts
    end, broken = play(console, sandbox, cell)
    right = end == cell.end and not broken
    wrong = "" if right else f"instead of {cell.end} {'; '.join(broken)}"
    print(f"{'ok  ' if right else 'FAIL'}  {cell.name:<50} {time.monotonic() - began:5.2f} s  {end} {wrong}".rstrip(), flush=True)
    return right


def quick(sandbox: Running, folder: Path, console: Console) -> Console:
    """The same console with calls so short that a time-out is soon."""
    read = settings.with_sandbox(sandbox.info, folder, console.settings.database_url, **SETTINGS)
    return Console(read, console.database, wiring.upstreams(read), wiring.policy(read))


if __name__ == "__main__":
    sys.exit(main())
