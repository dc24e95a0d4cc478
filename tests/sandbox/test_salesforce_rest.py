"""The org's REST API over TLS: logging in, rows, queries, composites, and the rules of orders."""

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.sf_rest import SfRest


def code(answer: requests.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json(), list)
    return answer.json()[0]["errorCode"]


# -- logging in


def test_it_gives_a_token_for_a_signed_assertion(sf: SfRest) -> None:
    answer = sf.token()
    body = answer.json()
    assert answer.status_code == 200
    assert body["access_token"].startswith(sf.info["org_id"][:15] + "!")
    assert len(body["access_token"]) == 112
    assert body["instance_url"] == sf.info["instance_url"]
    assert body["token_type"] == "Bearer"
    assert body["id"].split("/")[-2] == sf.info["org_id"]
    assert "refresh_token" not in body
    assert "expires_in" not in body


def test_it_takes_an_expiry_written_as_text(sf: SfRest) -> None:
    assert sf.token(assertion=sf.assertion(exp=str(int(time.time()) + 60))).status_code == 200


def test_it_takes_the_user_in_any_case_and_each_of_its_addresses_as_audience(sf: SfRest) -> None:
    own = (sf.info["login_url"], sf.info["rest_plain_url"], "https://login.salesforce.com", "https://test.salesforce.com")
    assert {sf.token(assertion=sf.assertion(aud=aud, sub=sf.info["username"].upper())).status_code for aud in own} == {200}


