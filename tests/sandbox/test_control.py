"""The control door: faults that are counted, latency, the journal, the reviewer, and what is asked wrongly."""

import time
from typing import Any

import pytest
import requests

from tests.support.sandbox import Control, Refused, Running
from tests.support.sf_rest import SfRest

CASE = "sobject.create:Case"


def open_case(sf: SfRest, key: str) -> requests.Response:
    return sf.post("sobjects/Case", {"Subject": "x", "Portal_Idem_Key__c": key})


def exists(sf: SfRest, key: str) -> bool:
    return sf.get(f"sobjects/Case/Portal_Idem_Key__c/{key}").status_code == 200


# -- faults


@pytest.mark.parametrize(("fault", "happened"), [("refuse", False), ("timeout_before", False), ("timeout_after", True)])
def test_it_cuts_the_connection(sf: SfRest, control: Control, key: str, fault: str, happened: bool) -> None:
    control.fault("salesforce", CASE, fault, count=1, delay_ms=50)
    with pytest.raises(requests.ConnectionError):
        open_case(sf, key)
    assert exists(sf, key) is happened
    assert [row["fired"] for row in control.faults()] == [1]
    lost = control.calls("salesforce")[0]
    assert (lost["operation"], lost["status"], lost["fault"]) == (CASE, None, fault)


@pytest.mark.parametrize(("fault", "happened"), [("error_before", False), ("error_after", True)])
def test_it_answers_500_in_salesforces_words(sf: SfRest, control: Control, key: str, fault: str, happened: bool) -> None:
    control.fault("salesforce", CASE, fault, count=1)
    answer = open_case(sf, key)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (500, "UNKNOWN_EXCEPTION")
    assert exists(sf, key) is happened


def test_it_answers_with_a_page(sf: SfRest, control: Control, key: str) -> None:
    control.fault("salesforce", CASE, "html", count=1)
    answer = open_case(sf, key)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert not exists(sf, key)


def test_it_ends_the_session_for_good(sf: SfRest, control: Control, key: str) -> None:
    control.fault("salesforce", "*", "expired_session", count=1)
    assert [open_case(sf, key).status_code for _ in range(2)] == [401, 401]
    assert open_case(sf.login(), key).status_code == 201


