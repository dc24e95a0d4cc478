"""The tree of a parsed SOQL query, and how a refusal points at its place in the text."""

from dataclasses import dataclass
from typing import NoReturn


class SoqlError(Exception):
    """A refusal in Salesforce's words: `code` is the errorCode of the answer, `message` its text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Path:
    """A field, behind any number of parent relations; `at` is its place in the text."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Aggregate:
    """COUNT(Id), SUM(TotalAmount) … ; `function` is in capitals."""

    function: str
    path: Path
    at: int


@dataclass(frozen=True)
class Named:
    """A selected field or aggregate under a name of the query's own."""

    item: "Path | Aggregate"
    alias: str


@dataclass(frozen=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD), FIELDS(CUSTOM)."""

    which: str
    at: int


@dataclass(frozen=True)
class Literal:
    kind: str  # string (still escaped), number, date, datetime, boolean, null or named (TODAY, LAST_N_DAYS:7)
    text: str
    at: int


@dataclass(frozen=True)
class Compare:
    path: "Path | Aggregate"
    operator: str  # = != < <= > >= LIKE
    value: Literal


@dataclass(frozen=True)
class In:
    path: "Path | Aggregate"
    negated: bool
    values: "tuple[Literal, ...] | Query"


@dataclass(frozen=True)
class Not:
    inner: "Condition"


@dataclass(frozen=True)
class All:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Any_:
    parts: "tuple[Condition, ...]"


Condition = Compare | In | Not | All | Any_


@dataclass(frozen=True)
class Ordering:
    path: "Path | Aggregate"
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Query:
    items: "tuple[Path | Query | Aggregate | Named | Fields, ...]"
    count: bool
    source: Path  # the object, or in a subquery the child relationship
    alias: str
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int
    group: tuple[Path, ...] = ()
    having: Condition | None = None

    @property
    def grouped(self) -> bool:
        """Whether it answers groups of records rather than records."""
        plain = (each.item if isinstance(each, Named) else each for each in self.items)
        return bool(self.group) or any(isinstance(each, Aggregate) for each in plain)


def fail(text: str, at: int, code: str, message: str) -> NoReturn:
    """Salesforce quotes the neighbourhood, puts a caret under the place and counts rows and columns from 1."""
    row, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    near = text[max(0, at - 30) : at + 30].replace("\n", " ")
    raise SoqlError(code, f"\n{near}\n{' ' * min(at, 30)}^\nERROR at Row:{row}:Column:{column}\n{message}")
