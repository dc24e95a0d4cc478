"""What a process costs before it does anything: its imports against the bare imports of its libraries, and its memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bench import world
from bench.lines import Asked, Line, interleaved

# what each process cannot do without, imported bare
_ALL = ("pydantic_settings", "peewee", "huey", "requests", "structlog", "argon2", "cryptography.fernet")
BARE = {
    "web": (
        *_ALL,
        "flask",
        "flask_openapi3",
        "pyotp",
        "flask_login",
        "flask_wtf",
        "flask_limiter",
        "email_validator",
        "segno",
        "babel.core",
    ),
    "worker": _ALL,
    "listener": _ALL,
}
OURS = {"web": "console.app", "worker": "tasks", "listener": "listener"}
HEAVY = ("zeep", "lxml", "grpc", "psycopg", "simple_salesforce", "fastavro", "playwright")
MEMORY = {"web": 90, "worker": 110, "listener": 90}


def measure(folder: Path, asked: Asked) -> list[Line]:
    lines = []
    for role, module in OURS.items():
        ours, bare = interleaved(asked.rounds, lambda m=module: _imported(m), lambda r=role: _imported(*BARE[r]))
        lines.append(Line(f"startup: {role}, import ÷ bare imports", ours / bare, "≤ 1.5", f"{ours:.0f} ms ÷ {bare:.0f} ms"))
    loaded, own = _loaded(OURS["web"]), _loaded(OURS["web"], **world.EMBEDDED)
    told = f"{' '.join(loaded) or 'none'}; {' '.join(own) or 'none'} where only requirements.txt is installed"
    lines.append(Line("startup: heavy modules in web at start", len(own), "≤ 0", told))
    return lines + _memory(folder)


def _imported(*modules: str) -> float:
    """Milliseconds of CPU for these imports in a fresh interpreter, the interpreter's own start taken off."""
    program = f"import time; began = time.process_time(); import {', '.join(modules)}; print((time.process_time() - began) * 1000)"
    return float(_python(program))


def _loaded(module: str, **variables: str) -> list[str]:
    return _python(f"import sys, {module}; print(*[name for name in {HEAVY!r} if sys.modules.get(name)])", **variables).split()


def _python(program: str, **variables: str) -> str:
    surroundings = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=world.ROOT, env=surroundings, capture_output=True, text=True, check=True
    ).stdout


def _memory(folder: Path) -> list[Line]:
    """Each process, embedded (SQLite, no drivers of servers), after its start and after an order that came by all of them."""
    with world.demo(folder) as demo:
        born = {role: _largest(pid) for role, pid in demo.pids().items()}
        demo.play()
        return [_resident_line(role, _largest(pid), born[role]) for role, pid in demo.pids().items()]


def _resident_line(role: str, now: float, born: float) -> Line:
    return Line(f"startup: memory of {role} after an order, MB", now, f"≤ {MEMORY[role]}", f"{born:.0f} MB after its start")


def _largest(pid: int) -> float:
    """Resident MB of the process, or of its largest child: gunicorn's workers."""
    return max(_resident(one) for one in (pid, *world.children(pid)))


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
