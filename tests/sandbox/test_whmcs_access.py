"""Who gets into the sandbox's WHMCS, in which forms a call may come, and the switches for what no document settles."""

import hashlib
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import requests

from tests.sandbox.whmcs_calls import AIKO, ESIM, Whmcs, packed
from tests.support.sandbox import Control


def raw(whmcs: Whmcs, data: Any, query: str = "", **more: Any) -> requests.Response:
    return requests.post(f"{whmcs.url}/includes/api.php{query}", data=data, timeout=10, **more)


def admin(whmcs: Whmcs, password: str | None = None) -> dict[str, str]:
    hashed = hashlib.md5((password or whmcs.info["admin_password"]).encode(), usedforsecurity=False).hexdigest()
    return {"username": whmcs.info["admin_username"], "password": hashed, "responsetype": "json", "action": "WhmcsDetails"}


def test_it_lets_an_administrator_in_by_the_hash_of_a_password(whmcs: Whmcs) -> None:
    assert raw(whmcs, admin(whmcs)).json()["result"] == "success"
    refused = raw(whmcs, admin(whmcs, "guess"))
    assert (refused.status_code, refused.json()["message"]) == (403, "Invalid or missing credentials")


def test_it_refuses_an_address_that_is_not_listed_unless_the_access_key_comes(whmcs: Whmcs) -> None:
    whmcs.switch(allowed_ips=["203.0.113.9"])
    refused = whmcs.post("WhmcsDetails", secret="wrong")
    assert (refused.status_code, refused.json()["message"]) == (403, "Invalid IP 127.0.0.1")
    assert whmcs.post("WhmcsDetails", accesskey=whmcs.info["access_key"]).status_code == 200
    assert whmcs.post("WhmcsDetails", accesskey="guess").status_code == 403
    whmcs.switch(invalid_ip_status=400, allowed_ips=["127.0.0.0/8"])
    assert whmcs.post("WhmcsDetails").status_code == 400


@pytest.mark.parametrize(("state", "message"), [("disabled", "Administrator Account Disabled"), ("without_api_access", "Access Denied")])
def test_it_refuses_an_administrator_who_may_not(whmcs: Whmcs, state: str, message: str) -> None:
    whmcs.switch(admin=state)
    answer = whmcs.post("WhmcsDetails")
    assert (answer.status_code, answer.json()["message"]) == (403, message)


def test_it_refuses_what_the_role_was_not_given_before_it_looks_at_anything_else(whmcs: Whmcs) -> None:
    whmcs.switch(refused_actions=["AddOrder"])
    answer = whmcs.post("AddOrder", **{"pid": "not an array"})
    assert (answer.status_code, answer.json()["message"]) == (403, 'Invalid Permissions: API action "addorder" is not allowed')


def test_it_never_sets_configuration_for_a_remote_caller(whmcs: Whmcs) -> None:
    answer = whmcs.post("SetConfigurationValue", setting="CompanyName", value="Mine")
    assert (answer.status_code, answer.json()["message"]) == (403, "API Command Restricted to Internal API")
    assert whmcs.ask("GetConfigurationValue", setting="CompanyName")["value"] == "Sandbox WHMCS"
    assert whmcs.refusal("GetConfigurationValue") == "Parameter setting is required"
    assert whmcs.refusal("GetConfigurationValue", setting="Secrets") == "Invalid name for parameter setting"


def test_it_takes_calls_by_get_only_when_it_is_told_to(whmcs: Whmcs) -> None:
    keys = {"identifier": whmcs.info["identifier"], "secret": whmcs.info["secret"], "responsetype": "json", "action": "GetCurrencies"}
    assert requests.get(f"{whmcs.url}/includes/api.php", params=keys, timeout=10).status_code == 405
    whmcs.switch(get_requests=True)
    assert requests.get(f"{whmcs.url}/includes/api.php", params=keys, timeout=10).json()["currencies"]["currency"][0]["code"] == "JPY"


@pytest.mark.parametrize("form", [{"pid[0]": ESIM, "pid[1]": ESIM}, {"pid[]": [ESIM, ESIM]}, {"pid[a]": ESIM, "pid[7]": ESIM}])
def test_it_reads_arrays_in_every_form(whmcs: Whmcs, form: dict[str, Any]) -> None:
    client_id = whmcs.client(f"arrays-{len(form)}-{'-'.join(form)}@example.com".replace("[", "").replace("]", ""))
    added = whmcs.ask("AddOrder", clientid=client_id, paymentmethod="stripe", **form)
    assert len(added["serviceids"].split(",")) == 2


def test_it_reads_a_form_in_parts_and_lets_the_body_win_over_the_query(whmcs: Whmcs) -> None:
    client_id = whmcs.client("parts@example.com")
    keys = {"identifier": whmcs.info["identifier"], "secret": whmcs.info["secret"], "responsetype": "json", "clientid": str(client_id)}
    parts = {name: (None, value) for name, value in {**keys, "action": "GetClientsDetails", "x": "y" * 700_000}.items()}
    answer = raw(whmcs, None, "?action=GetClients&clientid=99999", files=parts).json()
    assert answer["client"]["email"] == "parts@example.com"


