"""Numbered migrations under a lock: any number of processes may ask at once, one migrates, the others wait."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, SqliteDatabase
from playhouse.migrations import Runner

_FOLDER = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x436F6E73  # PostgreSQL's advisory lock: any number, the same everywhere


def upgrade(database: Database) -> list[str]:
    """Apply what is pending; the names applied."""
    with _alone(database):
        return list(Runner(database, str(_FOLDER)).up())


def pending(database: Database) -> list[str]:
    """Migrations that this code has and the database has not."""
    return [row.name for row in Runner(database, str(_FOLDER)).status() if not row.applied]


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    if isinstance(database, SqliteDatabase):
        with Path(f"{database.database}.migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    database.execute_sql("SELECT pg_advisory_lock(%s)", (_LOCK_NUMBER,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (_LOCK_NUMBER,))
