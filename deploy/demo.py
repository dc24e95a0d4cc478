"""`./run demo`: the whole console on this machine with its upstream world; `--once` plays the main journey and stops."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from deploy import launch, people
from deploy.browser import NotThere
from deploy.journey import STEPS, Journey, Step, timed
from deploy.people import Person
from deploy.processes import ROOT, DidNotStart, Programs, free_port, is_free

PORT = 8000


class Stopped(BaseException):
    """A person or the system asked the demo to end."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run demo", description="The console with a sandbox of its upstreams, on this machine only.")
    parser.add_argument("--port", type=int, help=f"the portal's port (default {PORT}; --once: a free one)")
    parser.add_argument("--dir", type=Path, help="where data and logs are kept (default var/demo; --once: a temporary folder)")
    parser.add_argument("--once", action="store_true", help="play the main journey, print how each step went, stop")
    parser.add_argument("--json", action="store_true", help="with --once: print one JSON object")
    asked = parser.parse_args(given)
    if asked.json and not asked.once:
        parser.error("--json belongs to --once")
    return asked


def main() -> int:
    asked = arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    return once(asked) if asked.once else stay(asked)


def _stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the end is on its way: a second signal must not cut it short
    raise Stopped


def stay(asked: argparse.Namespace) -> int:
    """Until a signal (0), the death of a program (1); 2 when it cannot start."""
    folder, port = _absolute(asked.dir or ROOT / "var" / "demo"), asked.port or PORT
    if not is_free(port):
        print(f"port {port} is taken; choose another with --port", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "demo.json").unlink(missing_ok=True)
    programs = Programs(folder / "logs")
    try:
        return _stay(programs, folder, port)
    except (DidNotStart, NotThere, requests.RequestException) as error:
        print(f"the demo could not start: {error}", file=sys.stderr)
        return 2
    except Stopped:
        return 0
    finally:
        programs.stop()


def _stay(programs: Programs, folder: Path, port: int) -> int:
    print("starting sandbox, web, worker and listener …", flush=True)
    console = launch.start(programs, folder, port, fast=False)
    shown = people.present(console, folder / "people.json")
    _write(folder / "demo.json", console, shown, programs)
    print(_welcome(console, shown, folder), flush=True)
    while not (dead := programs.dead()):
        time.sleep(0.5)
    print(programs.obituary(dead), file=sys.stderr)
    return 1


def _write(path: Path, console: launch.Console, shown: list[Person], programs: Programs) -> None:
    pids = programs.pids()
    told = {
        "url": console.url,
        "sandbox": str(console.sandbox_file),
        "people": [person.told() for person in shown],
        "pids": pids,
        "logs": {name: str(programs.log(name)) for name in pids},
    }
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file, indent=1)
    draft.replace(path)


def _welcome(console: launch.Console, shown: list[Person], folder: Path) -> str:
    rows = [f"  {person.role:<10} {person.email:<30} {person.password:<20} {person.sf_number}" for person in shown]
    pages = [f"  {name:<10} {url}" for name, url in console.sandbox["pages"].items()]
    return "\n".join(
        [
            f"\nThe console: {console.url}   (staff: {console.url}/staff)",
            "\nPeople ('new' has a customer number and has not signed up yet):",
            *rows,
            "\nThe sandbox's pages:",
            *pages,
            f"\nLogs: {folder / 'logs'} · facts: {folder / 'demo.json'} · Ctrl+C stops everything.\n",
        ]
    )


def once(asked: argparse.Namespace) -> int:
    """0 when every step held, 1 when one failed, 2 when it could not start."""
    kept = asked.dir is not None
    folder = _own_folder(_absolute(asked.dir)) if kept else Path(tempfile.mkdtemp(prefix="console-"))
    programs = Programs(folder / "logs")
    try:
        code = _once(programs, folder, asked)
    except Stopped:
        code = 1
    finally:
        programs.stop()
    if code == 0 and not kept:
        shutil.rmtree(folder)
    elif code:
        print(f"logs: {programs.logs}", file=sys.stderr)
    return code


def _own_folder(wanted: Path) -> Path:
    """The folder that was asked for; where something lies in it already, a new one inside."""
    wanted.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="once-", dir=wanted)) if any(wanted.iterdir()) else wanted


def _once(programs: Programs, folder: Path, asked: argparse.Namespace) -> int:
    began, started = time.monotonic(), []
    say = _silent if asked.json else _say
    setup = timed("setup", lambda: started.append(launch.start(programs, folder, asked.port or free_port(), fast=True)), (DidNotStart,))
    steps, order_id = [say(setup)], ""
    if started:
        journey = Journey(started[0], Person("customer", "person2001@example.com", people.made_password(), "SF-2001", "Person", "Example"))
        steps += [say(step) for step in journey.play()]
        order_id = journey.order_id
    else:
        steps += [Step(name, False, 0, "not reached") for name in STEPS]
    held = all(step.ok for step in steps)
    seconds = round(time.monotonic() - began, 2)
    _conclude(asked.json, {"ok": held, "seconds": seconds, "sf_order_id": order_id, "steps": [step.told() for step in steps]})
    return 0 if held else 1 if started else 2


def _say(step: Step) -> Step:
    print(step.line(), flush=True)
    return step


def _silent(step: Step) -> Step:
    return step


def _conclude(as_json: bool, told: dict[str, Any]) -> None:
    if as_json:
        print(json.dumps(told))
    else:
        verdict = "all held" if told["ok"] else "NOT all held"
        print(f"{verdict} in {told['seconds']} s, order {told['sf_order_id'] or 'none'}")


def _absolute(path: Path) -> Path:
    return Path(os.environ.get("CONSOLE_CALLED_FROM", ".")) / path


if __name__ == "__main__":
    sys.exit(main())
