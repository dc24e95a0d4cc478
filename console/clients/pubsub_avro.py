"""Event payloads: bare Avro records, decoded with the schema that their id names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

from console.clients.pubsub_errors import UPSTREAM
from console.log import logger

log = logger(__name__)
# All that fastavro was seen to raise on bytes that are no record of the schema.
_GARBAGE = (ValueError, EOFError, LookupError, TypeError, AttributeError, OverflowError, MemoryError, StopIteration)


class Undecodable(Exception):
    """The payload does not decode with its schema, or there will never be such a schema."""


class Schemas:
    """Schemas by id, fetched and parsed once: an id stands for one schema for ever."""

    def __init__(self) -> None:
        self._parsed: dict[str, object] = {}

    def decode(self, schema_id: str, payload: bytes, fetch: Callable[[str], str]) -> dict[str, object]:
        """The record's fields. `fetch` gives a schema's JSON; what it raises goes through, so that the stream is held."""
        if schema_id not in self._parsed:
            self._parsed[schema_id] = _parse(fetch(schema_id))
        return _record(self._parsed[schema_id], payload)


def _parse(schema_json: str) -> object:
    import fastavro
    from fastavro.schema import SchemaParseException, UnknownType

    try:
        return fastavro.parse_schema(json.loads(schema_json))
    except (ValueError, KeyError, TypeError, AttributeError, SchemaParseException, UnknownType) as failure:
        raise Undecodable("schema") from failure


def _record(schema: object, payload: bytes) -> dict[str, object]:
    import fastavro

    stream = io.BytesIO(payload)
    try:
        fields = fastavro.schemaless_reader(stream, schema)  # type: ignore[arg-type]
    except _GARBAGE as failure:
        log.warning("event_undecodable", upstream=UPSTREAM, code=type(failure).__name__)
        raise Undecodable("payload") from failure
    if not isinstance(fields, dict) or stream.read(1) or not _keepable(fields):
        raise Undecodable("payload")
    return fields


def _keepable(value: object) -> bool:
    """Whether a row can hold it as JSON. PostgreSQL takes no NUL in a text: one such event would be refused for ever and stop the rest."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict | list):
        return all(map(_keepable, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, int | float)
