"""What the catalogue and its linter read of the three upstreams, over the wire."""

import pytest

from console.clients.salesforce import Account
from console.clients.whmcs import SoldProduct
from console.clients.whmcs_rows import sold_product
from console.errors import Rejected
from tests.clients.connected import gigs, salesforce, whmcs
from tests.support.sandbox import Running


def test_it_reads_what_an_account_may_order(sandbox: Running) -> None:
    org = salesforce(sandbox.info, total_s=5)
    found = org.account_by_number("SF-1002")
    unchecked = org.account_by_number("SF-1003")

    assert found
    assert found == Account(found.account_id, "SF-1002", "sara.lindqvist@example.com", "Apartment 1G", True, True)
    assert org.account(found.account_id) == found
    assert org.account(found.account_id[:15]) == found
    assert unchecked
    assert unchecked.internet_eligibility == ""


def test_it_finds_no_account_that_is_not_there(sandbox: Running) -> None:
    org = salesforce(sandbox.info, total_s=5)

    assert org.account("001000000000009AAA") is None
    with pytest.raises(Rejected):
        org.account("' OR Name != '")


def test_it_lists_what_is_marked_for_the_portal(sandbox: Running) -> None:
    org = salesforce(sandbox.info, total_s=5)

    assert {sku for sku, _name in org.listed()} == {product.sku for product in org.catalogue()}
    assert ("SIM-DATA-5", "eSIM 5 GB") in org.listed()


def test_it_reads_how_billing_sells_its_products(sandbox: Running) -> None:
    found = {product.product_id: product for product in whmcs(sandbox.info, total_s=5).products()}

    assert found[201] == SoldProduct(
        201, "Home Internet 1G", frozenset({"Monthly"}), {5: frozenset({16, 17}), 6: frozenset({18})}, frozenset()
    )
    assert (found[110].cycles, found[303].cycles) == (frozenset({"Onetime"}), frozenset({"Annually"}))


@pytest.mark.parametrize(
    ("pricing", "cycles"),
    [
        ({"JPY": {"monthly": "880.00", "annually": "8800.00"}}, {"Monthly", "Annually"}),
        ({"JPY": {"monthly": "-1.00", "annually": "8800.00"}}, {"Annually"}),
        ({"JPY": {"monthly": 0}}, {"Monthly"}), ({}, set()), ([], set()),
    ],
)  # fmt: skip
def test_it_reads_which_cycles_have_a_price(pricing: object, cycles: set[str]) -> None:
    assert sold_product({"pid": "7", "paytype": "recurring", "pricing": pricing, "configoptions": ""}).cycles == cycles


def test_it_sees_options_that_cost_something_in_billing() -> None:
    priced = {"id": 1, "pricing": {"JPY": {"prefix": "¥", "monthly": "330.00", "annually": "-1.00"}}}
    free = {"id": 2, "pricing": {"JPY": {"prefix": "¥", "monthly": "0.00", "annually": "-1.00"}}}
    options = [{"id": 5, "options": {"option": [free, priced]}}, {"id": 6, "options": {"option": [free]}}]
    found = sold_product({"pid": 7, "paytype": "recurring", "configoptions": {"configoption": options}})

    assert (found.options, found.priced_options) == ({5: {1, 2}, 6: {2}}, {5})


def test_it_reads_the_providers_plans(sandbox: Running) -> None:
    assert {"pln_jp05", "pln_jp20", "pln_jp20v", "pln_jp50"} == gigs(sandbox.info, total_s=5).plans()
