"""The catalogue: read once for all, kept, shown with its age, and with a reason where something may not be ordered."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from console import clock, i18n
from console.errors import Refused, Unavailable
from console.models import CatalogueSnapshot, Lease
from console.services import catalog
from tests.support import goods
from tests.support.sandbox import Control


@pytest.fixture
def reads(control: Control) -> Iterator[Any]:
    """How often the catalogue was read upstream."""
    control.clear_calls()
    return lambda: len([call for call in control.calls("salesforce") if call["operation"] == "query"])


def seen(console: Any) -> catalog.Catalogue:
    return catalog.catalogue(console.upstreams, console.policy)


def test_it_reads_salesforce_once_and_keeps_what_it_read(console: Any, reads: Any) -> None:
    first = seen(console)
    again = seen(console)

    assert first.items == again.items
    assert reads() == 1
    assert first.categories == ["SIM", "Internet", "VPN"]
    assert [item.sku for item in first.sold("SIM")] == ["SIM-DATA-5", "SIM-DATA-20", "SIM-VOICE-20", "SIM-FAMILY-50"]
    assert not first.stale


def test_it_knows_price_fees_options_and_installations(console: Any, sandbox: Any) -> None:
    shelf = seen(console)
    esim, line = shelf.item("SIM-DATA-5"), shelf.item("NET-HOME-1G")

    assert esim
    assert line
    assert (esim.price, esim.mobile, [fee.price for fee in shelf.fees(esim)]) == (1280, True, [1100])
    assert [option.key for option in line.options] == ["access_mode", "static_addresses"]
    assert [each.sku for each in shelf.installations(line)] == ["NET-INST-STD", "NET-INST-WKND"]
    family = shelf.item("SIM-FAMILY-50")
    assert family
    assert family.reason == "not_accessible"


def test_it_reads_again_after_five_minutes(console: Any, reads: Any) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)

    assert seen(console).item("SIM-DATA-5")
    assert reads() == 1


def test_it_serves_the_old_one_while_another_process_reads(console: Any, reads: Any) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    Lease.take("catalogue", "another process", 60)

    assert seen(console).item("ESIM")
    assert reads() == 0


def test_it_serves_the_old_one_with_its_age_while_salesforce_is_down(console: Any, control: Control, reads: Any) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    control.fault("salesforce", "query", "error_before", count=9)

    shelf = seen(console)
    seen(console)

    assert shelf.item("ESIM")
    assert shelf.stale
    assert reads() == 1, "nobody asks again for a moment"


def test_it_says_that_there_is_none_when_nothing_was_ever_read(console: Any, control: Control) -> None:
    control.fault("salesforce", "query", "error_before", count=9)

    with pytest.raises(Refused, match="catalogue_unavailable"):
        seen(console)
    with pytest.raises(Unavailable):
        catalog.fresh(console.upstreams)


def test_it_reads_anew_what_another_version_of_the_code_kept(console: Any, sandbox: Any) -> None:
    CatalogueSnapshot.insert(id=1, items=[{"sku": "OLD"}], stale_at=clock.after(300)).execute()

    assert seen(console).item("SIM-DATA-5")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"accessible": False}, "not_accessible"),
        ({"options_json": "{"}, "bad_options"),
        ({"mobile_plan_id": ""}, "no_mobile_plan"),
        ({"valid_from": "2099-01-01"}, "not_yet"),
        ({"valid_until": "2020-01-01"}, "no_longer"),
        ({"price": Decimal("10.5")}, "bad_price"),
        ({"whmcs_product_id": None}, "no_billing_product"),
        ({"billing_cycle": "Weekly"}, "bad_cycle"),
    ],
)
def test_it_says_why_something_may_not_be_ordered(changes: dict[str, Any], reason: str) -> None:
    item = goods.catalogue(replace(goods.ESIM, **changes)).item("ESIM")

    assert item
    assert item.reason == reason
    assert item.orderable is (not reason)


def test_it_does_not_sell_a_service_whose_fee_cannot_be_charged() -> None:
    broken = replace(goods.ESIM_FEE, price=Decimal("1100.5"))
    closed = replace(goods.ESIM_FEE, accessible=False)

    assert [item.reason for item in goods.catalogue(goods.ESIM, broken).sold("SIM")] == ["fee_not_ready"]
    assert [item.reason for item in goods.catalogue(goods.ESIM, closed).sold("SIM")] == [""]


def test_it_speaks_the_persons_language_where_the_product_does() -> None:
    labelled = replace(goods.ESIM, labels_json='{"ja": {"name": "イーシム"}}')
    with i18n.use("ja"):
        named, plain = (goods.catalogue(each).item("ESIM") for each in (labelled, replace(goods.ESIM, labels_json="[]")))

    assert named
    assert named.name == "イーシム"
    assert plain
    assert plain.name == "Esim"
