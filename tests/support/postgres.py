"""A PostgreSQL server of the tests' own: a fresh one in a temporary folder, or the one that TEST_POSTGRES names."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
# durability costs time and a test's server is thrown away
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")


class Missing(Exception):
    """There is no PostgreSQL on this machine; says what to install."""


@contextmanager
def server() -> Iterator[str]:
    """Its address without a database name: postgresql://user@host:port."""
    if given := os.environ.get("TEST_POSTGRES"):
        yield given.rstrip("/")
        return
    with own_server() as made:
        yield made.url


@contextmanager
def own_server() -> Iterator[Server]:
    """One that the caller may stop and start."""
    tools = _tools()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        made = Server(tools, folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server_url: str, name: str) -> str:
    """A fresh, empty database; its address."""
    import psycopg

    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server_url}/{name}"


def cut_off_others(database: Database) -> None:
    """What a restart of the server does to everybody else who speaks with this database."""
    database.execute_sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def _tools() -> Path:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise Missing("psycopg is not installed (requirements-scale.txt)") from None
    on_path = shutil.which("postgres")
    if not _BINARIES and not on_path:
        raise Missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return _BINARIES[0] if _BINARIES else Path(str(on_path)).parent


class Server:
    """A fresh server in a folder; it can be stopped and started again with what it holds."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self._tools, self._folder, self.port = tools, folder, _free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}"
        # PostgreSQL refuses to run as root
        self._whose = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self._whose:
            shutil.chown(folder, **self._whose)
        init = [tools / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, **self._whose)

    def start(self) -> None:
        options = [part for setting in _QUICK for part in ("-c", setting)]
        place = ["-D", self._folder / "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", self._folder]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._tools / "postgres", *place, *options], stdout=log, stderr=log, **self._whose)
        _await(self.port, self._process, self._folder)

    def stop(self) -> None:
        self._process.send_signal(2)  # SIGINT: the fast shutdown
        self._process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    limit = time.monotonic() + 20
    while time.monotonic() < limit and process.poll() is None:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text()[-2000:])
