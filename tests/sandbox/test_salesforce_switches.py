"""Switches of the org, over the wire: each answer of each question can be had, and everything is taken back."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

Switch = Callable[..., dict[str, Any]]


def door(sf: SfRest, method: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{sf.info['rest_plain_url']}/sandbox/behaviour", json=body, timeout=10)


@pytest.fixture
def switch(sf: SfRest) -> Iterator[Switch]:
    """Sets switches, and takes them back at the end."""

    def chosen(**switches: Any) -> dict[str, Any]:
        answer = door(sf, "POST", switches)
        assert answer.status_code == 200, answer.text
        return answer.json()

    yield chosen
    door(sf, "DELETE")


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def test_it_shows_sets_and_takes_back_switches(sf: SfRest, switch: Switch) -> None:
    usual = door(sf, "GET").json()
    assert switch(soap_login=False) == usual | {"soap_login": False}
    assert door(sf, "DELETE").json() == usual == door(sf, "GET").json()


def test_switches_are_part_of_a_saved_state(sf: SfRest, switch: Switch, control: Control) -> None:
    chosen = switch(soap_login=False)
    control.ask("POST", "snapshot", {"name": "switched"})
    door(sf, "DELETE")
    control.ask("POST", "restore", {"name": "switched"})
    assert door(sf, "GET").json() == chosen


@pytest.mark.parametrize("sent", [{"colour": "red"}, {"soap_login": 0}, {"cursor_life_s": True}, ["soap_login"], None])
def test_it_refuses_an_unknown_switch_or_value_and_names_the_choices(sf: SfRest, sent: Any) -> None:
    answer = door(sf, "POST", sent)
    assert (answer.status_code, answer.json()["choices"]["lock_row_status"]) == (400, [400, 500])
    assert door(sf, "PUT", {}).status_code == 405


@pytest.mark.parametrize(
    ("switches", "error", "description"),
    [
        ({"app": "user_not_approved"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"app": "not_admin_approved"}, "invalid_app_access", "user is not admin approved to access this app"),
        ({"app": "not_installed"}, "invalid_client", "External client app is not installed in this org"),
        ({"user": "locked"}, "invalid_grant", "user acct locked"),
        ({"assertion_life_s": 180}, "invalid_grant", "invalid assertion"),
    ],
)
def test_it_refuses_a_login_as_the_org_stands(sf: SfRest, switch: Switch, switches: dict[str, Any], error: str, description: str) -> None:
    assertion = sf.assertion(exp=int(time.time()) + 240)
    assert sf.token(assertion=assertion).status_code == 200
    switch(**switches)
    assert sf.token(assertion=assertion).json() == {"error": error, "error_description": description}
    switch(error_description=False)
    assert sf.token(assertion=assertion).json() == {"error": error}


def test_it_takes_an_assertion_once_or_often(sf: SfRest, switch: Switch) -> None:
    assertion = sf.assertion(exp=int(time.time()) + 111)
    assert [sf.token(assertion=assertion).status_code for _ in range(2)] == [200, 200]
    switch(used_assertion="refused")
    assert sf.token(assertion=assertion).status_code == 200
    assert sf.token(assertion=assertion).json() == {"error": "invalid_grant", "error_description": "expired authorization code"}


def test_it_names_the_audience_that_is_wrong(sf: SfRest, switch: Switch) -> None:
    switch(audience_words="long")
    told = sf.token(assertion=sf.assertion(aud="https://example.com")).json()["error_description"]
    assert told == f"audience is invalid  [audience=https://example.com login={sf.info['login_url']}/]"


def test_it_tells_more_of_a_login_when_asked(sf: SfRest, switch: Switch) -> None:
    more = {"issued_at", "signature", "api_instance_url"}
    assert not more & sf.token().json().keys()
    switch(issued_at=True, api_instance_url=True)
    assert more < sf.token().json().keys()


def test_it_gives_a_second_login_its_own_session_or_the_same(sf: SfRest, switch: Switch) -> None:
    assert len({sf.token().json()["access_token"] for _ in range(2)}) == 2
    switch(same_session=True)
    (held,) = {sf.token().json()["access_token"] for _ in range(2)}
    sf.session.post(f"{sf.instance}/services/oauth2/revoke", {"token": held}, timeout=10)
    assert sf.token().json()["access_token"] != held


LOGIN = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login xmlns="urn:partner.soap.sforce.com">'
    "<username>{username}</username><password>{password}</password></login></e:Body></e:Envelope>"
)


def test_it_has_doors_for_passwords_open_or_shut(sf: SfRest, switch: Switch) -> None:
    grant = {"grant_type": "password", "client_id": sf.info["client_id"], "username": sf.info["username"], "password": sf.info["password"]}

    def soap(release: int = 64) -> requests.Response:
        url = f"{sf.instance}/services/Soap/u/{release}.0"
        return sf.session.post(url, LOGIN.format(**sf.info), headers={"Content-Type": "text/xml"}, timeout=10)

    assert (sf.token(**grant).status_code, soap().status_code) == (200, 200)
    assert "INVALID_OPERATION: The SOAP Login operation is not available in the API version specified (65.0)." in soap(65).text
    switch(password_grant=False, soap_login=False)
    assert sf.token(**grant).json() == {"error": "invalid_grant", "error_description": "authentication failure"}
    assert "INVALID_OPERATION: SOAP API login() is disabled by default in this org." in soap().text
    switch(soap_login=True, user="locked")
    assert "INVALID_LOGIN" in soap().text


def test_it_has_two_statuses_for_a_bad_token_and_a_long_target(sf: SfRest, switch: Switch) -> None:
    def both() -> tuple[int, int]:
        url = f"{sf.instance}/services/oauth2/userinfo"
        stranger = sf.session.get(url, headers={"Authorization": "Bearer 00D!x"}, timeout=10).status_code
        return stranger, sf.get("query", q="SELECT Id FROM Case WHERE Subject = '" + "x" * 17_000 + "'").status_code

    assert both() == (403, 414)
    switch(bad_token_status=401, long_target_status=431)
    assert both() == (401, 431)


def test_it_forgets_a_cursor_that_was_idle(sf: SfRest, switch: Switch, control: Control) -> None:
    control.ask("POST", "seed", {"orders": 201, "sf_account_ids": ["SF-1001"]})
    headers = {"Sforce-Query-Options": "batchSize=200"}
    target = f"{sf.instance}/services/data/v63.0/query"

    def first() -> str:
        return sf.session.get(target, params={"q": "SELECT Id FROM Order"}, headers=headers, timeout=10).json()["nextRecordsUrl"]

    def after(minutes: int, cursor: str) -> int:
        control.ask("POST", "clock", {"advance_s": minutes * 60})
        sf.login()
        return sf.session.get(sf.instance + cursor, timeout=10).status_code

    assert after(20, first()) == 200
    switch(cursor_life_s=900)
    assert (after(10, first()), after(20, first())) == (200, 400)


def test_it_answers_an_upsert_in_two_ways(sf: SfRest, switch: Switch, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    assert (sf.patch(path, {"Subject": "a"}).status_code, sf.patch(path, {"Subject": "b"}).status_code) == (201, 200)
    assert code(sf.patch(path, {"Subject": "c", "Portal_Idem_Key__c": key})) == (400, "INVALID_FIELD")
    switch(upsert_update_status=204, upsert_key_in_body="taken")
    answer = sf.patch(path, {"Subject": "c", "Portal_Idem_Key__c": key})
    assert (answer.status_code, answer.content, sf.get(path).json()["Subject"]) == (204, b"", "c")


def test_it_has_two_codes_for_a_record_that_a_collection_does_not_find(sf: SfRest, switch: Switch, free: Control) -> None:
    def told() -> set[str]:
        changed = {"records": [{"attributes": {"type": "Case"}, "id": "500000000000000AAA", "Subject": "x"}]}
        answers = sf.patch("composite/sobjects", changed), sf.call("DELETE", "composite/sobjects", ids="500000000000000AAA")
        return {answer.json()[0]["errors"][0]["statusCode"] for answer in answers}

    assert told() == {"NOT_FOUND"}
    switch(missing_in_collection="INVALID_CROSS_REFERENCE_KEY")
    assert told() == {"INVALID_CROSS_REFERENCE_KEY"}


def test_it_words_what_is_rolled_back_in_two_ways(sf: SfRest, switch: Switch) -> None:
    rows = [{"attributes": {"type": "Case"}, "Subject": "good"}, {"attributes": {"type": "Case"}, "Nope": 1}]

    def first() -> str:
        answer = sf.post("composite/sobjects", {"allOrNone": True, "records": rows})
        return answer.json()[0]["errors"][0]["statusCode"]

    assert first() == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    switch(rolled_back_code="PROCESSING_HALTED")
    assert first() == "PROCESSING_HALTED"


def test_it_has_two_statuses_for_a_locked_row(sf: SfRest, switch: Switch, control: Control) -> None:
    control.fault("salesforce", "sobject.create:Case", "lock_row", count=2)
    assert code(sf.post("sobjects/Case", {})) == (400, "UNABLE_TO_LOCK_ROW")
    switch(lock_row_status=500)
    assert code(sf.post("sobjects/Case", {})) == (500, "UNABLE_TO_LOCK_ROW")


def test_an_expired_session_may_be_worded_as_one_that_a_login_does_not_mend(sf: SfRest, control: Control) -> None:
    words = "This session is not valid for use with the REST API"
    control.fault("salesforce", "query", "expired_session", count=1, message=words)
    answer = sf.get("query", q="SELECT Id FROM Case")
    assert (answer.status_code, answer.json()) == (401, [{"message": words, "errorCode": "INVALID_SESSION_ID"}])


def test_it_words_an_unknown_status_in_two_ways(sf: SfRest, switch: Switch, key: str) -> None:
    order = sf.place(key)
    assert code(sf.patch(f"sobjects/Order/{order}", {"Status": "Lost"})) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    switch(unknown_order_status="FAILED_ACTIVATION")
    assert code(sf.patch(f"sobjects/Order/{order}", {"Status": "Lost"})) == (400, "FAILED_ACTIVATION")
    assert sf.patch(f"sobjects/Order/{order}", {"Status": "Cancelled"}).status_code == 204


def test_it_fills_in_price_and_entry_of_an_item_when_asked(sf: SfRest, switch: Switch, key: str) -> None:
    order, price = sf.place(key), sf.price("SIM-ACT")
    product = sf.one("SELECT Id FROM Product2 WHERE StockKeepingUnit = 'SIM-ACT'")["Id"]
    item = {"OrderId": order, "PricebookEntryId": price["Id"], "Quantity": 1, "Billing_Cycle__c": "Onetime"}
    by_product = {name: value for name, value in item.items() if name != "PricebookEntryId"} | {"Product2Id": product}
    assert code(sf.post("sobjects/OrderItem", item)) == (400, "REQUIRED_FIELD_MISSING")
    assert code(sf.post("sobjects/OrderItem", by_product | {"UnitPrice": 1})) == (400, "REQUIRED_FIELD_MISSING")
    switch(unit_price="list_price", item_by_product=True)
    made = [sf.post("sobjects/OrderItem", body) for body in (item, by_product)]
    assert [each.status_code for each in made] == [201, 201], [each.text for each in made]
    found = sf.query(f"SELECT UnitPrice, PricebookEntryId FROM OrderItem WHERE Id IN ('{made[0].json()['id']}', '{made[1].json()['id']}')")
    assert {(row["UnitPrice"], row["PricebookEntryId"]) for row in found} == {(price["UnitPrice"], price["Id"])}


def test_it_keeps_or_takes_what_depends_on_an_account(sf: SfRest, switch: Switch, free: Control, key: str) -> None:
    account = sf.post("sobjects/Account", {"Name": "Leaves", "SF_Account_No__c": key[:10]}).json()["id"]
    case = sf.post("sobjects/Case", {"AccountId": account}).json()["id"]
    switch(account_delete="refused")
    assert code(sf.call("DELETE", f"sobjects/Account/{account}")) == (400, "DELETE_FAILED")
    switch(account_delete="cascades")
    assert sf.call("DELETE", f"sobjects/Account/{account}").status_code == 204
    assert sf.get(f"sobjects/Case/{case}").status_code == 404


def test_it_keeps_or_deletes_a_price_that_is_used(sf: SfRest, switch: Switch, free: Control, key: str) -> None:
    sf.place(key, "VPN-US")
    path = f"sobjects/PricebookEntry/{sf.price('VPN-US')['Id']}"
    assert code(sf.call("DELETE", path)) == (400, "DELETE_FAILED")
    switch(entry_in_use="deleted")
    assert sf.call("DELETE", path).status_code == 204
