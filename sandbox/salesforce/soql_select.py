"""Which rows a query means, and in which order: look-ups before scans, conditions, sorting, limits."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.salesforce.metadata import Field
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql_columns import Column, Names, Row
from sandbox.salesforce.soql_tree import All, Any_, Compare, Condition, In, Literal, Not, Path, Query, SoqlError
from sandbox.salesforce.soql_values import stored, test, wanted

Predicate = Callable[[Row], bool]
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
        column = self._names.column(part.path, sobject, alias)
        literals = _literals(part)
        if column.parents or not literals or any(each.kind != "string" for each in literals) or not _breadth(column.field):
            return None
        keys = (self._names.guarded(each, partial(_spelt, column.field, each, self._now)) for each in literals)
        return column.field, list(dict.fromkeys(key for key in keys if key is not None))

    def select(self, query: Query, sobject: SObject, rows: Iterable[Row]) -> list[Row]:
        holds = self._predicate(query.where, sobject, query.alias) if query.where else None
        found = [row for row in rows if holds is None or holds(row)]
        for ordering in reversed(query.order):
            column = self._names.filterable(ordering.path, sobject, query.alias, "sorted")
            self._sort(found, column, ordering.descending, ordering.nulls_first)
        if query.offset > OFFSET_LIMIT:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {OFFSET_LIMIT}")
        return found[query.offset : None if query.limit is None else query.offset + query.limit]

    def _sort(self, rows: list[Row], column: Column, descending: bool, nulls_first: bool) -> None:
        keyed = [(stored(column.field, self._names.value(column, row)), row) for row in rows]
        full = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
        nulls = [row for key, row in keyed if key is None]
        rows[:] = [*nulls, *(row for _, row in full)] if nulls_first else [*(row for _, row in full), *nulls]

    def _predicate(self, condition: Condition, sobject: SObject, alias: str) -> Predicate:
        if isinstance(condition, All | Any_):
            parts = [self._predicate(part, sobject, alias) for part in condition.parts]
            every = all if isinstance(condition, All) else any
            return lambda row: every(part(row) for part in parts)
        if isinstance(condition, Not):
            inner = self._predicate(condition.inner, sobject, alias)
            return lambda row: not inner(row)
        column = self._names.filterable(condition.path, sobject, alias, "filtered")
        if isinstance(condition, In):
            return self._membership(condition, column)
        value = condition.value
        passes = self._names.guarded(value, lambda: test(column.field, condition.operator, value, self._now))
        return lambda row: passes(self._names.value(column, row))

    def _membership(self, condition: In, column: Column) -> Predicate:
        if isinstance(condition.values, Query):
            members = self._semi_join(condition.values)
        else:
            members = {self._names.guarded(each, partial(wanted, column.field, each, self._now)) for each in condition.values}
        return lambda row: (stored(column.field, self._names.value(column, row)) in members) != condition.negated

    def _semi_join(self, query: Query) -> set[Any]:
        sobject = self._names.object(query.source)
        if len(query.items) != 1 or not isinstance(query.items[0], Path):
            self._names.refuse(query.source.at, "MALFORMED_QUERY", "A semi join sub-select must have exactly one field")
        column = self._names.column(query.items[0], sobject, query.alias)
        rows = self.select(query, sobject, self.candidates(query.where, sobject, query))
        return {stored(column.field, self._names.value(column, row)) for row in rows} - {None}


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
