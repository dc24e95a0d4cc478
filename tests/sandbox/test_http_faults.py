"""What a client of an HTTP upstream sees of each fault, and whether the change happened all the same."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.upstreams import UPSTREAMS, Change
from tests.support.sandbox import Control, Refused, Running
from tests.support.sf_rest import SfRest


@pytest.fixture(params=UPSTREAMS)
def change(request: pytest.FixtureRequest, sandbox: Running, control: Control) -> Change:
    made = UPSTREAMS[request.param](sandbox)
    control.clear_calls()
    return made


def failed(change: Change) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as caught:
        change.make()
    return caught.value


def last(control: Control) -> tuple[Any, Any]:
    row = control.calls()[-1]
    return row["status"], row["fault"]


def test_the_answer_is_lost_at_once_and_the_change_comes_later(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "late_effect", count=1, delay_ms=400)
    began = time.monotonic()
    failed(change)
    assert time.monotonic() - began < 0.4
    assert last(control) == (None, "late_effect")
    assert control.ask("GET", "truth", summary=1)["pending_effects"] == 1
    assert not change.happened()
    time.sleep(max(0.0, began + 0.7 - time.monotonic()))
    assert change.happened()
    assert control.ask("GET", "truth", summary=1)["pending_effects"] == 0


def test_the_connection_is_reset_and_nothing_happened(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "reset", count=1)
    # through TLS Python's client cannot tell a reset from an end
    assert "reset" in str(failed(change)).lower() or change.upstream == "salesforce"
    assert last(control) == (None, "reset")
    assert not change.happened()
    assert change.make().ok


def test_nobody_can_read_the_answer_and_it_happened(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "bad_json", count=1)
    answer = change.make()
    assert answer.status_code in (200, 201)
    assert "json" in answer.headers["Content-Type"]
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    assert change.happened()


def test_half_of_the_answer_is_missing_and_it_happened(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "truncated", count=1)
    failed(change)
    assert last(control) == (None, "truncated")
    assert change.happened()


def test_a_slow_answer_is_a_good_one(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "slow", count=1, delay_ms=300)
    began = time.monotonic()
    assert change.make().ok
    assert time.monotonic() - began >= 0.3
    assert change.happened()


BUSY = {
    "salesforce": (403, None, lambda body: body[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"),
    "whmcs": (503, "2", None),
    "mobile": (429, "2", lambda body: (body["object"], body["type"]) == ("error", "rateLimited")),
}


def test_it_throttles_in_its_own_way(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "throttle", count=1, delay_ms=2_000)
    status, after, worded = BUSY[change.upstream]
    answer = change.make()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, after)
    assert worded is None or worded(answer.json())
    assert not change.happened()


REFUSED = {
    "salesforce": (400, lambda body: (body[0]["errorCode"], body[0]["message"]) == ("deviceBlocked", "no")),
    "whmcs": (200, lambda body: body == {"result": "error", "message": "no"}),
    "mobile": (422, lambda body: (body["type"], body["code"], body["message"]) == ("invalid", "deviceBlocked", "no")),
}


def test_it_refuses_with_the_words_that_were_ordered(change: Change, control: Control) -> None:
    control.fault(change.upstream, change.operation, "business_error", count=1, code="deviceBlocked", message="no")
    status, worded = REFUSED[change.upstream]
    answer = change.make()
    assert (answer.status_code, worded(answer.json())) == (status, True)
    assert not change.happened()
    assert change.make().ok


# -- what only Salesforce has


def test_an_answer_without_a_body_is_cut_and_spoilt_too(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    for fault in ("truncated", "bad_json"):
        control.fault("salesforce", "sobject.update:Order", fault, count=1)
    with pytest.raises(requests.ConnectionError):
        sf.patch(f"sobjects/Order/{order_id}", {"WHMCS_Order_ID__c": "7"})
    answer = sf.patch(f"sobjects/Order/{order_id}", {"WHMCS_Invoice_ID__c": "8"})
    assert (answer.status_code, answer.text) == (200, ",]")
    order = sf.one(f"SELECT WHMCS_Order_ID__c, WHMCS_Invoice_ID__c FROM Order WHERE Id = '{order_id}'")
    assert (order["WHMCS_Order_ID__c"], order["WHMCS_Invoice_ID__c"]) == ("7", "8")


def test_the_calls_of_the_day_are_used_up(sf: SfRest, control: Control) -> None:
    control.fault("salesforce", "*", "limit_exceeded")
    answer = sf.get("limits")
    assert (answer.status_code, answer.json()) == (
        403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED", "fields": []}],
    )  # fmt: skip
    assert sf.token().status_code == 200


def test_a_row_is_locked_wherever_a_record_is_written(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    for operation in ("sobject.update:Order", "composite", "collections", "tree"):
        control.fault("salesforce", operation, "lock_row", count=1)
    plain = sf.patch(f"sobjects/Order/{order_id}", {"WHMCS_Order_ID__c": "7"})
    assert (plain.status_code, plain.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    tree = sf.post("composite/tree/Order", sf.order_tree(f"{key}2", "SIM-DATA-5"))
    assert (tree.status_code, tree.json()["results"][0]["errors"][0]["statusCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    rows = [{"attributes": {"type": "Order"}, "Id": order_id, "WHMCS_Order_ID__c": "7"}] * 2
    collection = sf.patch("composite/sobjects", {"allOrNone": True, "records": rows})
    codes = [row["errors"][0]["statusCode"] for row in collection.json()]
    assert (collection.status_code, codes) == (200, ["UNABLE_TO_LOCK_ROW", "ALL_OR_NONE_OPERATION_ROLLED_BACK"])
    url = f"/services/data/v63.0/sobjects/Order/{order_id}"
    asked = [{"method": "PATCH", "url": url, "referenceId": name, "body": {"WHMCS_Order_ID__c": "7"}} for name in ("a", "b")]
    composite = sf.post("composite", {"allOrNone": True, "compositeRequest": asked})
    items = composite.json()["compositeResponse"]
    assert [(each["referenceId"], each["body"][0]["errorCode"]) for each in items] == [
        ("a", "UNABLE_TO_LOCK_ROW"),
        ("b", "PROCESSING_HALTED"),
    ]
    assert sf.one(f"SELECT WHMCS_Order_ID__c FROM Order WHERE Id = '{order_id}'")["WHMCS_Order_ID__c"] is None


@pytest.mark.parametrize(("upstream", "operation", "fault"), [
    ("salesforce", "query", "lock_row"), ("salesforce", "sobject.read:Order", "lock_row"), ("salesforce", "token", "limit_exceeded"),
    ("salesforce", "token", "throttle"), ("whmcs", "AddOrder", "lock_row"), ("mobile", "POST users", "limit_exceeded"),
    ("whmcs", "AddOrder", "silent"), ("mail", "send", "bad_json"), ("pubsub", "GetSchema", "drop_event"),
    ("salesforce", "*", "smtp_4xx"),
])  # fmt: skip
def test_it_refuses_what_never_fires(control: Control, upstream: str, operation: str, fault: str) -> None:
    with pytest.raises(Refused) as refusal:
        control.fault(upstream, operation, fault)
    assert (refusal.value.status, "never fires" in refusal.value.body["error"]) == (400, True)


def test_it_refuses_codes_that_the_fault_cannot_have(control: Control) -> None:
    for upstream, operation, fault, code in (("mail", "send", "smtp_4xx", "550"), ("pubsub", "*", "unavailable", "OK")):
        with pytest.raises(Refused) as refusal:
            control.fault(upstream, operation, fault, code=code)
        assert "must match" in refusal.value.body["error"]
