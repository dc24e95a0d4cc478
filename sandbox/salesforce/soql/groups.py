"""Aggregates and GROUP BY: records put together by the values of some fields, and what is counted and summed about them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sandbox.salesforce.metadata import Field
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql.columns import Column, Names, Row
from sandbox.salesforce.soql.select import Reader, Selection, ordered, window
from sandbox.salesforce.soql.tree import Aggregate, Fields, Named, Path, Query
from sandbox.salesforce.soql.values import stored

Group = Row  # {"rows": […]}: as wide as what conditions and orderings read from
NUMBERS = ("double", "currency", "percent", "int")
COUNTED = Field("expr", "int")
AVERAGE = Field("expr", "double")
FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len, "SUM": sum, "AVG": lambda held: sum(held) / len(held), "MIN": min, "MAX": max,
}  # fmt: skip


class Groups:
    def __init__(self, names: Names, selection: Selection) -> None:
        self._names, self._selection = names, selection

    def records(self, query: Query, sobject: SObject, rows: Iterable[Row]) -> list[Row]:
        read = self._reader(query, sobject)
        cells = self._cells(query, read)
        found: list[Row] = self._grouped(query, sobject, self._selection.filtered(query.where, sobject, query.alias, rows))
        if query.having:
            found = list(filter(self._selection.predicate(query.having, read), found))
        found = window(query, ordered(query.order, found, read))
        return [{"attributes": {"type": "AggregateResult"}, **{name: value(group) for name, value in cells.items()}} for group in found]

    def _grouped(self, query: Query, sobject: SObject, rows: list[Row]) -> list[Group]:
        if not query.group:
            return [{"rows": rows}]
        columns = [self._names.filterable(path, sobject, query.alias, "grouped") for path in query.group]
        found: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            key = tuple(stored(column.field, self._names.value(column, row)) for column in columns)
            found.setdefault(key, []).append(row)
        return [{"rows": each} for each in found.values()]

    def _cells(self, query: Query, read: Reader) -> dict[str, Callable[[Group], Any]]:
        """The keys of a record in the order of the SELECT; aggregates without a name are numbered."""
        cells: dict[str, Callable[[Group], Any]] = {}
        numbered = 0
        for each in query.items:
            item, name = (each.item, each.alias) if isinstance(each, Named) else (each, "")
            if isinstance(item, Query | Fields):
                at = item.source.at if isinstance(item, Query) else item.at
                self._names.refuse(at, "MALFORMED_QUERY", "only fields and aggregates are allowed in a grouped query")
            if isinstance(item, Aggregate) and not name:
                name, numbered = f"expr{numbered}", numbered + 1
            field, value = read(item)
            name = name or field.name
            if name in cells:
                self._names.refuse(item.at, "MALFORMED_QUERY", f"duplicate alias: {name}")
            cells[name] = value
        return cells

    def _reader(self, query: Query, sobject: SObject) -> Reader:
        """What a name stands for in a group: an aggregate, its alias, or a field that the group has in common."""
        aliases = {each.alias.lower(): each.item for each in query.items if isinstance(each, Named)}
        common = [self._names.column(path, sobject, query.alias) for path in query.group]

        def read(path: Path | Aggregate) -> tuple[Field, Callable[[Group], Any]]:
            meant = aliases.get(path.names[0].lower(), path) if isinstance(path, Path) and len(path.names) == 1 else path
            if isinstance(meant, Aggregate):
                return self._aggregate(meant, sobject, query.alias)
            column = self._names.column(meant, sobject, query.alias)
            if column not in common:
                self._names.refuse(meant.at, "MALFORMED_QUERY", f"Field must be grouped or aggregated: {'.'.join(meant.names)}")
            return column.field, lambda group: self._names.value(column, group["rows"][0])

        return read

    def _aggregate(self, asked: Aggregate, sobject: SObject, alias: str) -> tuple[Field, Callable[[Group], Any]]:
        column = self._names.filterable(asked.path, sobject, alias, "aggregated")
        kind, function = column.field.type, asked.function
        if (function in ("SUM", "AVG") and kind not in NUMBERS) or (function in ("MIN", "MAX") and kind == "boolean"):
            self._names.refuse(asked.at, "MALFORMED_QUERY", f"field {column.field.name} does not support aggregate operator {function}")
        if function == "COUNT_DISTINCT":
            return COUNTED, lambda group: len({stored(column.field, value) for value in self._held(column, group)})
        field = COUNTED if function == "COUNT" else AVERAGE if function == "AVG" else column.field
        return field, partial(self._of, FUNCTIONS[function], column, function == "COUNT")

    def _of(self, function: Callable[[list[Any]], Any], column: Column, counts: bool, group: Group) -> Any:
        """Nulls do not count; of nothing at all only a count is known."""
        held = self._held(column, group)
        return function(held) if held or counts else None

    def _held(self, column: Column, group: Group) -> list[Any]:
        values = (self._names.value(column, row) for row in group["rows"])
        return [value for value in values if value is not None]
