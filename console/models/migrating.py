"""Numbered migrations under a lock: any number of processes may ask at once, one migrates, the others wait."""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, OperationalError, SqliteDatabase
from playhouse.migrations import Runner

from console import log
from console.models.connecting import make_private

_log = log.logger(__name__)
_FOLDER = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x436F6E73  # PostgreSQL's advisory lock: any number, the same everywhere
_LOCK_MS = 200  # far below the second after which PostgreSQL looks for a deadlock and ends one of the two
_PATIENCE_S = 600.0
_LOCKED_OUT = frozenset({"55P03", "40P01"})  # waited for a lock too long; ended as the victim of a deadlock


def upgrade(database: Database) -> list[str]:
    """Apply what is pending; the names applied."""
    with _alone(database):
        names = pending(database)
        limit = time.monotonic() + _PATIENCE_S
        while not _applied(database, limit):
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311  jitter
        return names


def _applied(database: Database, limit: float) -> bool:
    """False when a program at work has what a migration needs: its transaction is undone, not theirs, and nobody queues behind it."""
    try:
        Runner(database, str(_FOLDER)).up()
    except OperationalError as error:
        if getattr(getattr(error, "orig", None), "sqlstate", "") not in _LOCKED_OUT or time.monotonic() > limit:
            raise
        _log.info("migration_waits")
        return False
    return True


def pending(database: Database) -> list[str]:
    """Migrations that this code has and the database has not."""
    return [row.name for row in Runner(database, str(_FOLDER)).status() if not row.applied]


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    if isinstance(database, SqliteDatabase):
        file = Path(f"{database.database}.migrating")
        make_private(file)
        with file.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    database.execute_sql("SELECT pg_advisory_lock(%s)", (_LOCK_NUMBER,))
    try:
        database.execute_sql(f"SET lock_timeout = {_LOCK_MS}")
        yield
    finally:
        database.execute_sql("RESET lock_timeout")
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (_LOCK_NUMBER,))
