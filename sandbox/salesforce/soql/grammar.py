"""SOQL's tokens and grammar: a query text becomes a small tree, or an error that points at the place."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from sandbox.salesforce.soql.tree import (
    Aggregate,
    All,
    Any_,
    Compare,
    Condition,
    Fields,
    In,
    Literal,
    Named,
    Not,
    Ordering,
    Path,
    Query,
    SoqlError,
    fail,
)  # fmt: skip

T = TypeVar("T")
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)(?![\dT])"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))"
    r"|(?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::\d+)?)"
    r"|(?P<sign><>|!=|<=|>=|[=<>(),])"
    r"|(?P<end>\Z))"
)
_COUNT = re.compile(r"COUNT\s*\(\s*\)", re.IGNORECASE)
_COMPARE = {"=", "!=", "<>", "<", "<=", ">", ">="}
_CLAUSES = {
    "WHERE", "ORDER", "LIMIT", "OFFSET", "FROM", "AND", "OR", "NOT", "IN", "LIKE", "ASC", "DESC", "NULLS",
    "GROUP", "HAVING", "WITH", "USING", "FOR", "ALL",
}  # fmt: skip
_AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}
MAX_LENGTH, MAX_DEPTH = 100_000, 100
Selected = Path | Query | Aggregate | Named | Fields


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "name" else self.text


def parse(text: str) -> Query:
    if len(text) > MAX_LENGTH:
        raise SoqlError("MALFORMED_QUERY", f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    parser = Parser(text)
    query = parser.query()
    parser.expect("end")
    return query


class Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._depth = 0
        self._next = self._scan()

    def _scan(self) -> Token:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            at = self._at + len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
            fail(self._text, at, "MALFORMED_QUERY", f"line 1:{at} no viable alternative at character '{self._text[at]}'")
        self._at = found.end()
        return Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))

    def _take(self) -> Token:
        token, self._next = self._next, self._scan()
        return token

    def _is(self, *words: str) -> bool:
        return self._next.kind in ("name", "sign") and self._next.word in words

    def _skip(self, word: str) -> bool:
        return self._is(word) and bool(self._take())

    def _unexpected(self) -> NoReturn:
        shown = self._next.text or "<EOF>"
        fail(self._text, self._next.at, "MALFORMED_QUERY", f"unexpected token: '{shown}'")

    def expect(self, *wanted: str) -> Token:
        """A keyword, a sign, or a kind of token."""
        if not self._is(*wanted) and self._next.kind not in wanted:
            self._unexpected()
        return self._next if self._next.kind == "end" else self._take()

    def _list(self, one: Callable[[], T]) -> tuple[T, ...]:
        found = [one()]
        while self._skip(","):
            found.append(one())
        return tuple(found)

    def query(self) -> Query:
        self.expect("SELECT")
        count, items = self._selection()
        self.expect("FROM")
        source = self._path()
        alias = self._take().text if self._next.kind == "name" and self._next.word not in _CLAUSES else ""
        where = self._condition() if self._skip("WHERE") else None
        group = self._list(self._path) if self._skip("GROUP") and self.expect("BY") else ()
        having = self._condition() if group and self._skip("HAVING") else None
        order = self._list(self._ordering) if self._skip("ORDER") and self.expect("BY") else ()
        limit = self._whole() if self._skip("LIMIT") else None
        offset = self._whole() if self._skip("OFFSET") else 0
        self._purpose()
        return Query(items, count, source, alias, where, order, limit, offset, group, having)

    def _purpose(self) -> None:
        """FOR VIEW, FOR REFERENCE, FOR UPDATE: nothing here depends on them."""
        if self._skip("FOR"):
            self.expect("VIEW", "REFERENCE", "UPDATE")

    def _selection(self) -> tuple[bool, tuple[Selected, ...]]:
        if _COUNT.match(self._text, self._next.at):
            for wanted in ("COUNT", "(", ")"):
                self.expect(wanted)
            return True, ()
        return False, self._list(self._item)

    def _item(self) -> Selected:
        if self._skip("("):
            with self._deeper():
                inner = self.query()
            self.expect(")")
            return inner
        found = self._value(fields=True)
        if isinstance(found, Fields) or self._next.kind != "name" or self._next.word in _CLAUSES:
            return found
        return Named(found, self._take().text)

    def _value(self, fields: bool = False) -> "Path | Aggregate | Fields":
        """A field, or an aggregate of one."""
        word, path = self._next.word, self._path()
        if not self._is("("):
            return path
        if word not in (_AGGREGATES | ({"FIELDS"} if fields else set())):
            self._unexpected()
        self._take()
        inner = self._path()
        self.expect(")")
        if word != "FIELDS":
            return Aggregate(word, inner, path.at)
        if len(inner.names) != 1 or inner.names[0].upper() not in ("ALL", "STANDARD", "CUSTOM"):
            fail(self._text, inner.at, "MALFORMED_QUERY", f"unexpected token: '{inner.names[0]}'")
        return Fields(inner.names[0].upper(), path.at)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            fail(self._text, self._next.at, "QUERY_TOO_COMPLICATED", "the query is nested too deep")
        yield
        self._depth -= 1

    def _path(self) -> Path:
        token = self.expect("name")
        # ORDER opens a clause, and is an object
        if ":" in token.text or token.word in _CLAUSES - {"ORDER", "ALL"}:
            fail(self._text, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text}'")
        return Path(tuple(token.text.split(".")), token.at)

    def _whole(self) -> int:
        token = self.expect("number")
        if not token.text.isdigit():
            fail(self._text, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text}'")
        return int(token.text)

    def _condition(self) -> Condition:
        parts = [self._term()]
        word = self._next.word
        # AND and OR do not mix without brackets: the second kind is an unexpected token for whoever comes next
        while word in ("AND", "OR") and self._skip(word):
            parts.append(self._term())
        if len(parts) == 1:
            return parts[0]
        return All(tuple(parts)) if word == "AND" else Any_(tuple(parts))

    def _term(self) -> Condition:
        if self._skip("NOT"):
            with self._deeper():
                return Not(self._term())
        if self._skip("("):
            with self._deeper():
                inner = self._condition()
            self.expect(")")
            return inner
        path = self._value()
        if self._is("NOT", "IN"):
            negated = self._skip("NOT")
            self.expect("IN")
            return In(path, negated, self._members())
        operator = self._operator()
        return Compare(path, operator, self._literal())

    def _operator(self) -> str:
        if not self._is("LIKE", *_COMPARE):
            self._unexpected()
        word = self._take().word
        return "!=" if word == "<>" else word

    def _members(self) -> tuple[Literal, ...] | Query:
        self.expect("(")
        found: tuple[Literal, ...] | Query = self._inner() if self._is("SELECT") else self._list(self._literal)
        self.expect(")")
        return found

    def _inner(self) -> Query:
        with self._deeper():
            return self.query()

    def _literal(self) -> Literal:
        token = self.expect("string", "number", "date", "datetime", "name")
        if token.kind != "name":
            return Literal(token.kind, token.text[1:-1] if token.kind == "string" else token.text, token.at)
        kind = {"TRUE": "boolean", "FALSE": "boolean", "NULL": "null"}.get(token.word, "named")
        return Literal(kind, token.word, token.at)

    def _ordering(self) -> Ordering:
        path = self._value()
        descending = self._is("ASC", "DESC") and self._take().word == "DESC"
        nulls_first = not (self._skip("NULLS") and self.expect("FIRST", "LAST").word == "LAST")
        return Ordering(path, descending, nulls_first)
