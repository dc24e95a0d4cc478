"""The catalogue: read once for all, kept, shown with its age, and with a reason where something may not be ordered."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from console import clock, i18n, models
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
    assert (esim.price, esim.mobile, [fee.price for fee in shelf.fees_of(esim)]) == (1280, True, [1100])
    assert [option.key for option in line.options] == ["access_mode", "static_addresses"]
    assert [each.sku for each in shelf.installations_of(line)] == ["NET-INST-STD", "NET-INST-WKND"]
    family = shelf.item("SIM-FAMILY-50")
    assert family
    assert family.reason == "not_accessible"


def test_it_lets_nobody_wait_for_a_refresh_that_one_rings_for(console: Any, reads: Any) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    shelf = seen(console)

    assert shelf.item("ESIM")
    assert (reads(), shelf.stale) == (0, True)
    assert [catalog.due(shelf) for _ in range(3)] == [True, False, False]


def test_it_rings_for_none_while_it_is_fresh(console: Any) -> None:
    goods.keep()

    assert not catalog.due(seen(console))


def test_it_is_read_anew_by_one_process(console: Any, reads: Any) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    Lease.take("catalogue", "another process", 60)
    left = catalog.refresh(console.upstreams, console.policy)
    Lease.give_back("catalogue", "another process")

    assert (left, catalog.refresh(console.upstreams, console.policy), reads()) == (False, True, 1)
    assert seen(console).item("SIM-DATA-5")
    assert not seen(console).stale


def test_it_serves_the_old_one_with_its_age_while_salesforce_is_down(console: Any, control: Control) -> None:
    goods.keep(age_s=catalog.FRESH_S + 1)
    control.fault("salesforce", "query", "error_before", count=9)

    assert catalog.due(seen(console))
    assert not catalog.refresh(console.upstreams, console.policy)
    assert (bool(seen(console).item("ESIM")), seen(console).stale) == (True, True)
    assert not catalog.due(seen(console)), "nobody asks again for a moment"


def test_it_is_read_once_by_those_who_come_first(console: Any, control: Control, reads: Any) -> None:
    control.latency("salesforce", 50)

    def look(_n: int) -> int:
        try:
            return len(seen(console).items)
        finally:
            models.database.close()

    with ThreadPoolExecutor(4) as people:
        found = set(people.map(look, range(4)))
    control.latency("salesforce", 0)

    assert (len(found), reads()) == (1, 1)


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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["ESIM", "LINE", "VPN"]), ("esim", ["ESIM"]), ("ｅＳＩＭ", ["ESIM"]), ("hikari", ["LINE"]),
        ("ひかり", ["LINE"]), ("ﾋｶﾘ", ["LINE"]), ("line HIKARI", ["LINE"]), ("line esim", []),
        ("' OR 1=1", []), ("100%", []), ("x" * 5000, []),
    ],
)  # fmt: skip
def test_it_finds_by_name_description_and_code_whatever_the_letters_look_like(text: str, found: list[str]) -> None:
    line = replace(goods.LINE, description="Hikari ヒカリ")

    assert [item.sku for item in goods.catalogue(goods.ESIM, line, goods.VPN).sold(text=text)] == found


def test_it_finds_in_the_persons_language() -> None:
    labelled = replace(goods.VPN, labels_json='{"ja": {"name": "東京の回線"}}')
    with i18n.use("ja"):
        assert [item.sku for item in goods.catalogue(labelled, goods.ESIM).sold(text="東京")] == ["VPN"]
    assert goods.catalogue(labelled, goods.ESIM).sold(text="東京") == []


def test_it_keeps_top_ups_apart_from_what_goes_with_an_order() -> None:
    shelf = goods.catalogue(*goods.ALL, goods.CALLS)

    assert [extra.sku for extra in shelf.addons("SIM")] == ["CALLS"]
    assert shelf.offered("CALLS")
    assert shelf.offered("TOPUP") is None
