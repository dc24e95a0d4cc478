"""What a cart's lines come to: split, priced, with the fees that they need."""

from dataclasses import replace
from typing import Any

import pytest

from console.errors import Refused
from console.services.quoting import MOST_LINES, parts, quote
from tests.services.test_product_options import ACCESS, STATIC, document
from tests.support import goods

WITH_OPTIONS = replace(goods.VPN, options_json=document(ACCESS, STATIC))

WITH_WEEKEND = {"installation": "WEEKEND"}


def chosen(sku: str, quantity: Any = 1, **options: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "options": options}


def refusal(*lines: dict[str, Any], products: tuple[Any, ...] = ()) -> str:
    with pytest.raises(Refused) as refused:
        quote(goods.catalogue(*products), lines)
    return refused.value.code


def test_it_adds_the_fee_of_an_esim() -> None:
    priced = quote(goods.catalogue(), [chosen("ESIM")])

    assert [(line.sku, line.added) for line in priced.lines] == [("ESIM", False), ("ESIM-ACT", True)]
    assert (priced.today, priced.monthly) == (4080, 2980)


def test_it_makes_each_esim_a_line_with_a_fee_of_its_own() -> None:
    priced = quote(goods.catalogue(), [chosen("ESIM", 2)])

    assert [(line.sku, line.quantity) for line in priced.lines] == [("ESIM", 1), ("ESIM-ACT", 1)] * 2
    assert (priced.today, priced.monthly) == (2 * 4080, 2 * 2980)


def test_it_adds_the_price_of_the_answers() -> None:
    priced = quote(goods.catalogue(WITH_OPTIONS), [chosen("VPN", access_mode="ipoe", static_addresses=2)])

    assert priced.monthly == 880 + 330 + 2200


def test_it_takes_a_line_with_its_installation() -> None:
    priced = quote(goods.catalogue(), [chosen("LINE"), chosen("WEEKEND")])

    assert (priced.today, priced.monthly) == (5280 + 19800, 5280)


def test_it_takes_an_installation_that_was_chosen_with_its_line() -> None:
    flat, nested = (quote(goods.catalogue(), lines) for lines in ([chosen("LINE"), chosen("WEEKEND")], [chosen("LINE") | WITH_WEEKEND]))

    assert flat == nested
    assert (flat.today, flat.once, flat.monthly) == (5280 + 19800, 19800, 5280)


@pytest.mark.parametrize("installation", ["VPN", "NOBODY", "ESIM-ACT"])
def test_it_refuses_an_installation_that_is_none_of_its_line(installation: str) -> None:
    assert refusal(chosen("LINE") | {"installation": installation}) == "installation_missing"


def test_it_puts_a_year_on_the_first_bill_and_not_on_each_month() -> None:
    priced = quote(goods.catalogue(*goods.ALL, goods.VPN_YEAR), [chosen("VPN-YEAR"), chosen("ESIM")])

    assert (priced.today, priced.once, priced.monthly, priced.yearly) == (8800 + 2980 + 1100, 1100, 2980, 8800)


def test_it_sells_extras_with_a_service_of_their_category_only() -> None:
    products = (*goods.ALL, goods.CALLS)
    priced = quote(goods.catalogue(*products), [chosen("ESIM"), chosen("CALLS")])

    assert (priced.monthly, [line.sku for line in priced.lines]) == (2980 + 880, ["ESIM", "ESIM-ACT", "CALLS"])
    assert refusal(chosen("VPN"), chosen("CALLS"), products=products) == "addon_alone"


def test_it_tells_lines_that_are_alike_as_one_row() -> None:
    rows = quote(goods.catalogue(), [chosen("ESIM", 3)]).rows

    assert [(row.sku, row.quantity, row.amount) for row in rows] == [("ESIM", 3, 8940), ("ESIM-ACT", 3, 3300)]


def test_it_tells_each_line_what_is_wrong_with_it_and_prices_the_others() -> None:
    found = parts(goods.catalogue(), [chosen("NOBODY"), chosen("VPN"), chosen("VPN"), chosen("LINE")])

    assert [part.refused.code if part.refused else "" for part in found] == ["product_gone", "", "quantity", "installation_missing"]
    assert [len(part.lines) for part in found] == [0, 1, 0, 0]


def test_it_counts_a_product_over_all_lines() -> None:
    assert refusal(chosen("ESIM", 3), chosen("ESIM", 3)) == "quantity"
    assert refusal(*[chosen("ESIM", 1)] * (MOST_LINES + 1)) == "too_many_lines"


@pytest.mark.parametrize("lines", [("LINE",), ("LINE", "WEEKDAY", "WEEKEND"), ("VPN", "WEEKDAY")])
def test_it_wants_exactly_one_installation(lines: tuple[str, ...]) -> None:
    assert refusal(*map(chosen, lines)) == "installation_missing"


@pytest.mark.parametrize("sku", ["NOBODY", "ESIM-ACT", "TOPUP"])
def test_it_refuses_what_is_not_sold_by_itself(sku: str) -> None:
    assert refusal(chosen(sku)) == "product_gone"


@pytest.mark.parametrize("quantity", [0, -1, 6, "1", 1.5, True, None])
def test_it_refuses_a_wrong_quantity(quantity: object) -> None:
    assert refusal(chosen("ESIM", quantity)) == "quantity"


def test_it_refuses_an_empty_cart_and_a_wrong_answer() -> None:
    assert refusal() == "nothing_chosen"
    assert refusal(chosen("VPN", access_mode="x"), products=(WITH_OPTIONS,)) == "option_unknown"


def test_it_refuses_what_may_no_longer_be_ordered() -> None:
    assert refusal(chosen("VPN"), products=(replace(goods.VPN, accessible=False),)) == "product_gone"
