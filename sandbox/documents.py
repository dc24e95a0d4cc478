"""Documents as they lie in memory: their place in the order of insertion, copies of them, and a look at them without copies."""

import sys
from collections.abc import Hashable
from typing import Any, Protocol

from sandbox.indexes import Doc, Indexes

NESTED = frozenset({dict, list, tuple})


def copied(value: Any) -> Any:
    """A deep copy of a JSON value."""
    if isinstance(value, dict):
        made = dict(value)
        # most documents are flat and long, and copied often
        for key, item in made.items():
            if type(item) in NESTED:
                made[key] = copied(item)
        return made
    return [copied(item) for item in value] if isinstance(value, list | tuple) else value


def interned(doc: Doc) -> Doc:
    """Thousands of documents read from disk share the names of their fields, as those put by the program do."""
    return {sys.intern(key): value for key, value in doc.items()}


class Row:
    """A document and its place in the order of insertion. The document is never changed, only replaced."""

    __slots__ = ("doc", "seq")

    def __init__(self, seq: int, doc: Doc) -> None:
        self.seq, self.doc = seq, doc


Rows = dict[str, dict[str, Row]]


class Follower(Protocol):
    """Keeps something of its own about a kind. Called with the store locked: it must be quick, and must not raise."""

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        """Begin anew with these, in order of insertion."""

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        """What one commit put, or dropped (None)."""


class View:
    """The documents themselves, not copies: quick to read, and never to be changed. They stay as they are when the block ends."""

    def __init__(self, rows: Rows, indexes: Indexes) -> None:
        self._rows, self._indexes = rows, indexes

    def get(self, kind: str, key: str) -> Doc | None:
        row = self._rows.get(kind, {}).get(key)
        return row.doc if row else None

    def all(self, kind: str) -> list[Doc]:
        return [row.doc for row in self._rows.get(kind, {}).values()]

    def find(self, kind: str, field: str, value: object) -> list[Doc]:
        """Documents of an index, in insertion order; without an index it scans."""
        index, rows = self._indexes.get(kind, field), self._rows.get(kind, {})
        if index is None:
            return [row.doc for row in rows.values() if row.doc.get(field) == value]
        keys = index.keys(value)
        if len(keys) < 2:
            return [rows[key].doc for key in keys]
        return [row.doc for row in sorted((rows[key] for key in keys), key=lambda row: row.seq)]

    def values(self, kind: str, field: str) -> list[Hashable]:
        """Every value that an index knows."""
        index = self._indexes.get(kind, field)
        return index.values() if index else []
