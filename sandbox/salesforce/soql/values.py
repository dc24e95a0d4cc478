"""How SOQL compares: literals against typed fields, ids by their 18 characters, text without case, dates by ranges."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sandbox.salesforce.ids import long_id
from sandbox.salesforce.metadata import Field
from sandbox.salesforce.soql.dates import days
from sandbox.salesforce.soql.tree import Literal

Test = Callable[[Any], bool]
_IDS = {"id", "reference"}
_NUMBERS = {"double", "currency", "percent", "int"}
_WANTED = {**dict.fromkeys(_NUMBERS, "number"), "boolean": "boolean", "date": "date", "datetime": "datetime"}
_SHOWN = {"number": "double", "datetime": "dateTime"}
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}


class BadLiteral(Exception):
    """The literal does not fit the field; the caller knows where it stands."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Range:
    """What a name such as THIS_MONTH stands for; `end` is the first moment after it."""

    start: Any
    end: Any


def stored(field: Field, value: Any) -> Any:
    """A stored value in the form in which values are compared; None for null."""
    if value is None or value == "":
        return False if field.type == "boolean" else None
    if field.type in _IDS:
        return long_id(value) or value
    if field.type == "datetime":
        return datetime.fromisoformat(value)
    if field.type == "date":
        return date.fromisoformat(value)
    return value if field.case_sensitive or not isinstance(value, str) else value.casefold()


def wanted(field: Field, literal: Literal, now: datetime) -> Any:
    """The literal in the same form, or a Range; raises BadLiteral."""
    if literal.kind == "null":
        return stored(field, None)
    kind = _WANTED.get(field.type, "string")
    if literal.kind == "named" and kind in ("date", "datetime"):
        return _span(literal.text, now, kind == "datetime")
    if literal.kind != kind:
        quotes = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
        shown = "string" if kind == "string" else _SHOWN.get(kind, kind)
        raise BadLiteral("INVALID_FIELD", f"value of filter criterion for field '{field.name}' must be of type {shown} and {quotes}")
    if field.type in _IDS:
        return _id(unescape(literal.text))
    return _READ[kind](field, literal.text)


def _moment(field: Field, text: str) -> Any:
    try:
        return stored(field, text)
    except ValueError as error:
        raise BadLiteral("MALFORMED_QUERY", f"invalid {field.type} literal: {text}") from error


_READ: dict[str, Callable[[Field, str], Any]] = {
    "number": lambda field, text: float(text),
    "boolean": lambda field, text: text == "TRUE",
    "date": _moment,
    "datetime": _moment,
    "string": lambda field, text: stored(field, unescape(text)),
}


def _id(text: str) -> str | None:
    found = long_id(text)
    if text and found is None:
        raise BadLiteral("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return found


def unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            wrong = f"Invalid string literal '{text}'. Illegal character sequence '{match[0]}' in string literal"
            raise BadLiteral("MALFORMED_QUERY", wrong)
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)


def test(field: Field, sign: str, literal: Literal, now: datetime) -> Test:
    """A predicate over stored values for one comparison."""
    if sign == "LIKE":
        return _like(field, literal)
    if sign in _ORDER and (field.type in _IDS or field.type == "boolean"):
        raise BadLiteral("INVALID_FIELD", f"invalid operator on {field.type} field")
    target = wanted(field, literal, now)
    if isinstance(target, Range):
        return _within(field, sign, target)
    if sign in ("=", "!="):
        return lambda value: (stored(field, value) == target) == (sign == "=")
    compare = _ORDER[sign]
    return lambda value: target is not None and (held := stored(field, value)) is not None and bool(compare(held, target))


def _within(field: Field, sign: str, span: Range) -> Test:
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda held: span.start <= held < span.end,
        "!=": lambda held: not span.start <= held < span.end,
        "<": lambda held: held < span.start,
        "<=": lambda held: held < span.end,
        ">": lambda held: held >= span.end,
        ">=": lambda held: held >= span.start,
    }
    return lambda value: sign == "!=" if (held := stored(field, value)) is None else tests[sign](held)


def _like(field: Field, literal: Literal) -> Test:
    if field.type in _WANTED or field.type in _IDS or literal.kind != "string":
        raise BadLiteral("INVALID_FIELD", f"invalid operator on {field.type} field")
    parts = re.findall(r"\\.|[%_]|[^\\%_]+", literal.text, flags=re.DOTALL)
    pattern = "".join({"%": ".*", "_": "."}.get(part) or re.escape(unescape(part)) for part in parts)
    matcher = re.compile(pattern, re.DOTALL | (0 if field.case_sensitive else re.IGNORECASE))
    return lambda value: bool(value) and matcher.fullmatch(value) is not None


def _span(text: str, now: datetime, moments: bool) -> Range:
    try:
        start, end = days(text, now.astimezone(UTC).date())
        return Range(_midnight(start), _midnight(end)) if moments else Range(start, end)
    except KeyError as error:
        raise BadLiteral("MALFORMED_QUERY", f"unexpected token: '{text}'") from error
    except (OverflowError, ValueError) as error:
        raise BadLiteral("INVALID_FIELD", f"date literal out of range: {text[:80]}") from error


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
