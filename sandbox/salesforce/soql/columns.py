"""Names in a query resolved against the schema, and the rows of a store as a query sees them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from sandbox.salesforce.metadata import Field
from sandbox.salesforce.schema import Schema, SObject
from sandbox.salesforce.soql.tree import Fields, Literal, Named, Path, Query, fail
from sandbox.salesforce.soql.values import BadLiteral

Row = dict[str, Any]
Rows = Callable[[str], Iterable[Row]]  # every row of an object
Find = Callable[[str, str, Any], Iterable[Row]]  # rows of an object whose field equals a value exactly
LONG_TEXT, MOST_OF_ALL = 255, 200
ADVICE = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True)
class Column:
    """A resolved path: the reference fields to walk, then the field itself."""

    parents: tuple[Field, ...]
    field: Field


class Source:
    """The store as a query sees it; every parent is looked up once."""

    def __init__(self, rows: Rows, find: Find | None) -> None:
        self.rows = rows
        self._find = find
        self._seen: dict[tuple[str, str], Row | None] = {}

    def find(self, name: str, field: str, value: Any) -> list[Row]:
        if self._find is not None:
            return list(self._find(name, field, value))
        return [row for row in self.rows(name) if row.get(field) == value]

    def parent(self, name: str, record_id: str | None) -> Row | None:
        if record_id is None:
            return None
        if (name, record_id) not in self._seen:
            self._seen[name, record_id] = next(iter(self.find(name, "Id", record_id)), None)
        return self._seen[name, record_id]


class Names:
    """Resolves one query text; every refusal points at its place there."""

    def __init__(self, text: str, schema: Schema, source: Source) -> None:
        self._text, self.schema, self.source = text, schema, source

    def refuse(self, at: int, code: str, message: str) -> NoReturn:
        fail(self._text, at, code, message)

    def object(self, path: Path) -> SObject:
        found = self.schema.object(path.names[0]) if len(path.names) == 1 else None
        if found is None:
            name = ".".join(path.names)
            self.refuse(path.at, "INVALID_TYPE", f"sObject type '{name}' is not supported. {ADVICE}")
        return found

    def spread(self, item: Any, sobject: SObject, query: Query) -> list[Path | Query]:
        """What one item of a SELECT without groups stands for."""
        if isinstance(item, Named):
            at = item.item.at
            self.refuse(at, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        if not isinstance(item, Fields):
            return [item]
        if item.which != "STANDARD" and (query.limit is None or query.limit > MOST_OF_ALL):
            wrong = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_OF_ALL}"
            self.refuse(item.at, "MALFORMED_QUERY", wrong)
        kept = [each for each in sobject.fields.values() if item.which == "ALL" or each.custom == (item.which == "CUSTOM")]
        return [Path((each.name,), item.at) for each in kept]

    def column(self, path: Path, sobject: SObject, alias: str) -> Column:
        names = list(path.names)
        if len(names) > 1 and names[0].lower() in (sobject.name.lower(), alias.lower()):
            names.pop(0)
        parents: list[Field] = []
        for name in names[:-1]:
            reference = sobject.parent(name)
            parent = self.schema.object(reference.reference_to) if reference else None
            if reference is None or parent is None:
                self.refuse(path.at, "INVALID_FIELD", f"Didn't understand relationship '{name}' in field path. {ADVICE}")
            parents.append(reference)
            sobject = parent
        field = sobject.field(names[-1])
        if field is None:
            self.refuse(path.at, "INVALID_FIELD", f"No such column '{names[-1]}' on entity '{sobject.name}'. {ADVICE}")
        return Column(tuple(parents), field)

    def filterable(self, path: Path, sobject: SObject, alias: str, use: str) -> Column:
        column = self.column(path, sobject, alias)
        if column.field.type == "textarea" and column.field.length > LONG_TEXT:
            self.refuse(path.at, "INVALID_FIELD", f"field '{column.field.name}' can not be {use} in a query call")
        return column

    def value(self, column: Column, row: Row) -> Any:
        held: Row | None = row
        for reference in column.parents:
            held = self.source.parent(reference.reference_to, held.get(reference.name)) if held else None
        return held.get(column.field.name) if held else None

    def guarded(self, literal: Literal, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except BadLiteral as error:
            self.refuse(literal.at, error.code, error.message)
