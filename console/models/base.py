"""What every row shares: the database, moments in UTC, JSON, one transaction that means the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from peewee import SQL, BigIntegerField, DatabaseProxy, InterfaceError, Model, Node, OperationalError, PostgresqlDatabase, TextField, Value

from console import clock

database = DatabaseProxy()
DatabaseTrouble = (OperationalError, InterfaceError)
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(BigIntegerField):  # type: ignore[misc]
    """An aware datetime, stored as milliseconds since 1970 UTC: one comparison and one arithmetic on both databases."""

    if TYPE_CHECKING:  # on a row the attribute is the value, on the class it is the column

        def __get__(self, row: Any, of: Any = None) -> Any: ...

        def __set__(self, row: Any, value: Any) -> None: ...

    def db_value(self, value: Any) -> Any:
        return millis(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(milliseconds=int(value))


class Json(TextField):  # type: ignore[misc]
    """Plain JSON in a text column; what is read is a fresh value."""

    if TYPE_CHECKING:  # on a row the attribute is the value, on the class it is the column

        def __get__(self, row: Any, of: Any = None) -> Any: ...

        def __set__(self, row: Any, value: Any) -> None: ...

    def db_value(self, value: Any) -> str | None:
        return None if value is None else _compact(value)

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)


class Row(Model):  # type: ignore[misc]
    """The base of all tables."""

    class Meta:
        database = database
        legacy_table_names = False


def millis(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return round((moment - _EPOCH).total_seconds() * 1000)


def on_postgres() -> bool:
    """Whether the rows live in PostgreSQL."""
    return isinstance(database.obj, PostgresqlDatabase)


def db_now(plus_s: float = 0) -> Node:
    """The moment of the statement plus some seconds, as SQL: PostgreSQL's own clock, so that hosts need not agree; ours on SQLite."""
    if on_postgres():
        return SQL("(extract(epoch from clock_timestamp()) * 1000)::bigint + %s", (round(plus_s * 1000),))
    return Value(millis(clock.now()) + round(plus_s * 1000), converter=False)


def on_db_clock(values: Mapping[str, object], *due: str) -> dict[str, object]:
    """The values of a row, its `due` columns told as so long from now: SQL compares them with the database's clock, not with ours."""
    return dict(values) | {name: _from_now(values[name]) for name in due if isinstance(values.get(name), datetime)}


def _from_now(moment: Any) -> Any:
    return db_now((moment - clock.now()).total_seconds()) if on_postgres() else moment


def transaction() -> AbstractContextManager[Any]:
    """All or nothing. Nested ones are savepoints. SQLite takes its write lock at once (the database's lock_type)."""
    return database.atomic()  # type: ignore[no-any-return]


def after_commit(ring: Callable[[], object]) -> None:
    """Run it once the outermost transaction has committed; at once outside of one."""
    database.after_commit(ring)
