"""PostgreSQL and Redis of the bench's own, as durable as they are in life, in a temporary folder on free ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

READY_S = 20


class Missing(Exception):
    """A server that is not installed on this machine."""


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database. Unlike the tests' server it writes to disk at every commit."""
    tools = Path(_found("postgres", *sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True))).parent
    with _folder() as folder:
        # PostgreSQL refuses to run as root
        whose = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if whose:
            shutil.chown(folder, **whose)
        data, port = folder / "data", _free_port()
        init = [tools / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, **whose)
        command = [tools / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-c", "max_connections=100"]
        with _running(command, folder, port, **whose):
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            until(lambda: _lets_in(url), "PostgreSQL")
            yield url


@contextmanager
def redis() -> Iterator[str]:
    """The address of an empty Redis."""
    program = _found("redis-server")
    with _folder() as folder:
        port = _free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
        with _running(command, folder, port):
            yield f"redis://127.0.0.1:{port}/0"


def _found(name: str, *elsewhere: Path) -> str:
    path = next(map(str, elsewhere), None) or shutil.which(name)
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str | Path], folder: Path, port: int, **whose: str) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **whose)
    try:
        until(lambda: _answers(port), f"{command[0]}: {folder / 'log'}")
        yield
    finally:
        process.terminate()
        process.wait(READY_S)


def until(answer: Callable[[], object], what: str, seconds: float = READY_S, pause: float = 0.02) -> None:
    """Ask until it is true."""
    limit = time.monotonic() + seconds
    while not answer():
        if time.monotonic() > limit:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(pause)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _lets_in(url: str) -> bool:
    """Its port is open a while before it talks."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
