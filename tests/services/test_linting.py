"""The catalogue's linter: what does not fit together, in words, without breaking anything."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from console.clients.salesforce import Product
from console.errors import UpstreamError
from console.models import AuditEntry, CatalogueSnapshot
from console.services import linting
from console.services.linting import Reference, Sold
from tests.services.test_product_options import ACCESS, STATIC, document
from tests.support import goods
from tests.support.sandbox import Control

MONTHLY = Sold(frozenset({"Monthly"}), {5: frozenset({16, 17}), 6: frozenset({18})}, frozenset())
OPTIONS = document(ACCESS, STATIC)


def codes(product: Product, **reference: Any) -> list[str]:
    return [finding.code for finding in linting.findings([product], Reference(**reference))]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"options_json": "{"}, "bad_options"), ({"labels_json": "[1]"}, "bad_labels"), ({"price": Decimal("10.5")}, "bad_price"),
        ({"price": Decimal(-1)}, "bad_price"), ({"billing_cycle": "Weekly"}, "bad_cycle"), ({"item_class": ""}, "bad_class"),
        ({"whmcs_product_id": None}, "no_billing_product"), ({"mobile_plan_id": ""}, "no_mobile_plan"), ({"sku": ""}, "no_sku"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "bad_dates"), ({"auto_add": True}, "bad_auto_add"),
    ],
)  # fmt: skip
def test_it_finds_what_a_products_own_fields_tell(changes: dict[str, Any], code: str) -> None:
    assert codes(replace(goods.ESIM, **changes)) == [code]


def test_it_finds_nothing_wrong_with_what_fits() -> None:
    for product in goods.ALL:
        there = {1: replace(MONTHLY, cycles=frozenset({product.billing_cycle}))}
        assert codes(product, whmcs=there, plans=frozenset({"pln"})) == []


@pytest.mark.parametrize(
    ("there", "code"),
    [
        ({}, "no_such_billing_product"), ({1: replace(MONTHLY, cycles=frozenset({"Onetime"}))}, "cycle_not_in_billing"),
        ({1: replace(MONTHLY, options={5: frozenset({17}), 7: frozenset()})}, "no_such_option"),
        ({1: replace(MONTHLY, options={5: frozenset({16}), 6: frozenset()})}, "no_such_option"),
        ({1: replace(MONTHLY, priced=frozenset({6}))}, "option_priced_twice"),
    ],
)  # fmt: skip
def test_it_finds_what_billing_does_not_know_so(there: dict[int, Sold], code: str) -> None:
    assert codes(replace(goods.VPN, options_json=OPTIONS), whmcs=there) == [code]


def test_it_finds_a_plan_that_the_provider_has_not() -> None:
    assert codes(goods.ESIM, plans=frozenset({"another"})) == ["no_such_plan"]


def test_it_finds_an_internet_service_that_no_address_can_match_and_a_code_used_twice() -> None:
    assert codes(replace(goods.LINE, internet_offering_type="")) == ["no_offering"]
    assert [finding.code for finding in linting.findings([goods.VPN, goods.VPN], Reference())] == ["sku_twice"] * 2


def test_it_finds_what_has_no_price() -> None:
    (finding,) = linting.findings([goods.VPN], Reference(listed=(("VPN", "Vpn"), ("VPN-NEW", "New"))))

    assert (finding.sku, finding.code) == ("VPN-NEW", "no_price")


def test_it_reads_all_of_it_and_finds_the_sandbox_in_order(console: Any, sandbox: Any, control: Control) -> None:
    linting.look(console.upstreams, "user:1")
    control.clear_calls()
    report = linting.report()

    assert (report.findings, report.unread) == ([], [])
    assert report.products > 10
    assert report.checked_at is not None
    assert control.calls() == [], "the page asks no upstream"
    assert [(entry.actor, entry.verb) for entry in AuditEntry.select()] == [("user:1", "refresh_catalogue")]


def test_it_says_what_could_not_be_asked(console: Any, control: Control) -> None:
    control.fault("whmcs", "GetProducts", "error_before", count=1)
    control.fault("mobile", "GET plans", "error_before", count=1)
    linting.look(console.upstreams, "user:1")

    assert linting.report().unread == ["WHMCS", "the mobile provider"]
    assert linting.report().findings == []


def test_it_keeps_the_old_one_when_the_catalogue_cannot_be_read(console: Any, control: Control) -> None:
    goods.keep()
    control.fault("salesforce", "query", "error_before", count=3)
    with pytest.raises(UpstreamError):
        linting.look(console.upstreams, "user:1")

    assert CatalogueSnapshot.get().reference is None
    assert linting.report().products == len(goods.ALL)


def test_it_has_a_report_before_anything_was_read(database: Any) -> None:
    assert linting.report() == linting.Report()
