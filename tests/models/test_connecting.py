"""A connection that breaks costs what was under way, and nothing after it; a file that cannot be written says so."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from peewee import Database, OperationalError

from console import models, wiring
from console.models import AuditEntry, migrating
from console.models.base import DatabaseTrouble
from tests.support import postgres

ROOT = Path(__file__).resolve().parents[2]


def note(verb: str) -> None:
    AuditEntry.note("test", verb, "database")


def verbs() -> list[str]:
    return [row.verb for row in AuditEntry.select().order_by(AuditEntry.id)]


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """A second connection to the same PostgreSQL database."""
    made = wiring.database_at(database.database)
    yield made
    made.close()


@pytest.mark.postgres
def test_it_does_not_notice_that_an_idle_connection_was_cut_off(database: Database, other: Database) -> None:
    note("before")
    postgres.cut_off_others(other)
    note("after")
    assert verbs() == ["before", "after"]


@pytest.mark.postgres
def test_it_begins_on_a_new_connection(database: Database, other: Database) -> None:
    note("before")
    postgres.cut_off_others(other)
    with models.transaction(), models.transaction():
        note("after")
    assert verbs() == ["before", "after"]


@pytest.mark.postgres
@pytest.mark.parametrize("depth", [1, 2])
def test_it_loses_the_transaction_that_was_cut_off_and_no_other(database: Database, other: Database, depth: int) -> None:
    rung: list[str] = []
    with pytest.raises(OperationalError):  # noqa: PT012, SIM117
        with models.transaction():
            models.after_commit(lambda: rung.append("lost"))
            note("lost")
            with models.transaction() if depth == 2 else nullcontext():
                postgres.cut_off_others(other)
                note("lost too")
    assert not database.in_transaction()
    with models.transaction():
        note("kept")
    assert (verbs(), rung) == (["kept"], [])


@pytest.mark.postgres
def test_it_says_that_a_commit_did_not_come_through(database: Database, other: Database) -> None:
    with pytest.raises(OperationalError), models.transaction():  # noqa: PT012
        note("lost")
        postgres.cut_off_others(other)
    assert verbs() == []


@pytest.mark.postgres
def test_it_lets_nobody_hold_locks_while_stopped(database: Database) -> None:
    database.execute_sql("SET idle_in_transaction_session_timeout = '50ms'")
    with pytest.raises(OperationalError), models.transaction():  # noqa: PT012
        note("lost")
        time.sleep(0.2)
        note("lost too")
    database.close()
    assert verbs() == []


@pytest.mark.postgres
def test_it_opens_one_connection_per_thread(database: Database, other: Database) -> None:
    def work() -> None:
        for _ in range(20):
            note("busy")

    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    before = other.execute_sql(count).fetchone()[0]
    done = threading.Barrier(9)
    threads = [threading.Thread(target=lambda: (work(), done.wait(10), done.wait(10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    done.wait(10)
    assert other.execute_sql(count).fetchone()[0] == before + 8
    done.wait(10)
    for thread in threads:
        thread.join()


def test_it_outlives_a_restart_of_the_server() -> None:
    try:
        with postgres.own_server() as server:
            _restarted(server)
    except postgres.Missing as missing:
        pytest.skip(str(missing))


def _restarted(server: postgres.Server) -> None:
    before = models.database.obj
    opened = wiring.database_at(postgres.make_database(server.url, "restarted"))
    models.database.initialize(opened)
    migrating.upgrade(opened)
    note("before")
    server.stop()
    with pytest.raises(DatabaseTrouble):
        note("meanwhile")
    server.start()
    note("after")
    assert verbs() == ["before", "after"]
    opened.close()
    models.database.initialize(before)


@pytest.fixture
def holder(database: Database) -> Iterator[sqlite3.Connection]:
    """Another program that has SQLite's write lock."""
    connection = sqlite3.connect(database.database, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


@pytest.mark.sqlite
def test_it_waits_for_a_lock(database: Database, holder: sqlite3.Connection) -> None:
    threading.Timer(0.3, lambda: holder.execute("COMMIT")).start()
    with models.transaction():
        note("after")
    assert verbs() == ["after"]


@pytest.mark.sqlite
def test_it_waits_for_30_seconds_then_says_that_it_is_locked(database: Database, holder: sqlite3.Connection) -> None:
    assert database.pragma("busy_timeout") == 30_000
    database.pragma("busy_timeout", 50)
    with pytest.raises(OperationalError, match="locked"), models.transaction():
        note("lost")
    holder.execute("COMMIT")
    note("after")
    database.pragma("busy_timeout", 30_000)
    assert verbs() == ["after"]


_FULL = """
import resource, sys
from console import log, models
from console.models import AuditEntry, migrating
from console.models.connecting import Sqlite
log.configure()
models.database.initialize(Sqlite(sys.argv[1], pragmas={"journal_mode": "wal"}, lock_type="IMMEDIATE"))
migrating.upgrade(models.database.obj)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
pairs = 0
try:
    while True:
        with models.transaction():
            for verb in ("first", "second"):
                AuditEntry.note("test", verb, "x" * 80, "x" * 300)
        pairs += 1
except models.base.DatabaseTrouble as error:
    print(type(error).__name__, str(error)[:60])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with models.transaction():
    AuditEntry.note("test", "after", "database")
counts = [AuditEntry.select().where(AuditEntry.verb == verb).count() for verb in ("first", "second", "after")]
print(counts == [pairs, pairs, 1], pairs > 10)
"""


def test_it_keeps_no_half_of_what_did_not_fit_on_the_disk(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path / "full.db")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["OperationalError disk I/O error", "True True"], done.stderr


_UNWRITABLE = """
import os, shutil, tempfile
from console import log, models
from console.models import AuditEntry, migrating
from console.models.connecting import Sqlite
log.configure()
folder = tempfile.mkdtemp()
if os.geteuid() == 0:  # root may write everything
    os.chown(folder, 65534, 65534)
    os.seteuid(65534)
made = Sqlite(f"{folder}/console.db", pragmas={"journal_mode": "wal"}, lock_type="IMMEDIATE")
models.database.initialize(made)
migrating.upgrade(made)
made.close()
for mode in (0o400, 0o600):
    for name in os.listdir(folder):
        os.chmod(f"{folder}/{name}", mode)
    try:
        with models.transaction():
            AuditEntry.note("test", "written", "database")
        print("written")
    except models.base.DatabaseTrouble as error:
        print(error)
shutil.rmtree(folder)
"""


def test_it_writes_again_once_the_file_may_be_written() -> None:
    done = subprocess.run([sys.executable, "-c", _UNWRITABLE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["attempt to write a readonly database", "written"], done.stderr
