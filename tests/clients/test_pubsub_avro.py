"""Event payloads: what decodes, and that nothing else gets through as an event or as another error."""

import io
import json

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.clients.pubsub_avro import Schemas, Undecodable

SCHEMA = {
    "name": "OrderProvisionRequested__e", "namespace": "com.sforce.eventbus", "type": "record", "extra": {"uuid": "x"},
    "fields": [
        {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
        {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
        {"name": "OrderId__c", "type": ["null", "string"], "default": None},
        {"name": "Count__c", "type": ["null", "double"], "default": None},
    ],
}  # fmt: skip
FIELDS = {"CreatedDate": 1, "CreatedById": "005", "OrderId__c": "801", "Count__c": None}


def written(fields: dict[str, object]) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(SCHEMA), fields)
    return stream.getvalue()


def test_it_decodes_and_asks_for_a_schema_once() -> None:
    asked: list[str] = []

    def fetch(schema_id: str) -> str:
        asked.append(schema_id)
        return json.dumps(SCHEMA)

    schemas = Schemas()
    assert [schemas.decode("one", written(FIELDS), fetch) for _ in range(2)] == [FIELDS, FIELDS]
    assert asked == ["one"]


def test_it_lets_a_failed_fetch_through() -> None:
    def fetch(schema_id: str) -> str:
        raise ConnectionError(schema_id)

    with pytest.raises(ConnectionError):
        Schemas().decode("one", b"", fetch)


@pytest.mark.parametrize("schema", ["<html>", "[]", '"long"', '{"type": "record"}', '{"type": "nonsense", "name": "x"}'])
def test_it_takes_an_unreadable_schema_for_undecodable(schema: str) -> None:
    with pytest.raises(Undecodable):
        Schemas().decode("one", written(FIELDS), lambda _: schema)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60))
def test_it_decodes_garbage_or_says_so(payload: bytes) -> None:
    try:
        fields = Schemas().decode("one", payload, lambda _: json.dumps(SCHEMA))
    except Undecodable:
        return
    assert set(fields) == set(FIELDS)


def test_it_refuses_what_is_left_over() -> None:
    with pytest.raises(Undecodable):
        Schemas().decode("one", written(FIELDS) + b"x", lambda _: json.dumps(SCHEMA))


@pytest.mark.parametrize("text", ["801\0", "\0"])
def test_it_refuses_a_text_that_no_row_can_hold(text: str) -> None:
    with pytest.raises(Undecodable):
        Schemas().decode("one", written(FIELDS | {"OrderId__c": text}), lambda _: json.dumps(SCHEMA))


def test_it_refuses_what_is_no_json() -> None:
    schema = {"name": "E", "type": "record", "fields": [{"name": "Raw__c", "type": {"type": "array", "items": "bytes"}}]}
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), {"Raw__c": [b"\x01"]})
    with pytest.raises(Undecodable):
        Schemas().decode("one", stream.getvalue(), lambda _: json.dumps(schema))