def test_it_answers_every_action_in_xml_too(whmcs: Whmcs, control: Control) -> None:
    client_id = whmcs.client("xml@example.com", companyname="A\x00B & <C>")
    invoice = whmcs.order(client_id)["invoiceid"]
    sent = {"clientid": client_id, "userid": client_id, "invoiceid": invoice, "responsetype": "xml"}
    actions = control.operations()["whmcs"]["operations"]
    assert len(actions) > 50
    for action in actions:
        if action not in ("DeleteClient", "CloseClient"):
            answer = whmcs.post(action, **sent)
            root = ET.fromstring(answer.text)
            assert answer.headers["Content-Type"].startswith("application/xml")
            assert (root.tag, root[0].text, root[1].text in ("success", "error")) == ("whmcsapi", action.lower(), True), action
    details = ET.fromstring(whmcs.post("GetClientsDetails", **sent).text)
    assert details.findtext("client/companyname") == "AB & <C>"


def test_it_writes_numbers_as_texts_and_lists_in_odd_ways_when_it_is_told_to(whmcs: Whmcs) -> None:
    client_id = whmcs.client("odd@example.com")
    order_id = whmcs.order(client_id)["orderid"]
    whmcs.switch(types="all_strings", lists="numeric_keys")
    found = whmcs.ask("GetOrders", id=order_id)["orders"]["order"]
    assert (found["0"]["id"], found["0"]["lineitems"]["lineitem"]["0"]["type"]) == (str(order_id), "product")
    whmcs.switch(types="docs", lists="single_object")
    assert whmcs.ask("GetOrders", id=order_id)["orders"]["order"]["id"] == order_id


@pytest.mark.parametrize(("empty", "shown"), [("text", ""), ("array", []), ("object", {}), ("absent", None)])
def test_it_shows_no_rows_in_every_way(whmcs: Whmcs, empty: str, shown: Any) -> None:
    whmcs.switch(empty=empty)
    assert whmcs.ask("GetOrders", userid=99999).get("orders") == shown


def test_it_writes_entities_when_it_is_told_to(whmcs: Whmcs) -> None:
    client_id = whmcs.client("entities@example.com", lastname="O'Brien & Sons")
    whmcs.switch(html_entities=True)
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["lastname"] == "O&#039;Brien &amp; Sons"
    whmcs.switch(html_entities=False)
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["lastname"] == "O'Brien & Sons"


def test_it_takes_the_text_false_for_true_or_refuses_it(whmcs: Whmcs) -> None:
    form = {**AIKO, "email": "flags@example.com", "noemail": "false"}
    client_id = whmcs.ask("AddClient", **form)["clientid"]
    assert whmcs.ask("GetEmails", clientid=client_id)["totalresults"] == 0
    whmcs.switch(strict_flags=True)
    assert "noemail" in whmcs.refusal("AddClient", **{**form, "email": "flags2@example.com"})


def test_it_drops_custom_fields_of_an_order_when_it_is_told_to(whmcs: Whmcs) -> None:
    client_id = whmcs.client("dropped@example.com")
    whmcs.switch(keeps_order_fields=False, field_name_key="fieldname")
    whmcs.order(client_id, **{"customfields[0]": packed({1021: "801000000000001AAA"})})
    fields = whmcs.services(client_id)["product"][0]["customfields"]["customfield"]
    assert [(row["fieldname"], row["value"]) for row in fields] == [(whmcs.info["order_id_field"], ""), (whmcs.info["iccid_field"], "")]


def test_it_says_which_version_it_is(whmcs: Whmcs) -> None:
    assert whmcs.ask("WhmcsDetails")["whmcs"] == {"version": "9.0.4", "canonicalversion": "9.0.4-release.1"}
    whmcs.switch(version="8.13.1")
    assert whmcs.ask("GetAdminDetails")["whmcs"]["version"] == "8.13.1"
    assert whmcs.ask("GetHealthStatus")["checks"]["success"][0]["severityLevel"] == "notice"


@pytest.mark.parametrize("sent", [{"version": "7.0"}, {"coffee": True}, {"get_requests": 1}, {"allowed_ips": "127.0.0.1"}, [], None])
def test_it_refuses_a_switch_that_makes_no_sense(whmcs: Whmcs, sent: Any) -> None:
    before = requests.get(f"{whmcs.url}/sandbox/quirks", timeout=10).json()
    assert requests.post(f"{whmcs.url}/sandbox/quirks", json=sent, timeout=10).status_code == 400
    assert requests.get(f"{whmcs.url}/sandbox/quirks", timeout=10).json() == before
