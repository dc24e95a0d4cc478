"""What a field takes: the check and the stored form of one value of a request."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sandbox.salesforce.errors import SfError
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.records import timestamp
from sandbox.salesforce.schema import Field

MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
WORDS = {
    bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", str: "VALUE_STRING", dict: "START_OBJECT",
    list: "START_ARRAY",
}  # fmt: skip


def stored(field: Field, value: Any) -> Any:
    """The value as the org keeps it. Raises SfError for what Salesforce would refuse; the empty text is null."""
    if value is None or value == "":
        return False if field.type == "boolean" and value is None else None
    return KINDS.get(field.type, _text)(field, value)


def _unreadable(kind: str, value: Any) -> SfError:
    shown = "" if isinstance(value, dict | list) else f" value {value}"
    message = f"Cannot deserialize instance of {kind} from {WORDS.get(type(value), 'VALUE')}{shown}"
    return SfError("JSON_PARSER_ERROR", f"{message} or request may be missing a required field at [line:1, column:2]")


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _unreadable("string", value)
    text = value.strip()
    if field.length and len(text) > field.length:
        message = f"{field.label or field.name}: data value too large: {text[:255]} (max length={field.length})"
        raise SfError("STRING_TOO_LONG", message, [field.name])
    return text or None


def _mail(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text and not MAIL.fullmatch(text):
        raise SfError("INVALID_EMAIL_ADDRESS", f"{field.label or field.name}: invalid email address: {text}", [field.name])
    return text


def _picklist(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if field.restricted and text is not None and text not in field.values:
        message = f"{field.label or field.name}: bad value for restricted picklist field: {text}"
        raise SfError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise _unreadable("boolean", value)


def _number(field: Field, value: Any) -> float:
    try:
        number = float("x" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unreadable(field.type, value) from error
    whole = field.precision - field.scale
    if not math.isfinite(number) or (whole > 0 and abs(number) >= 10**whole):
        message = f"{field.label or field.name}: value outside of valid range on numeric field: {value}"
        raise SfError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return round(number, field.scale)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10] if isinstance(value, str) and "T" in value else value).isoformat()
    except (TypeError, ValueError) as error:
        raise _unreadable("date", value) from error


def _datetime(field: Field, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return timestamp(moment)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unreadable("datetime", value) from error


def _reference(field: Field, value: Any) -> str:
    given = long_id(value) if isinstance(value, str) else None
    if given is None:
        raise SfError("MALFORMED_ID", f"{field.label or field.name}: id value of incorrect type: {value}", [field.name])
    return given


KINDS: dict[str, Callable[[Field, Any], Any]] = {
    "email": _mail, "picklist": _picklist, "boolean": _boolean, "double": _number, "currency": _number, "percent": _number,
    "date": _date, "datetime": _datetime, "reference": _reference, "id": _reference,
}  # fmt: skip
