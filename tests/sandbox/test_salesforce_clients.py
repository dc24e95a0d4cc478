"""Clients that others wrote for Salesforce, unmodified, with nothing but the org's address and its CA: simple-salesforce and jsforce."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_external_id, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)  # fmt: skip

from tests.support import node
from tests.support.sandbox import Control, Running

LOGIN = "https://login.salesforce.com"


class Leads(HTTPAdapter):
    """What the name login.salesforce.com leads to: the client knows no other address to log in at."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace(LOGIN, self._address)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(sandbox: Running) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env, made.verify = False, sandbox.info["salesforce"]["ca_file"]
        made.mount(LOGIN, Leads(sandbox.info["salesforce"]["login_url"]))
        yield made


@pytest.fixture
def info(sandbox: Running) -> dict[str, Any]:
    return sandbox.info["salesforce"]


@pytest.fixture
def sf(info: dict[str, Any], session: requests.Session) -> Salesforce:
    key = Path(info["private_key_file"]).read_text()
    return Salesforce(username=info["username"], consumer_key=info["client_id"], privatekey=key, session=session, version="63.0")


def test_it_lets_simple_salesforce_log_in_by_password(info: dict[str, Any], session: requests.Session) -> None:
    by_soap = {"security_token": "", "version": "59.0"}
    by_oauth = {"consumer_key": info["client_id"], "consumer_secret": ""}
    for way in (by_soap, by_oauth):
        client = Salesforce(username=info["username"], password=info["password"], session=session, **way)
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 45
        with pytest.raises(SalesforceAuthenticationFailed):
            Salesforce(username=info["username"], password="wrong", session=session, **way)


def test_it_gives_simple_salesforce_the_life_of_a_record(sf: Salesforce, free: Control) -> None:
    made = sf.Contact.create({"LastName": "Tanaka", "FirstName": "Aiko"})
    assert (made["success"], sf.Contact.get(made["id"])["Name"]) == (True, "Aiko Tanaka")
    assert sf.Contact.update(made["id"], {"Title": "Engineer"}) == 204
    now = datetime.now(UTC)
    assert made["id"] in sf.Contact.updated(now - timedelta(hours=1), now + timedelta(minutes=1))["ids"]
    assert sf.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as caught:
        sf.Contact.delete(made["id"])
    assert caught.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"
    gone = sf.Contact.deleted(now - timedelta(hours=1), now + timedelta(minutes=1))["deletedRecords"]
    assert made["id"] in [each["id"] for each in gone]
    query = format_soql("SELECT IsDeleted FROM Contact WHERE Id = {}", made["id"])
    assert sf.query(query)["totalSize"] == 0
    assert sf.query(query, include_deleted=True)["records"][0]["IsDeleted"] is True


def test_it_gives_simple_salesforce_an_upsert(sf: Salesforce) -> None:
    key = f"a/b c{uuid.uuid4().hex}"
    at = format_external_id("Portal_Idem_Key__c", key)
    assert sf.Case.upsert(at, {"Subject": "one"}) == 201
    assert sf.Case.upsert(at, {"Subject": "two"}) == 200
    row = sf.query(format_soql("SELECT Subject FROM Case WHERE Portal_Idem_Key__c = {}", key))["records"][0]
    assert row["Subject"] == "two"


def test_it_describes_itself_to_simple_salesforce(sf: Salesforce) -> None:
    order = sf.Order.describe()
    fields = {each["name"]: each for each in order["fields"]}
    assert {each["name"] for each in sf.describe()["sobjects"]} >= {"Account", "Order", "Case", "User", "Organization"}
    assert (fields["Portal_Idem_Key__c"]["externalId"], fields["Portal_Idem_Key__c"]["unique"]) == (True, True)
    assert "Approved" in [value["value"] for value in fields["Status"]["picklistValues"]]
    assert fields["TotalAmount"]["createable"] is fields["TotalAmount"]["updateable"] is False
    assert (order["createable"], order["deletable"], sf.Account.describe()["createable"]) == (True, False, False)
    assert sf.Case.metadata()["objectDescribe"]["keyPrefix"] == "500"


def test_it_hands_simple_salesforce_everything_in_pages(sf: Salesforce) -> None:
    mark = uuid.uuid4().hex
    for start in range(0, 600, 200):
        records = [{"attributes": {"type": "Case"}, "Subject": f"{mark} {number}"} for number in range(start, start + 200)]
        made = sf.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": records})
        assert all(each["success"] for each in made)
    query = f"SELECT Subject FROM Case WHERE Subject LIKE '{mark}%'"
    sf.headers["Sforce-Query-Options"] = "batchSize=250"
    first = sf.query(query)
    assert (first["totalSize"], len(first["records"]), first["done"]) == (600, 250, False)
    assert len({row["Subject"] for row in sf.query_all_iter(query)}) == 600
    assert sf.api_usage["api-usage"].total == 115_000


def test_it_words_refusals_for_simple_salesforce(sf: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        sf.query("SELECT Nope FROM Order")
    assert caught.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceRefusedRequest):
        sf.Account.create({"Name": "Mine"})


def test_it_takes_a_graph_from_simple_salesforce(sf: Salesforce) -> None:
    case = {"method": "POST", "url": "/services/data/v63.0/sobjects/Case", "referenceId": "c1", "body": {"Subject": "graph"}}
    read = {"method": "GET", "url": "/services/data/v63.0/sobjects/Case/@{c1.id}", "referenceId": "c2"}
    done = sf.restful("composite/graph", method="POST", json={"graphs": [{"graphId": "1", "compositeRequest": [read, case]}]})
    assert done["graphs"][0]["isSuccessful"] is True
    assert [each["httpStatusCode"] for each in done["graphs"][0]["graphResponse"]["compositeResponse"]] == [200, 201]


def test_it_takes_jsforce_on_a_whole_journey(info: dict[str, Any], free: Control) -> None:
    seen = node.run("jsforce.cjs", info, info["ca_file"])
    assert seen["login"]["org"] == seen["identity"]["organization_id"] == info["org_id"]
    assert seen["identity"]["username"] == info["username"]
    assert seen["describe"] == ["Portal_Idem_Key__c"]
    assert (seen["created"], seen["read"], seen["updated"], seen["upserted"]["created"]) == (True, "one", True, False)
    assert (seen["many"], seen["counted"], seen["found"], seen["changed"]) == (201, 201, 10, [True, True])
    assert [subject.split()[1] for subject in seen["several"]] == ["0", "1", "2"]
    assert seen["pages"] == [201, 200, False, 1, True]
    assert (seen["destroyed"], seen["gone"], seen["bin"]) == (True, 0, 201)
    assert (seen["refusal"], seen["after"]) == (["INVALID_FIELD", "INVALID_FIELD"], "INVALID_SESSION_ID")
