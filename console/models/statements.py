"""Frequent statements, their text written out once for each shape: to build it anew costs Peewee five times what SQLite needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache, partial
from typing import Any, TypeVar

from peewee import SQL, Value

from console.models.base import Row, database, on_postgres

Of = TypeVar("Of", bound=Row)
Text = tuple[str, ...]
_PLAIN = (str, int, type(None))  # defaults that stand in the text; any other is made for each statement


def insert(row: type[Row], /, each: Sequence[Mapping[str, Any]] = ({},), *, once: bool = False, returning: str = "", **same: Any) -> Any:
    """The cursor of one INSERT: a row for each of these mappings of the same columns, and the values that all of them share.

    `once` passes over what a unique key has already, without aborting a PostgreSQL transaction. Only `same` may hold SQL.
    """
    same = {**_made(row._meta, {**same, **each[0]}), **same}
    marks, shared = _bind(row._meta, same)
    names = tuple(each[0])
    columns = [_field(row._meta, name).db_value for name in names]
    params = [value for one in each for value in (*shared, *(to(one[name]) for to, name in zip(columns, names, strict=True)))]
    marks += (database.param,) * len(names)
    return database.execute_sql(_insert(row._meta, (*same, *names), marks, len(each), once, returning), params)


def keep(row: type[Of], /, key: Mapping[str, Any], at_first: Mapping[str, Any] | None = None, **values: Any) -> Of:
    """Insert the row of that unique key, with what it needs at first, or change these columns of it; the row as it is now."""
    given = {**key, **(at_first or {}), **values}
    same = {**_made(row._meta, given), **given}
    marks, params = _bind(row._meta, same)
    [kept] = _rows(row, database.execute_sql(_keep(row._meta, tuple(same), marks, tuple(key), tuple(values)), params).fetchall())
    return kept


def update(row: type[Row], /, where: Mapping[str, Any], **values: Any) -> int:
    """Change the rows with these values in these columns, or one of several in a tuple; how many they were."""
    marks, params = _bind(row._meta, values)
    equal, wanted = _wanted(row._meta, where)
    return int(database.execute_sql(_update(row._meta, tuple(values), marks, tuple(where), equal), [*params, *wanted]).rowcount)


def find(row: type[Of], /, **where: Any) -> list[Of]:
    """The rows with these values in these columns, or one of several in a tuple."""
    equal, wanted = _wanted(row._meta, where)
    return _rows(row, database.execute_sql(_select(row._meta, tuple(where), equal), wanted).fetchall())


def find_one(row: type[Of], /, **where: Any) -> Of | None:
    """The row with these values in these columns, if there is one."""
    return next(iter(find(row, **where)), None)


def find_with(row: type[Of], other: str, /, **where: Any) -> Of | None:
    """As `find_one`, with the row that this foreign key names: one statement."""
    key, (equal, wanted) = row._meta.combined[other], _wanted(row._meta, where)
    found = database.execute_sql(_select(row._meta, tuple(where), equal, key), wanted).fetchall()
    if not found:
        return None
    ends = len(row._meta.sorted_fields)
    [one], [named] = _rows(row, [found[0][:ends]]), _rows(key.rel_model, [found[0][ends:]])
    setattr(one, other, named)
    one._dirty.clear()
    return one


def among(row: type[Row], columns: Text, name: str, values: Iterable[str]) -> list[tuple[Any, ...]]:
    """These columns of the rows that have one of the values."""
    wanted = list(values)
    found = database.execute_sql(_among(row._meta, columns, name, on_postgres()), [wanted if on_postgres() else json.dumps(wanted)])
    return found.fetchall()  # type: ignore[no-any-return]


def insert_once(row: type[Row], /, **values: Any) -> bool:
    """Insert unless a unique key is taken; whether it was inserted. Never aborts a PostgreSQL transaction."""
    return bool(insert(row, once=True, **values).rowcount)


def _rows(row: type[Of], found: Sequence[Sequence[Any]]) -> list[Of]:
    """Rows of all columns, made as Peewee makes them."""
    readers = [(field.name, field.python_value) for field in row._meta.sorted_fields]
    rows = [row(__no_default__=1, **{n: read(v) for (n, read), v in zip(readers, values, strict=True)}) for values in found]
    for one in rows:
        one._dirty.clear()
    return rows


def _field(table: Any, name: str) -> Any:
    return table.combined[name]


def _bind(table: Any, values: Mapping[str, Any]) -> tuple[Text, list[Any]]:
    """What stands in the text for each value, and the parameters."""
    marks, params = [], []
    for name, value in values.items():
        if isinstance(value, SQL):  # the database's clock
            marks.append(value.sql)
            params += value.params
        else:
            marks.append(database.param)
            params.append(value.value if isinstance(value, Value) else _field(table, name).db_value(value))
    return tuple(marks), params


def _wanted(table: Any, where: Mapping[str, Any]) -> tuple[Text, list[Any]]:
    """The comparison that stands in the text for each column, and the parameters."""
    several = {name: value if isinstance(value, tuple) else (value,) for name, value in where.items()}
    marks = tuple(f"IN ({', '.join([database.param] * len(values))})" for values in several.values())
    return marks, [_field(table, name).db_value(value) for name, values in several.items() for value in values]


def _made(table: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is made for columns that are not given."""
    return {name: make() for name, make in _makers(table).items() if name not in given}