def test_it_refuses_the_login_and_the_call_when_misconfigured(sf: SfRest, control: Control, key: str) -> None:
    control.fault("salesforce", "*", "misconfigured")
    assert sf.token().json()["error"] == "invalid_app_access"
    assert (open_case(sf, key).status_code, open_case(sf, key).json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")


def test_it_closes_the_port_until_the_fault_is_gone(sf: SfRest, control: Control, key: str) -> None:
    fault_id = control.fault("salesforce", "*", "refuse")
    with pytest.raises(requests.ConnectionError):
        open_case(sf, key)
    with pytest.raises(requests.ConnectionError, match="refused"):
        open_case(sf, key)
    control.clear_faults(fault_id)
    assert open_case(sf, key).status_code == 201


def test_it_hits_only_its_operation_and_only_so_often(sf: SfRest, control: Control, key: str) -> None:
    control.fault("salesforce", CASE, "error_before", count=2)
    assert sf.get("limits").status_code == 200
    assert [open_case(sf, key).status_code for _ in range(3)] == [500, 500, 201]
    assert [(row["operation"], row["count"], row["fired"]) for row in control.faults()] == [(CASE, 2, 2)]


def test_it_throws_the_same_dice_for_the_same_seed(sf: SfRest, control: Control) -> None:
    rows = []
    for _ in range(2):
        control.fault("salesforce", "limits", "error_before", probability=0.5, seed=7)
        rows.append([sf.get("limits").status_code for _ in range(12)])
        control.clear_faults()
    assert rows[0] == rows[1]
    assert set(rows[0]) == {200, 500}


@pytest.mark.parametrize(
    "order",
    [
        {"upstream": "salesforce", "operation": CASE, "fault": "explode"},
        {"upstream": "salesforce", "operation": "sobject.create:Nothing", "fault": "refuse"},
        {"upstream": "moon", "operation": "*", "fault": "refuse"},
        {"upstream": "salesforce", "operation": "*", "fault": "drop_event"},
        {"upstream": "salesforce", "operation": "token", "fault": "expired_session"},
        {"upstream": "salesforce", "operation": CASE, "fault": "refuse", "count": 0},
        {"upstream": "salesforce", "operation": CASE, "fault": "refuse", "count": 1, "probability": 0.5},
        {"upstream": "salesforce", "operation": CASE, "fault": "refuse", "count": "many"},
        {"upstream": "salesforce", "operation": CASE, "fault": "refuse", "cuont": 1},
        {"upstream": "salesforce", "operation": CASE},
    ],
)
def test_it_refuses_a_fault_that_could_never_fire(control: Control, order: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        control.ask("POST", "faults", order)
    assert refusal.value.status == 400
    assert refusal.value.body["error"]
    assert control.faults() == []


def test_it_lists_what_can_be_named(control: Control) -> None:
    known = control.operations()
    assert {"salesforce", "pubsub", "whmcs", "mobile", "mail"} <= set(known)
    assert CASE in known["salesforce"]["operations"]
    for upstream, reach in known.items():
        for operation in reach["operations"]:
            assert control.fault(upstream, operation, "refuse", count=1)


# -- latency and journal


def test_it_makes_an_upstream_slow(sf: SfRest, control: Control) -> None:
    control.latency("salesforce", 120)
    sf.get("limits")
    control.latency("salesforce", 0)
    assert control.calls("salesforce")[-1]["ms"] >= 120
    for wrong in ({"upstream": "moon", "ms": 1}, {"upstream": "salesforce", "ms": -1}, {"upstream": "salesforce"}):
        with pytest.raises(Refused):
            control.ask("POST", "latency", wrong)


def test_it_keeps_the_journal_of_calls(sf: SfRest, control: Control) -> None:
    sf.session.headers["X-Correlation-Id"] = "c0ffee"
    sf.get("limits")
    (first,) = control.calls("salesforce")
    assert {name: first[name] for name in ("upstream", "operation", "correlation_id", "status", "fault")} == {
        "upstream": "salesforce", "operation": "limits", "correlation_id": "c0ffee", "status": 200, "fault": None,
    }  # fmt: skip
    assert set(first) == {"at", "upstream", "operation", "correlation_id", "status", "fault", "ms"}
    sf.get("limits")
    assert len(control.calls("salesforce", since=first["at"])) == 1
    assert control.calls("mail") == []
    control.clear_calls()
    assert control.calls() == []


# -- the reviewer


def test_it_decides_once(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    control.approve(order_id)
    for decide in (control.approve, control.reject):
        with pytest.raises(Refused) as refusal:
            decide(order_id)
        assert refusal.value.status == 409
    with pytest.raises(Refused) as unknown:
        control.approve("801000000000000AAA")
    assert unknown.value.status == 404


def test_it_has_a_page_for_the_reviewer(sandbox: Running, sf: SfRest, control: Control, key: str) -> None:
    order_id, page = sf.place(key, "SIM-DATA-5", "SIM-ACT"), sandbox.info["pages"]["reviewer"]
    shown = requests.get(page, timeout=5).text
    assert "sandbox" in shown
    assert f'action="/reviewer/{order_id}/approve"' in shown
    assert "¥2,380" in shown
    approved = requests.post(f"{page}{order_id}/approve", timeout=5)
    assert "Approved" in approved.text
    assert f'action="/reviewer/{order_id}/approve"' not in approved.text
    assert "already decided" in requests.post(f"{page}{order_id}/reject", timeout=5).text
    assert len(control.truth(order_id)["orders"][0]["events"]) == 1


def test_it_links_all_pages(sandbox: Running) -> None:
    page = requests.get(sandbox.info["pages"]["control"], timeout=5).text
    for name, url in sandbox.info["pages"].items():
        assert url in page
        assert requests.get(url, timeout=5).status_code == 200, name


# -- truth and events


def test_it_tells_the_truth_in_the_promised_shape(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    told = control.truth(order_id)
    (order,) = told["orders"]
    assert set(told) == {"orders", "unclaimed"}
    assert set(order) == {"sf_order_id", "salesforce", "whmcs", "mobile", "mails", "events"}
    assert (order["sf_order_id"], order["salesforce"]["items"][0]["UnitPrice"]) == (order_id, 1280.0)
    assert told["unclaimed"] == {"whmcs_orders": [], "subscriptions": [], "clients": []}
    assert control.truth(order_id[:15])["orders"] == told["orders"]
    assert order_id in [each["sf_order_id"] for each in control.truth()["orders"]]
    assert control.truth("801000000000000")["orders"] == []


def test_it_publishes_by_hand(sf: SfRest, control: Control, key: str) -> None:
    order_id = sf.place(key)
    by_fields = control.publish(OrderId__c=order_id, IdemKey__c="other")
    by_order = control.ask("POST", "publish", {"sf_order_id": order_id})
    events = control.truth(order_id)["orders"][0]["events"]
    assert [(each["uuid"], each["idem_key"]) for each in events] == [(by_fields["event_uuid"], "other"), (by_order["event_uuid"], key)]
    for wrong in ({}, {"fields": {"Nope__c": "x"}}, {"sf_order_id": "801000000000000"}):
        with pytest.raises(Refused):
            control.ask("POST", "publish", wrong)


def test_it_answers_a_body_that_is_no_object(sandbox: Running) -> None:
    answer = requests.post(f"{sandbox.info['control']['url']}/control/approve", data="[1]", timeout=5)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_it_joins_what_the_other_upstreams_hold(sandbox: Running, sf: SfRest, control: Control) -> None:
    """A client whose number no account has is a stranger; nothing else is unclaimed before anything was ordered."""
    whmcs = sandbox.info["whmcs"]
    form = {
        "action": "AddClient", "identifier": whmcs["identifier"], "secret": whmcs["secret"], "responsetype": "json", "firstname": "A",
        "lastname": "B", "email": f"{time.time()}@example.com", "password2": "Secret-123456", "skipvalidation": "1", "noemail": "1",
    }  # fmt: skip
    answer = requests.post(f"{whmcs['url']}/includes/api.php", form, timeout=5)
    assert answer.json()["result"] == "success", answer.text
    assert [client["email"] for client in control.truth()["unclaimed"]["clients"]] == [form["email"]]
