"""The compact Avro form of a platform event: its schema as Salesforce words it, the schema's id, and one record as raw bytes."""

import base64
import functools
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro

from sandbox.salesforce.metadata import Field

_TYPES = {"boolean": "boolean", "double": "double", "currency": "double", "percent": "double", "date": "long", "datetime": "long"}
_DOCS = {
    "string": "Text", "textarea": "TextArea", "boolean": "Boolean", "double": "Double", "currency": "Currency", "percent": "Percent",
    "date": "DateOnly", "datetime": "DateTime", "picklist": "Picklist", "reference": "EntityId",
}  # fmt: skip


def schema_json(event: str, fields: Sequence[Field]) -> str:
    """Every field of one's own is nullable, required ones too; the two of the platform are not."""
    own = [{"name": each.name, "type": ["null", _TYPES.get(each.type, "string")], "doc": _doc(each), "default": None} for each in fields]
    platform = [
        {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
        {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
    ]
    record = {"name": event, "namespace": "com.sforce.eventbus", "type": "record", "fields": platform + own}
    return json.dumps(record, separators=(",", ":"))


def _doc(field: Field) -> str:
    return f"Data:{_DOCS.get(field.type, 'Text')}"


def schema_id(text: str) -> str:
    """22 characters of base64url, as long as the real ones; another schema has another id."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def encode(text: str, record: Mapping[str, Any]) -> bytes:
    """Raw binary without container header. Raises ValueError for a field that the schema lacks or a value of the wrong type."""
    parsed, names = _parsed(text)
    unknown = set(record) - names
    if unknown:
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    out = io.BytesIO()
    try:
        fastavro.schemaless_writer(out, parsed, dict(record), strict_allow_default=True)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"a value does not fit the schema: {error}") from error
    return out.getvalue()


@functools.lru_cache
def _parsed(text: str) -> tuple[Any, frozenset[str]]:
    """The schema as the library wants it, and the names of its fields."""
    return fastavro.parse_schema(json.loads(text)), frozenset(field["name"] for field in json.loads(text)["fields"])


def decode(text: str, payload: bytes) -> dict[str, Any]:
    """Raises ValueError for bytes that are not exactly one record of the schema."""
    source = io.BytesIO(payload)
    try:
        record = fastavro.schemaless_reader(source, _parsed(text)[0], None)
    except (EOFError, IndexError, ValueError, OverflowError) as error:
        raise ValueError("not a record of this schema") from error
    # the library also takes branches counted from the end, numbers written too long, and truth values beside 0 and 1: other readers do not
    if not isinstance(record, dict) or encode(text, record) != payload:
        raise ValueError("not a record of this schema")
    return record