@lru_cache
def _makers(table: Any) -> dict[str, Callable[[], Any]]:
    defaults = {field.name: field.default for field in table.sorted_fields if not isinstance(field.default, _PLAIN)}
    return {name: default if callable(default) else partial(copy, default) for name, default in defaults.items()}


def _columns(table: Any, names: Iterable[str]) -> list[str]:
    return [f'"{_field(table, name).column_name}"' for name in names]


def _fixed(table: Any, names: Iterable[str]) -> dict[str, str]:
    """Columns that are not given, with their defaults as they stand in the text."""
    given = {_field(table, name) for name in names}
    left = [field for field in table.sorted_fields if field not in given and not field.auto_increment]
    return {f'"{field.column_name}"': _literal(field.default) for field in left}


def _literal(default: str | int | None) -> str:
    if isinstance(default, str):
        return "'" + default.replace("'", "''") + "'"
    return "NULL" if default is None else str(default)


@lru_cache(maxsize=256)
def _insert(table: Any, names: Text, marks: Text, rows: int, once: bool, returning: str) -> str:
    fixed = _fixed(table, names)
    into = ", ".join([*_columns(table, names), *fixed])
    one = f"({', '.join([*marks, *fixed.values()])})"
    ends = " ON CONFLICT DO NOTHING" * once + (f" RETURNING {returning}" if returning else "")
    return f"INSERT INTO {_table(table)} ({into}) VALUES {', '.join([one] * rows)}{ends}"  # noqa: S608  names are columns, values are bound


@lru_cache(maxsize=256)
def _keep(table: Any, names: Text, marks: Text, key: Text, changed: Text) -> str:
    changes = ", ".join(f"{column} = excluded.{column}" for column in _columns(table, changed))
    conflict = f"ON CONFLICT ({', '.join(_columns(table, key))}) DO UPDATE SET {changes}"
    return f"{_insert(table, names, marks, 1, False, '')} {conflict} RETURNING {_all(table)}"


@lru_cache(maxsize=256)
def _update(table: Any, names: Text, marks: Text, where: Text, equal: Text) -> str:
    changes = ", ".join(f"{column} = {mark}" for column, mark in zip(_columns(table, names), marks, strict=True))
    return f"UPDATE {_table(table)} SET {changes} WHERE {_equal(table, where, equal)}"  # noqa: S608  as above


@lru_cache(maxsize=256)
def _select(table: Any, where: Text, equal: Text, key: Any = None) -> str:
    columns, joined = _all(table), ""
    if key is not None:
        other = key.rel_model._meta
        columns += f", {_all(other)}"
        joined = f" JOIN {_table(other)} ON {_column(key.rel_field)} = {_column(key)}"
    return f"SELECT {columns} FROM {_table(table)}{joined} WHERE {_equal(table, where, equal)}"  # noqa: S608  as above


@lru_cache
def _among(table: Any, columns: Text, name: str, postgres: bool) -> str:
    among = "= ANY(%s)" if postgres else "IN (SELECT value FROM json_each(?))"
    return f"SELECT {', '.join(_columns(table, columns))} FROM {_table(table)} WHERE {_columns(table, [name])[0]} {among}"  # noqa: S608  as above


def _equal(table: Any, where: Text, marks: Text) -> str:
    return " AND ".join(f"{_column(_field(table, name))} {mark}" for name, mark in zip(where, marks, strict=True))


def _all(table: Any) -> str:
    return ", ".join(map(_column, table.sorted_fields))


def _column(field: Any) -> str:
    return f'{_table(field.model._meta)}."{field.column_name}"'


def _table(table: Any) -> str:
    return f'"{table.table_name}"'
