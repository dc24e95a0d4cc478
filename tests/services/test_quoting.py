"""What a cart's lines come to: split, priced, with the fees that they need."""

from dataclasses import replace
from typing import Any

import pytest

from console.errors import Refused
from console.services.quoting import quote
from tests.services.test_product_options import ACCESS, STATIC, document
from tests.support import goods

WITH_OPTIONS = replace(goods.VPN, options_json=document(ACCESS, STATIC))


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


@pytest.mark.parametrize("lines", [("LINE",), ("LINE", "WEEKDAY", "WEEKEND"), ("VPN", "WEEKDAY")])
def test_it_wants_exactly_one_installation(lines: tuple[str, ...]) -> None:
    assert refusal(*map(chosen, lines)) == "installation_missing"


@pytest.mark.parametrize("sku", ["NOBODY", "ESIM-ACT", "TOPUP"])
def test_it_refuses_what_is_not_sold_by_itself(sku: str) -> None:
    assert refusal(chosen(sku)) == "product_gone"


@pytest.mark.parametrize("quantity", [0, -1, 6, "1", 1.5])
def test_it_refuses_a_wrong_quantity(quantity: object) -> None:
    assert refusal(chosen("ESIM", quantity)) == "quantity"


def test_it_refuses_an_empty_cart_and_a_wrong_answer() -> None:
    assert refusal() == "nothing_chosen"
    assert refusal(chosen("VPN", access_mode="x"), products=(WITH_OPTIONS,)) == "option_unknown"


def test_it_refuses_what_may_no_longer_be_ordered() -> None:
    assert refusal(chosen("VPN"), products=(replace(goods.VPN, accessible=False),)) == "product_gone"
