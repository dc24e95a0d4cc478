"""The org's doors beside the records: SOAP login, who a token is, revoking, and how every answer is carried."""

import gzip
import re
from typing import Any

import pytest
import requests

from tests.support.sandbox import Control, Refused
from tests.support.sf_rest import SfRest

SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:{kind}.soap.sforce.com">'
    "<e:Header><u:SessionHeader><u:sessionId>{session}</u:sessionId></u:SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
)
LOGIN = "<u:login><u:username>{username}</u:username><u:password>{password}</u:password></u:login>"


def soap(sf: SfRest, body: str, at: str = "u/59.0", session: str = "") -> requests.Response:
    kind = "partner" if at[0] == "u" else "enterprise"
    text = SOAP.format(kind=kind, session=session, body=body)
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    return sf.session.post(f"{sf.info['login_url']}/services/Soap/{at}", text, headers=headers, timeout=10)


def tag(answer: requests.Response, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>([^<]*)<", answer.text)
    assert found, answer.text
    return found[1]


# -- SOAP


@pytest.mark.parametrize("at", ["u/59.0", "c/59.0", "c/59.0/0DF000000000001"])
def test_it_logs_in_by_soap_and_out_again(sf: SfRest, at: str) -> None:
    entered = soap(sf, LOGIN.format(**sf.info), at)
    token = tag(entered, "sessionId")
    assert (entered.status_code, tag(entered, "userName")) == (200, sf.info["username"])
    assert tag(entered, "serverUrl").startswith(f"{sf.info['instance_url']}/services/Soap/{at[:6]}")
    header = {"Authorization": f"Bearer {token}"}
    limits = f"{sf.instance}/services/data/v63.0/limits"
    assert sf.session.get(limits, headers=header, timeout=5).status_code == 200
    assert tag(soap(sf, "<u:getUserInfo/>", at, token), "userName") == sf.info["username"]
    assert soap(sf, "<u:logout/>", at, token).status_code == 200
    assert sf.session.get(limits, headers=header, timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("body", "at", "code"),
    [
        (LOGIN.format(username="portal@sandbox.example", password="wrong"), "u/59.0", "INVALID_LOGIN"),
        (LOGIN.format(username="nobody", password="<![CDATA[&]]>"), "u/59.0", "INVALID_LOGIN"),
        (LOGIN.format(username="", password=""), "u/66.0", "INVALID_OPERATION"),
        (LOGIN.format(username="", password=""), "u/20.0", "UNSUPPORTED_API_VERSION"),
        ("<u:getUserInfo/>", "u/66.0", "INVALID_SESSION_ID"),
        ("<u:merge/>", "u/59.0", "INVALID_OPERATION"),
        ("", "u/59.0", "INVALID_SOAP_REQUEST"),
        ("<oops>", "u/59.0", "INVALID_SOAP_REQUEST"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>", "u/59.0", "INVALID_SOAP_REQUEST"),
    ],
)
def test_it_answers_soap_with_a_fault(sf: SfRest, body: str, at: str, code: str) -> None:
    answer = soap(sf, body, at)
    assert (answer.status_code, tag(answer, "exceptionCode")) == (500, code)


# -- who a token is


def test_it_tells_who_a_token_belongs_to(sf: SfRest) -> None:
    told = sf.session.get(f"{sf.instance}/services/oauth2/userinfo", timeout=5).json()
    assert (told["organization_id"], told["preferred_username"]) == (sf.info["org_id"], sf.info["username"])
    identity = sf.get("").json()["identity"]
    assert identity == sf.token().json()["id"] == told["sub"]
    assert sf.session.get(identity, timeout=5).json()["user_id"] == told["user_id"]
    record = sf.one("SELECT Id, Username, IsActive FROM User WHERE Username = '{}'".format(sf.info["username"]))
    assert (record["Id"], record["IsActive"]) == (told["user_id"], True)
    assert sf.one("SELECT Id, IsSandbox FROM Organization")["Id"] == sf.info["org_id"]


def test_it_refuses_to_tell_a_stranger(sf: SfRest) -> None:
    wrong = {"Authorization": "Bearer nonsense"}
    address = sf.get("").json()["identity"]
    for url, headers, words in (
        (f"{sf.instance}/services/oauth2/userinfo", wrong, "Bad_OAuth_Token"),
        (address, wrong, "Bad_OAuth_Token"),
        (address, {"Authorization": ""}, "Missing_OAuth_Token"),
        (address[:-3] + "AAA", {}, "Bad_Id"),
    ):
        answer = sf.session.get(url, headers=headers, timeout=5)
        assert (answer.status_code, answer.text) == (403, words)


def test_it_revokes_a_token_once(sf: SfRest) -> None:
    token = sf.session.headers["Authorization"].split()[1]
    answers = [sf.session.post(f"{sf.instance}/services/oauth2/revoke", {"token": token}, timeout=5) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 400]
    assert sf.get("limits").status_code == 401


def test_it_gives_a_token_for_a_password(sf: SfRest) -> None:
    form = {"grant_type": "password", "client_id": sf.info["client_id"], "client_secret": "", "username": sf.info["username"]}
    good = sf.token(**form, password=sf.info["password"], assertion=None).json()
    assert good["access_token"].startswith(sf.info["org_id"][:15])
    assert {"issued_at", "signature"} <= set(good)
    assert sf.token(**form, password="wrong").json() == {"error": "invalid_grant", "error_description": "authentication failure"}
    assert sf.token(**form | {"client_id": "nobody"}, password="x").json()["error"] == "invalid_client_id"


def test_it_refuses_a_user_who_is_not_active(sf: SfRest, free: Control) -> None:
    user = sf.get("").json()["identity"].rsplit("/")[-1]
    assert sf.patch(f"sobjects/User/{user}", {"IsActive": False}).status_code == 204
    try:
        assert sf.token().json() == {"error": "invalid_grant", "error_description": "inactive user"}
    finally:
        assert sf.patch(f"sobjects/User/{user}", {"IsActive": True}).status_code == 204


# -- permissions


def test_it_holds_the_user_to_the_permission_set_only_while_asked(sf: SfRest, control: Control) -> None:
    account = {"Name": "Mine"}
    assert sf.post("sobjects/Account", account).status_code == 403
    assert control.ask("POST", "permissions", {"enforce": False}) == {"enforce": False}
    made = sf.post("sobjects/Account", account).json()["id"]
    assert sf.call("DELETE", f"sobjects/Account/{made}").status_code == 204
    assert control.ask("POST", "permissions", {"enforce": True}) == {"enforce": True}
    assert sf.post("sobjects/Account", account).status_code == 403
    for wrong in ({}, {"enforce": "no"}, {"force": True}):
        with pytest.raises(Refused):
            control.ask("POST", "permissions", wrong)


# -- how answers are carried


def test_it_compresses_for_clients_that_take_it(sf: SfRest) -> None:
    packed = requests.get(
        f"{sf.instance}/services/data", headers={"Accept-Encoding": "gzip"}, verify=sf.info["ca_file"], stream=True, timeout=5
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read(decode_content=False)).startswith(b'[{"label": "Summer \'14"')
    assert "Content-Encoding" not in sf.session.get(f"{sf.instance}/services/data", headers={"Accept-Encoding": ""}, timeout=5).headers


def test_it_tells_a_client_that_nothing_changed(sf: SfRest) -> None:
    stamp = sf.get("sobjects/Order/describe").headers["Last-Modified"]
    url = f"{sf.instance}/services/data/v63.0/sobjects"
    for path, since, status in (
        ("/Order/describe", stamp, 304),
        ("", stamp, 304),
        ("", "Mon, 01 Jan 2001 00:00:00 GMT", 200),
        ("", "x", 200),
    ):
        assert sf.session.get(url + path, headers={"If-Modified-Since": since}, timeout=5).status_code == status


def test_it_answers_head_and_refuses_what_it_cannot_read(sf: SfRest) -> None:
    url, made = f"{sf.instance}/services/data/v63.0", sf.place("head-1")
    assert sf.session.head(f"{url}/sobjects/Order/{made}", timeout=5).status_code == 200
    assert sf.session.get(f"{url}/query?q=SELECT+Id+FROM+Order+{'+' * 17_000}", timeout=5).status_code == 414
    form = sf.session.post(f"{url}/sobjects/Case", {"Subject": "x"}, timeout=5)
    assert (form.status_code, form.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    put = sf.call("PUT", f"sobjects/Order/{made}", {})
    assert (put.status_code, put.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    instead = sf.session.post(f"{url}/sobjects/Order/{made}?_HttpMethod=PATCH", json={"WHMCS_Order_ID__c": "9"}, timeout=5)
    assert instead.status_code == 204


def test_it_writes_an_upsert_as_older_releases_did(sf: SfRest, key: str) -> None:
    url = f"{sf.instance}/services/data/v45.0/sobjects/Case/Portal_Idem_Key__c/{key}"
    first, second = (sf.session.patch(url, json={"Subject": "x"}, timeout=5) for _ in range(2))
    assert (first.status_code, "created" in first.json(), second.status_code, second.content) == (201, False, 204, b"")


def test_it_publishes_an_event_by_rest(sf: SfRest, free: Control, key: str) -> None:
    order = sf.place(key)
    made: Any = sf.post("sobjects/OrderProvisionRequested__e", {"OrderId__c": order, "IdemKey__c": key}).json()
    (event,) = free.truth(order)["orders"][0]["events"]
    assert (made["success"], made["errors"][0]["message"], event["idem_key"]) == (True, event["uuid"], key)
