"""Whatever comes over the wire, the org answers as it would, never with a failure of its own, and its state stays whole."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sf_rest import VERSION, SfRest

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.sampled_from(["801SB0000000001", "@{a.id}", "@{a[9].b}", "@{}", "2026-02-30"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
)  # fmt: skip
NAME_WORDS = """
Id Name Status AccountId EffectiveDate Subject OwnerId Quantity UnitPrice Portal_Idem_Key__c attributes type referenceId records
OrderItems Cases compositeRequest graphs graphId batchRequests method url body httpHeaders allOrNone ids fields richInput
"""
NAMES = st.sampled_from(NAME_WORDS.split())
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=20)
PART_WORDS = """
sobjects query queryAll limits composite tree graph batch Order OrderItem Case Account User Id describe deleted updated
Portal_Idem_Key__c 801SB0000000001 x %00 %F0 %2F .. Name OrderProvisionRequested__e
"""
PARTS = st.sampled_from(PART_WORDS.split())
QUERIES = st.dictionaries(
    st.sampled_from(["q", "fields", "ids", "start", "end", "updateOnly", "allOrNone"]), st.text(max_size=30), max_size=3
)
RESOURCES = st.sampled_from(["composite", "composite/tree/Order", "composite/sobjects", "composite/graph", "composite/batch"])
WIRE = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@WIRE
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"]), parts=st.lists(PARTS, max_size=5), query=QUERIES, body=JSON,
)  # fmt: skip
def test_it_has_an_answer_for_every_call(sf: SfRest, method: str, parts: list[str], query: dict[str, str], body: Any) -> None:
    answer = sf.call(method, "/".join(parts), body, **query)
    assert answer.status_code < 500, (method, parts, query, body, answer.text)
    if answer.status_code >= 400 and method != "HEAD" and "composite" not in parts:
        assert answer.json()[0]["errorCode"]


@WIRE
@given(resource=RESOURCES, rows=st.lists(JSON, max_size=3), flag=st.booleans())
def test_it_has_an_answer_for_every_envelope(sf: SfRest, resource: str, rows: list[Any], flag: bool) -> None:
    name = {"composite": "compositeRequest", "composite/graph": "graphs", "composite/batch": "batchRequests"}.get(resource, "records")
    assert sf.post(resource, {name: rows, "allOrNone": flag}).status_code < 500


@WIRE
@given(form=st.dictionaries(st.sampled_from(["grant_type", "assertion", "client_id", "username", "password"]), st.text(max_size=30)))
def test_it_has_an_answer_for_every_login(sf: SfRest, form: dict[str, str]) -> None:
    assert sf.token(**{"assertion": "a.b.c", **form}).status_code == 400
    soap = f"<a><Body><login><username>{form.get('username', '')}</username></login></Body></a>"
    answer = sf.session.post(f"{sf.info['login_url']}/services/Soap/u/59.0", soap.encode(), timeout=5)
    assert (answer.status_code, "Fault" in answer.text) == (500, True)


@pytest.mark.parametrize("raw", [
    b"{oops", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5_000, b'{"Subject": NaN}', b'{"Subject": "\\ud800"}',
    b'{"Quantity": ' + b"9" * 9_000 + b"}", b"",
])  # fmt: skip
def test_it_refuses_what_is_no_json(sf: SfRest, raw: bytes) -> None:
    for path in ("sobjects/OrderItem", "composite", "composite/sobjects"):
        answer = sf.session.post(f"{sf.instance}{VERSION}/{path}", raw, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 400, answer.text
        assert answer.json()[0]["errorCode"] in ("JSON_PARSER_ERROR", "REQUIRED_FIELD_MISSING")


def test_it_takes_five_megabytes_and_says_what_is_too_long(sf: SfRest) -> None:
    big = {"Subject": "x" * 5_000_000}
    assert sf.post("sobjects/Case", big).json()[0]["errorCode"] == "STRING_TOO_LONG"
    soap = sf.session.post(f"{sf.info['login_url']}/services/Soap/u/59.0", b"<a>" * 1_700_000, timeout=20)
    assert (soap.status_code, "INVALID_SOAP_REQUEST" in soap.text) == (500, True)
    assert sf.get("limits").status_code == 200


def test_it_lets_one_of_many_writers_have_a_unique_key(sf: SfRest, key: str) -> None:
    tree = sf.order_tree(key, "SIM-DATA-5")
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: sf.post("composite/tree/Order", tree), range(16)))
    assert statuses == [201] + [400] * 15
    assert len(sf.query(f"SELECT Id FROM Order WHERE Portal_Idem_Key__c = '{key}'")) == 1


def test_it_keeps_every_upsert_of_many_writers_to_one_record(sf: SfRest) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{uuid.uuid4().hex}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: sf.patch(path, {"Subject": str(number)}), range(24)))
    assert len({each.json()["id"] for each in answers if each.status_code < 300}) == 1
    refused = [json.loads(each.text)[0]["errorCode"] for each in answers if each.status_code >= 300]
    assert set(refused) <= {"DUPLICATE_VALUE"}