def test_it_serves_a_client_of_the_plain_port(sf: SfRest) -> None:
    plain = sf.info["rest_plain_url"]
    assert sf.token(plain).json()["instance_url"] == plain
    assert sf.session.get(f"{plain}/services/data", timeout=5).json()[-1]["version"] == "68.0"


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": int(time.time()) - 10}, "invalid_grant", "expired authorization code"),
        ({"exp": int(time.time()) + 4000}, "invalid_grant", "invalid assertion"),
        ({"sub": "stranger@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_it_refuses_a_wrong_claim_in_its_own_words(sf: SfRest, claims: dict[str, Any], error: str, description: str) -> None:
    answer = sf.token(assertion=sf.assertion(**claims))
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_it_refuses_a_foreign_signature_and_no_signature(sf: SfRest) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = stranger.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for assertion in (sf.assertion(pem.decode()), jwt.encode(sf.claims(), None, algorithm="none"), "rubbish"):
        assert sf.token(assertion=assertion).json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_it_refuses_other_grants(sf: SfRest) -> None:
    assert sf.token(grant_type="device").json() == {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
    assert sf.token(grant_type="refresh_token", refresh_token="x").json()["error"] == "invalid_grant"
    for missing in ({"grant_type": ""}, {"assertion": ""}, {"grant_type": "password"}):
        assert sf.token(**missing).json()["error"] == "invalid_request"


def test_it_refuses_calls_without_a_living_token(sf: SfRest) -> None:
    for header in ({"Authorization": "Bearer 00D!wrong"}, {"Authorization": ""}):
        answer = sf.session.get(f"{sf.instance}/services/data/v63.0/query?q=x", headers=header, timeout=5)
        assert (answer.status_code, answer.json()) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


# -- rows


def test_it_lists_versions_and_limits(sf: SfRest) -> None:
    answer = sf.get("limits/")
    assert answer.json()["DailyApiRequests"]["Max"] > answer.json()["DailyApiRequests"]["Remaining"]
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")
    for version, status in (("v12.0", 410), ("v99.0", 404), ("v1", 404)):
        assert code(sf.session.get(f"{sf.instance}/services/data/{version}/limits", timeout=5), status) in ("GONE", "NOT_FOUND")


def test_it_reads_by_id_of_both_lengths_and_by_external_id(sf: SfRest) -> None:
    account = sf.get("sobjects/Account/SF_Account_No__c/SF-1001").json()
    assert account["Email__c"] == "aiko.tanaka@example.com"
    assert len(account["Id"]) == 18
    short = sf.get(f"sobjects/Account/{account['Id'][:15]}", fields="Name,Email__c").json()
    assert short == {
        "attributes": {"type": "Account", "url": f"/services/data/v63.0/sobjects/Account/{account['Id']}"},
        "Name": account["Name"], "Email__c": account["Email__c"], "Id": account["Id"],
    }  # fmt: skip


def test_it_answers_not_found_in_the_ways_of_the_sheet(sf: SfRest) -> None:
    assert code(sf.get("sobjects/Account/SF_Account_No__c/SF-9999"), 404) == "NOT_FOUND"
    assert code(sf.get("sobjects/Account/Name/x"), 404) == "NOT_FOUND"
    assert code(sf.get("sobjects/Account/rubbish"), 404) == "NOT_FOUND"
    assert code(sf.get("sobjects/Nothing__c/001000000000000"), 404) == "NOT_FOUND"
    assert code(sf.get(f"sobjects/Account/{sf.account_id()}", fields="Secret__c")) == "INVALID_FIELD"
    assert code(sf.call("DELETE", "limits/x"), 404) == "NOT_FOUND"


def test_it_opens_a_case_with_a_number(sf: SfRest, key: str) -> None:
    case = {"Subject": "Number not verified", "AccountId": sf.account_id(), "Origin": "Portal", "Portal_Idem_Key__c": key}
    made = sf.post("sobjects/Case/", case)
    assert made.status_code == 201
    assert made.headers["Location"].endswith(made.json()["id"])
    assert made.json() == {"id": made.json()["id"], "success": True, "errors": []}
    stored = sf.one(f"SELECT CaseNumber, Status FROM Case WHERE Portal_Idem_Key__c = '{key}'")
    assert len(stored["CaseNumber"]) == 8
    assert stored["Status"] == "New"


def test_it_upserts_by_external_id(sf: SfRest, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    first, second = sf.patch(path, {"Subject": "one", "Origin": "Portal"}), sf.patch(path, {"Subject": "two"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert sf.get(path).json()["Subject"] == "two"
    assert code(sf.patch(path, {"Portal_Idem_Key__c": key})) == "INVALID_FIELD"


def test_it_finds_an_external_id_with_a_slash_in_it(sf: SfRest, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}%2Fa%20b"
    assert sf.patch(path, {"Subject": "slash"}).status_code == 201
    assert sf.get(path).json()["Portal_Idem_Key__c"] == f"{key}/a b"


def test_it_wants_no_id_in_a_body(sf: SfRest, key: str) -> None:
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    made = sf.patch(path, {"Subject": "a"}).json()["id"]
    assert code(sf.post("sobjects/Case", {"Id": made})) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    for answer in (sf.patch(path, {"Id": made}), sf.patch(f"sobjects/Case/{made}", {"Id": made})):
        assert (code(answer), answer.json()[0]["message"]) == ("INVALID_FIELD", "The Id field should not be specified in the sobject data.")


def test_it_updates_and_moves_the_stamp(sf: SfRest, key: str) -> None:
    order_id = sf.place(key)
    before = sf.get(f"sobjects/Order/{order_id}").json()
    time.sleep(1.1)
    answer = sf.patch(f"sobjects/Order/{order_id}", {"WHMCS_Order_ID__c": "77", "Last_Provisioning_At__c": "2026-11-21T10:15:30+09:00"})
    assert (answer.status_code, answer.content) == (204, b"")
    after = sf.get(f"sobjects/Order/{order_id}").json()
    assert after["Last_Provisioning_At__c"] == "2026-11-21T01:15:30.000+0000"
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert after["CreatedDate"] == before["CreatedDate"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"WHMCS_Order_ID__c": "x" * 31}, "STRING_TOO_LONG"),
        ({"Activation_Status__c": "Sleeping"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Status": "Nonsense"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Attempt_Count__c": "many"}, "JSON_PARSER_ERROR"),
        ({"EffectiveDate": "tomorrow"}, "JSON_PARSER_ERROR"),
        ({"AccountId": "801000000000000"}, "MALFORMED_ID"),
        ({"AccountId": "001000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"OwnerId": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Secret__c": "x"}, "INVALID_FIELD"),
        ({"TotalAmount": 5}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"OrderNumber": "5"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"EffectiveDate": None}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_it_refuses_a_bad_value(sf: SfRest, key: str, fields: dict[str, Any], expected: str) -> None:
    assert code(sf.patch(f"sobjects/Order/{sf.place(key)}", fields)) == expected


def test_it_refuses_a_body_that_is_no_object(sf: SfRest) -> None:
    answer = sf.session.post(f"{sf.instance}/services/data/v63.0/sobjects/Case", data="{oops", timeout=5)
    assert code(answer) == "JSON_PARSER_ERROR"
    assert code(sf.post("sobjects/Case", [1])) == "JSON_PARSER_ERROR"


def test_it_keeps_the_integration_user_to_its_permission_set(sf: SfRest) -> None:
    assert code(sf.post("sobjects/Account", {"Name": "Mine"}), 403) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert code(sf.patch(f"sobjects/Account/{sf.account_id()}", {"Email__c": "me@example.com"}), 403)
    assert code(sf.get("sobjects/User/005000000000000"), 404) == "NOT_FOUND"


# -- queries


def test_it_answers_a_query_with_parents(sf: SfRest) -> None:
    row = sf.one(
        "SELECT Id, UnitPrice, Product2.Name, Product2.WHMCS_Product_Id__c FROM PricebookEntry"
        " WHERE Pricebook2.Name = 'Portal' AND Product2.ProductCode = 'SIM-DATA-5'"
    )
    assert row["attributes"]["url"].startswith("/services/data/v63.0/sobjects/PricebookEntry/01u")
    assert (row["UnitPrice"], row["Product2"]["Name"], row["Product2"]["WHMCS_Product_Id__c"]) == (1280.0, "eSIM 5 GB", 101.0)


def test_it_has_the_accounts_of_the_contract(sf: SfRest) -> None:
    rows = sf.query("SELECT SF_Account_No__c, Email__c, Internet_Eligibility__c FROM Account ORDER BY SF_Account_No__c")
    assert [row["SF_Account_No__c"] for row in rows[:5]] == ["SF-1001", "SF-1002", "SF-1003", "SF-1004", "SF-1005"]
    assert rows[2]["Internet_Eligibility__c"] is None
    assert (rows[-1]["SF_Account_No__c"], rows[-1]["Email__c"], len(rows)) == ("SF-2040", "person2040@example.com", 45)


def test_it_hands_out_a_long_result_in_batches(sf: SfRest, key: str) -> None:
    for batch in range(11):
        records = [{"attributes": {"type": "Case"}, "Subject": f"{key} {batch} {number}"} for number in range(190)]
        assert sf.post("composite/sobjects", {"records": records}).status_code == 200
    first = sf.get("query", q=f"SELECT Id FROM Case WHERE Subject LIKE '{key}%'").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2090, False, 2000)
    rest = sf.session.get(sf.instance + first["nextRecordsUrl"], timeout=10).json()
    assert (rest["totalSize"], rest["done"], len(rest["records"])) == (2090, True, 90)
    assert code(sf.get("query/01gnonsense-2000")) == "INVALID_QUERY_LOCATOR"


def test_it_takes_a_query_of_100000_characters_at_most(sf: SfRest) -> None:
    soql = f"SELECT+Id+FROM+Case+WHERE+Subject='{'x' * 100_000}'"
    asked = {"method": "GET", "url": f"/services/data/v63.0/query?q={soql}", "referenceId": "long"}
    (item,) = sf.post("composite", {"compositeRequest": [asked]}).json()["compositeResponse"]
    assert (item["httpStatusCode"], item["body"][0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_it_refuses_a_malformed_query(sf: SfRest) -> None:
    assert code(sf.get("query", q="SELECT FROM")) == "MALFORMED_QUERY"
    assert code(sf.get("query", q="SELECT Nope__c FROM Order")) == "INVALID_FIELD"
    assert code(sf.get("query")) == "MALFORMED_QUERY"
