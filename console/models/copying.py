"""All rows from one database to another, ids kept, in one go or not at all; and the backup of SQLite while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from peewee import AutoField, BlobField, BooleanField, Database, DataError, IntegrityError, Model, PostgresqlDatabase

from console.models import TABLES, migrating

_CHUNK = 500  # rows of one INSERT: the widest table stays far below what SQLite and PostgreSQL take as parameters


Failed = sqlite3.Error  # what a backup may end in, beside OSError


class NotCopied(Exception):
    """Why the target was left as it was; a sentence for the person at the command line."""


def copy(source: Database, target: Database) -> dict[str, int]:
    """Rows copied, by table. The target must have no rows; its tables are made where they are missing."""
    if behind := migrating.pending(source):
        raise NotCopied(f"This database is not up to date ({', '.join(behind)}): run `db upgrade` here first.")
    if filled := [table._meta.table_name for table in TABLES if _exists(target, table) and _count(target, table)]:
        raise NotCopied(f"The target is not empty: {', '.join(filled)}. Nothing was copied.")
    migrating.upgrade(target)
    with _unchanging(source), target.atomic():
        return {table._meta.table_name: _copy_table(source, target, table) for table in TABLES}


def _unchanging(source: Database) -> AbstractContextManager[Any]:
    """All reads see the database as it is now."""
    options = {"isolation_level": "REPEATABLE READ"} if isinstance(source, PostgresqlDatabase) else {"lock_type": "DEFERRED"}
    return source.atomic(**options)  # type: ignore[no-any-return]


def _copy_table(source: Database, target: Database, table: type[Model]) -> int:
    for rows in _chunks(source, table):
        try:
            _insert(target, table, rows)
        except (DataError, IntegrityError) as error:  # the first line tells the rule that was broken, a second one would tell the data
            raise NotCopied(f"{table._meta.table_name}: the target refused a row: {str(error).splitlines()[0]}") from None
    _set_sequence(target, table)
    wanted, found = _count(source, table), _count(target, table)
    if wanted != found:
        raise NotCopied(f"{table._meta.table_name}: {wanted} rows here, {found} in the target. Nothing was copied.")
    return found


def _insert(target: Database, table: type[Model], rows: list[tuple[Any, ...]]) -> None:
    fields = table._meta.sorted_fields
    row = "(" + ", ".join([target.param] * len(fields)) + ")"
    sql = f'INSERT INTO "{table._meta.table_name}" ({_columns(table)}) VALUES {", ".join([row] * len(rows))}'  # noqa: S608  our own names
    target.execute_sql(sql, [_value(field, value) for row in rows for field, value in zip(fields, row, strict=True)])


def _columns(table: type[Model]) -> str:
    return ", ".join(f'"{field.column_name}"' for field in table._meta.sorted_fields)


def _chunks(source: Database, table: type[Model]) -> Iterator[list[tuple[Any, ...]]]:
    """By primary key, so that memory does not grow with the table."""
    key = table._meta.primary_key
    at = table._meta.sorted_fields.index(key)
    start = f'SELECT {_columns(table)} FROM "{table._meta.table_name}"'  # noqa: S608  our own names
    after, end = f'WHERE "{key.column_name}" > {source.param}', f'ORDER BY "{key.column_name}" LIMIT {_CHUNK}'
    rows = source.execute_sql(f"{start} {end}").fetchall()
    while rows:
        yield rows
        rows = source.execute_sql(f"{start} {after} {end}", (rows[-1][at],)).fetchall()


def _value(field: Any, value: Any) -> Any:
    """SQLite keeps truth as a number, and the drivers give bytes in wrappings of their own."""
    if value is None:
        return None
    if isinstance(field, BooleanField):
        return bool(value)
    return bytes(value) if isinstance(field, BlobField) else value


def _set_sequence(target: Database, table: type[Model]) -> None:
    """PostgreSQL goes on after the highest id; SQLite does so by itself."""
    key, name = table._meta.primary_key, table._meta.table_name
    if isinstance(target, PostgresqlDatabase) and isinstance(key, AutoField):
        sql = f'SELECT setval(pg_get_serial_sequence(%s, %s), coalesce(max("{key.column_name}"), 0) + 1, false) FROM "{name}"'  # noqa: S608
        target.execute_sql(sql, (f'"{name}"', key.column_name))


def _exists(database: Database, table: type[Model]) -> bool:
    return bool(database.table_exists(table._meta.table_name))


def _count(database: Database, table: type[Model]) -> int:
    return int(database.execute_sql(f'SELECT count(*) FROM "{table._meta.table_name}"').fetchone()[0])  # noqa: S608


def back_up(source: Database, file: Path) -> int:
    """SQLite's own online backup: consistent, while others write. Its size in bytes; FileExistsError rather than replace a file."""
    if file.exists():
        raise FileExistsError(file)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)  # of a backup that was cut off
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(part)) as copied:
            source.connection().backup(copied)
            copied.execute("PRAGMA journal_mode = delete")  # one file, complete by itself
            if (said := copied.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(said)
        os.link(part, file)  # appears complete, and never in the place of another
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size
