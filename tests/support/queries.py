"""Counts the SQL statements that a test causes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import Database


@contextmanager
def counted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements inside, as (sql, values), transaction marks left out."""
    seen: list[tuple[str, Any]] = []
    original = database.execute_sql

    def noted(sql: str, params: Any = None, *rest: Any, **more: Any) -> Any:
        if not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append((sql, params))
        return original(sql, params, *rest, **more)

    database.execute_sql = noted
    try:
        yield seen
    finally:
        database.execute_sql = original
