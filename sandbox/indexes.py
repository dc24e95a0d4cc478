"""Look-ups beside the documents: which keys of a kind have which value, kept at every change."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Any

Doc = dict[str, Any]
# the values under which a document is found; several, or none
Values = Callable[[Doc], Iterable[Hashable]]


class Index:
    """Keys by value; a value that nobody has any more is forgotten."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._held: dict[Hashable, dict[str, None]] = {}

    def enter(self, key: str, doc: Doc) -> None:
        for value in self._values(doc):
            self._held.setdefault(value, {})[key] = None

    def leave(self, key: str, doc: Doc) -> None:
        for value in self._values(doc):
            keys = self._held.get(value, {})
            keys.pop(key, None)
            if not keys:
                self._held.pop(value, None)

    def keys(self, value: object) -> Collection[str]:
        return self._held.get(value, ())

    def values(self) -> list[Hashable]:
        return list(self._held)

    def clear(self) -> None:
        self._held.clear()


class Indexes:
    """All indexes, by kind and name."""

    def __init__(self) -> None:
        self._by_kind: dict[str, dict[str, Index]] = {}

    def add(self, kind: str, name: str, values: Values | None) -> Index | None:
        """The new index, still empty; None when there is one of that name already."""
        named = self._by_kind.setdefault(kind, {})
        if name in named:
            return None
        named[name] = Index(values or (lambda doc: (doc.get(name),)))
        return named[name]

    def get(self, kind: str, name: str) -> Index | None:
        return self._by_kind.get(kind, {}).get(name)

    def of(self, kind: str) -> Iterable[Index]:
        return self._by_kind.get(kind, {}).values()

    def clear(self) -> None:
        for index in self._all():
            index.clear()

    def _all(self) -> Iterator[Index]:
        return (index for named in self._by_kind.values() for index in named.values())
