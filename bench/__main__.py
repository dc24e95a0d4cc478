"""`./run bench [name…]`: measures, prints each line as it is known, and writes bench/results.json. A missed goal is not a failure."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from os import cpu_count
from pathlib import Path

from bench.lines import Asked, Line
from tests.support import network

RESULTS = Path(__file__).parent / "results.json"
NAMES = ("startup", "calls", "cpu", "ingest", "latency", "idle", "throughput", "backlog", "polling", "staff", "shelf", "sandbox")


def main(given: list[str] | None = None) -> int:
    asked = _arguments(given)
    network.stay_home()
    print(f"{'':<5} {'':<44} {'measured':>9}  goal")
    for name in asked.name or NAMES:
        measure: Callable[[Path, Asked], list[Line]] = import_module(f"bench.{name}").measure
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            found = measure(Path(folder), Asked(asked.full, asked.rounds))
        print("\n".join(line.text() for line in found), flush=True)
        _keep(found, asked.full)
    return 0


def _keep(lines: list[Line], full: bool) -> None:
    """At once, so that a run that is ended keeps what it knows; lines that were not asked for this time stay as they were."""
    before = json.loads(RESULTS.read_text())["lines"] if RESULTS.exists() else []
    new = {line.name for line in lines}
    rows = [row for row in before if row["name"] not in new] + [line.row() | {"full": full} for line in lines]
    told = {"cpus": cpu_count(), "python": platform.python_version(), "lines": sorted(rows, key=lambda row: str(row["name"]))}
    RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run bench", description="Ratios to what is possible here; only numbers of one run compare.")
    parser.add_argument("name", nargs="*", choices=[*NAMES, []], metavar="name", help=f"some of: {' '.join(NAMES)}; all without it")
    parser.add_argument("--full", action="store_true", help="the sizes of the goals: 75,000 events, 90 s of idling; takes long")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured (default 5)")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
