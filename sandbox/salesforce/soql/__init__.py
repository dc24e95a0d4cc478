"""Runs a SOQL query over rows of any store: `run(query, schema, rows, find)` answers records as the REST API words them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox import clock
from sandbox.salesforce.schema import Schema, SObject
from sandbox.salesforce.soql.columns import ADVICE, Column, Find, Names, Row, Rows, Source
from sandbox.salesforce.soql.grammar import parse
from sandbox.salesforce.soql.groups import Groups
from sandbox.salesforce.soql.select import Selection
from sandbox.salesforce.soql.tree import Path, Query, SoqlError

__all__ = ["Result", "SoqlError", "run"]


@dataclass(frozen=True)
class Result:
    """`total` is what totalSize says; COUNT() has no records."""

    total: int
    records: list[Row]


def run(
    query: str, schema: Schema, rows: Rows, find: Find | None = None, *, base: str = "/services/data/v67.0", now: datetime | None = None
) -> Result:
    """Rows hold API names, ids of 18 characters, dates and datetimes as the API writes them; absent means null.

    `find` makes ids, references, unique case-sensitive fields and restricted picklists quick; without it everything is scanned.
    `base` stands in the records' urls. Raises SoqlError.
    """
    tree = parse(query)
    names = Names(query, schema, Source(rows, find))
    selection = Selection(names, now or clock.moment())
    sobject = names.object(tree.source)
    if tree.grouped:
        grouped = Groups(names, selection).records(tree, sobject, selection.candidates(tree.where, sobject, tree))
        return Result(len(grouped), grouped)
    shape = Shaper(names, selection, base).shape(tree, sobject)
    found = selection.select(tree, sobject, selection.candidates(tree.where, sobject, tree))
    return Result(len(found), [] if tree.count else [shape(row) for row in found])


class Shaper:
    """Makes records of rows: parents nested, children as answers of their own."""

    def __init__(self, names: Names, selection: Selection, base: str) -> None:
        self._names, self._selection, self._base = names, selection, base

    def shape(self, query: Query, sobject: SObject) -> Callable[[Row], Row]:
        """Makes a record of a row, with its keys in the order of the SELECT."""
        query = replace(query, items=tuple(each for item in query.items for each in self._names.spread(item, sobject, query)))
        columns = [item if isinstance(item, Query) else self._names.column(item, sobject, query.alias) for item in query.items]
        self._refuse_doubles(query, columns)
        children = {id(item): self._child_shape(item, sobject) for item in query.items if isinstance(item, Query)}

        def made(row: Row) -> Row:
            record = self._attributed(sobject.name, row)
            for column in columns:
                if isinstance(column, Query):
                    name, answer = children[id(column)]
                    record[name] = answer(row)
                else:
                    self._fill(record, row, column)
            return record

        return made

    def _refuse_doubles(self, query: Query, columns: list[Any]) -> None:
        for number, (item, column) in enumerate(zip(query.items, columns, strict=True)):
            if isinstance(item, Path) and column in columns[:number]:
                self._names.refuse(item.at, "INVALID_FIELD", f"duplicate field selected: {column.field.name}")

    def _attributed(self, name: str, row: Row) -> Row:
        return {"attributes": {"type": name, "url": f"{self._base}/sobjects/{name}/{row['Id']}"}}

    def _fill(self, record: Row, row: Row, column: Column) -> None:
        held: Row = row
        for reference in column.parents:
            parent = self._names.source.parent(reference.reference_to, held.get(reference.name))
            if parent is None:
                record.setdefault(reference.relationship, None)
                return
            record = record.setdefault(reference.relationship, self._attributed(reference.reference_to, parent))
            held = parent
        record[column.field.name] = held.get(column.field.name)

    def _child_shape(self, query: Query, sobject: SObject) -> tuple[str, Callable[[Row], Row | None]]:
        found = sobject.child(query.source.names[0]) if len(query.source.names) == 1 else None
        if found is None:
            wrong = f"Didn't understand relationship '{'.'.join(query.source.names)}' in FROM part of query call. {ADVICE}"
            self._names.refuse(query.source.at, "INVALID_TYPE", wrong)
        if query.grouped or query.count:
            self._names.refuse(query.source.at, "MALFORMED_QUERY", "aggregates are not allowed in a subquery of the SELECT")
        name, child = found
        kind = self._names.schema.objects[child.object]
        shape = self.shape(query, kind)

        def answer(row: Row) -> Row | None:
            rows = self._selection.select(query, kind, self._names.source.find(kind.name, child.field, row["Id"]))
            return {"totalSize": len(rows), "done": True, "records": [shape(each) for each in rows]} if rows else None

        return name, answer
