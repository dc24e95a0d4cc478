"""A customer number is a value and never a piece of a query, whatever stands in it."""

import pytest

from console.clients.salesforce import Salesforce
from tests.clients.connected import salesforce
from tests.support.sandbox import Running

NASTY = [
    "' OR Name LIKE '%", "SF-1001' OR SF_Account_No__c = 'SF-1002", "SF-1001\\", "\\", "\\' OR SF_Account_No__c != '", "SF-1001\\'",
    "'", '"', "SF-1001'--", "SF-1001\n", "SF-1001\\n", "%", "SF-100_", "{}", "{0}", "SF-1001\u2019", "null", "SF-1001 LIMIT 1",
]  # fmt: skip


@pytest.fixture(scope="module")
def org(sandbox: Running) -> Salesforce:
    return salesforce(sandbox.info, total_s=5)


@pytest.mark.parametrize("number", NASTY)
def test_it_finds_nobody_by_a_number_that_is_a_query(org: Salesforce, number: str) -> None:
    assert org.account_by_number(number) is None


@pytest.mark.parametrize("key", NASTY)
def test_it_finds_no_order_by_a_key_that_is_a_query(org: Salesforce, key: str) -> None:
    assert org.order_by_key(key) is None


@pytest.mark.parametrize("key", ["it's", "back\\slash", "a/b?c=d#e", "ü 名"])
def test_it_finds_again_what_it_wrote_under_such_a_key(org: Salesforce, key: str) -> None:
    number = org.open_case(key=key, subject="A case", description="", account_id=None)
    assert org.open_case(key=key, subject="A case", description="", account_id=None) == number


def test_it_still_finds_who_is_there(org: Salesforce) -> None:
    found = org.account_by_number("SF-1001")
    assert found
    assert found.number == "SF-1001"
