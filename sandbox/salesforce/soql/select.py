"""Which rows a query means, and in which order: look-ups before scans, conditions, sorting, limits."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.salesforce.metadata import Field
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql.columns import Names, Row
from sandbox.salesforce.soql.tree import Aggregate, All, Any_, Compare, Condition, In, Literal, Not, Ordering, Path, Query, SoqlError
from sandbox.salesforce.soql.values import stored, test, wanted

Predicate = Callable[[Row], bool]
Value = Callable[[Row], Any]
Reader = Callable[[Path | Aggregate], tuple[Field, Value]]
OFFSET_LIMIT = 2000


class Selection:
    def __init__(self, names: Names, now: datetime) -> None:
        self._names, self._now = names, now

    def candidates(self, where: Condition | None, sobject: SObject, query: Query) -> Iterable[Row]:
        """The fewest rows that can be had without a scan: by the first condition that must hold and has a look-up."""
        parts = where.parts if isinstance(where, All) else (where,)
        exact = [found for part in parts if isinstance(part, Compare | In) and (found := self._exact(part, sobject, query.alias))]
        if not exact:
            return self._names.source.rows(sobject.name)
        field, values = min(exact, key=lambda found: _breadth(found[0]))
        return [row for value in values for row in self._names.source.find(sobject.name, field.name, value)]

    def _exact(self, part: Compare | In, sobject: SObject, alias: str) -> tuple[Field, list[Any]] | None:
        literals = _literals(part)
        if not isinstance(part.path, Path):
            return None
        column = self._names.column(part.path, sobject, alias)
        if column.parents or not literals or any(each.kind != "string" for each in literals) or not _breadth(column.field):
            return None
        keys = (self._names.guarded(each, partial(_spelt, column.field, each, self._now)) for each in literals)
        return column.field, list(dict.fromkeys(key for key in keys if key is not None))

    def select(self, query: Query, sobject: SObject, rows: Iterable[Row]) -> list[Row]:
        read = self.reader(sobject, query.alias, "sorted")
        found = self.filtered(query.where, sobject, query.alias, rows)
        return window(query, ordered(query.order, found, read))

    def filtered(self, where: Condition | None, sobject: SObject, alias: str, rows: Iterable[Row]) -> list[Row]:
        holds = self.predicate(where, self.reader(sobject, alias, "filtered")) if where else None
        return [row for row in rows if holds is None or holds(row)]

    def reader(self, sobject: SObject, alias: str, use: str) -> Reader:
        """What a name in a condition or an ordering stands for: its field, and its value in a row."""

        def read(path: Path | Aggregate) -> tuple[Field, Value]:
            if isinstance(path, Aggregate):
                self._names.refuse(path.at, "MALFORMED_QUERY", f"Grouped query required: aggregates cannot be {use} here")
            column = self._names.filterable(path, sobject, alias, use)
            return column.field, partial(self._names.value, column)

        return read

    def predicate(self, condition: Condition, read: Reader) -> Predicate:
        if isinstance(condition, All | Any_):
            parts = [self.predicate(part, read) for part in condition.parts]
            every = all if isinstance(condition, All) else any
            return lambda row: every(part(row) for part in parts)
        if isinstance(condition, Not):
            inner = self.predicate(condition.inner, read)
            return lambda row: not inner(row)
        field, value = read(condition.path)
        if isinstance(condition, In):
            return self._membership(condition, field, value)
        literal = condition.value
        passes = self._names.guarded(literal, lambda: test(field, condition.operator, literal, self._now))
        return lambda row: passes(value(row))

    def _membership(self, condition: In, field: Field, value: Value) -> Predicate:
        if isinstance(condition.values, Query):
            members = self._semi_join(condition.values)
        else:
            members = {self._names.guarded(each, partial(wanted, field, each, self._now)) for each in condition.values}
        return lambda row: (stored(field, value(row)) in members) != condition.negated

    def _semi_join(self, query: Query) -> set[Any]:
        sobject = self._names.object(query.source)
        if len(query.items) != 1 or not isinstance(query.items[0], Path):
            self._names.refuse(query.source.at, "MALFORMED_QUERY", "A semi join sub-select must have exactly one field")
        column = self._names.column(query.items[0], sobject, query.alias)
        rows = self.select(query, sobject, self.candidates(query.where, sobject, query))
        return {stored(column.field, self._names.value(column, row)) for row in rows} - {None}


def ordered(order: tuple[Ordering, ...], rows: list[Row], read: Reader) -> list[Row]:
    """Nulls come first unless they are asked for last; equals stay as they were."""
    for each in reversed(order):
        field, value = read(each.path)
        keyed = [(stored(field, value(row)), row) for row in rows]
        full = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=each.descending)
        nulls = [row for key, row in keyed if key is None]
        rows = [*nulls, *(row for _, row in full)] if each.nulls_first else [*(row for _, row in full), *nulls]
    return rows


def window(query: Query, rows: list[Row]) -> list[Row]:
    if query.offset > OFFSET_LIMIT:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {OFFSET_LIMIT}")
    return rows[query.offset : None if query.limit is None else query.offset + query.limit]


def _literals(part: Compare | In) -> tuple[Literal, ...]:
    if isinstance(part, Compare):
        return (part.value,) if part.operator == "=" else ()
    return part.values if not part.negated and isinstance(part.values, tuple) else ()


def _breadth(field: Field) -> int:
    """How many rows a value of the field may have (1 to 4); 0 where SOQL's equality is not equality of what is stored."""
    if field.type in ("id", "reference"):
        return 1 if field.type == "id" else 3
    return 2 if field.unique and field.case_sensitive else 4 if field.restricted else 0


def _spelt(field: Field, literal: Literal, now: datetime) -> Any:
    """The value as it is stored: a restricted picklist's own spelling for what was written in any case."""
    value = wanted(field, literal, now)
    return next((each for each in field.values if each.casefold() == value), value) if field.restricted else value
