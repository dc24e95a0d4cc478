"""The cart: lines put in, changed, taken out; two tabs at once; what has changed meanwhile."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from console.errors import Refused
from console.models import Cart, Order, User
from console.services import choosing
from console.services.choosing import Basket
from tests.support import goods
from tests.support.web import make_person

SHELF = goods.catalogue(*goods.ALL, goods.CALLS)


@pytest.fixture
def aiko(database: Any) -> User:
    return make_person("aiko@home.example")


def put(user: User, sku: str, quantity: int = 1, installation: str = "", line: str = "") -> None:
    item = SHELF.item(sku)
    assert item
    choosing.put(user, SHELF, item, quantity, installation, line=line)


def seen(user: User, *products: Any) -> Basket:
    return choosing.basket(user, goods.catalogue(*products) if products else SHELF)


def contents(user: User) -> list[tuple[str, int]]:
    return [(one.name, one.quantity) for one in seen(user).chosen]


def ordered(user: User, state: str = "placed") -> None:
    """The present checkout became an order."""
    cart = Cart.of(user.id)
    Order.create(user=user, checkout_id=cart.checkout_id, idem_key=cart.checkout_id, request={"chosen": cart.lines}, lines=[], due_today=1,
                 monthly=1, state=state)  # fmt: skip


def test_it_holds_lines_of_several_categories(aiko: User) -> None:
    put(aiko, "ESIM", 2)
    put(aiko, "LINE", installation="WEEKEND")
    put(aiko, "CALLS")
    basket = seen(aiko)

    assert contents(aiko) == [("Esim", 2), ("Line", 1), ("Calls", 1)]
    assert (basket.count, basket.orderable) == (4, True)
    assert (basket.quote.today, basket.quote.once) == (2 * 4080 + 5280 + 19800 + 880, 2 * 1100 + 19800)


def test_choosing_the_same_twice_changes_nothing(aiko: User) -> None:
    put(aiko, "ESIM")
    first = Cart.of(aiko.id).checkout_id
    put(aiko, "ESIM")

    assert contents(aiko) == [("Esim", 1)]
    assert Cart.of(aiko.id).checkout_id == first


def test_it_changes_the_line_that_is_named(aiko: User) -> None:
    put(aiko, "LINE", installation="WEEKEND")
    put(aiko, "VPN")
    before = Cart.of(aiko.id).checkout_id
    put(aiko, "LINE", installation="WEEKDAY", line=seen(aiko).chosen[0].key)

    assert [one.name for one in seen(aiko).chosen] == ["Line", "Vpn"]
    assert [line.sku for line in seen(aiko).quote.lines] == ["LINE", "WEEKDAY", "VPN"]
    assert Cart.of(aiko.id).checkout_id != before, "other lines are another order"


def test_it_takes_a_line_out_once(aiko: User) -> None:
    put(aiko, "ESIM")
    put(aiko, "VPN")
    key = seen(aiko).chosen[0].key
    for _tab in range(2):
        choosing.remove(aiko, key)

    assert contents(aiko) == [("Vpn", 1)]


def test_it_sets_a_quantity_within_the_limit(aiko: User) -> None:
    put(aiko, "ESIM")
    key = seen(aiko).chosen[0].key
    choosing.set_quantity(aiko, SHELF, key, 3)
    for wrong in (0, -1, 6):
        with pytest.raises(Refused, match="quantity"):
            choosing.set_quantity(aiko, SHELF, key, wrong)

    assert contents(aiko) == [("Esim", 3)]
    assert seen(aiko).chosen[0].key == key


@pytest.mark.parametrize(("sku", "why"), [("CALLS", "addon_alone"), ("LINE", "installation_missing")])
def test_it_takes_nothing_that_cannot_be_ordered_so(aiko: User, sku: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        put(aiko, sku)

    assert contents(aiko) == []


def test_it_shows_what_has_vanished_and_goes_on_without_it_only_when_told(aiko: User) -> None:
    put(aiko, "ESIM")
    put(aiko, "VPN")
    basket = seen(aiko, goods.ESIM, goods.ESIM_FEE)

    assert [(one.name, one.problem) for one in basket.chosen] == [("Esim", ""), ("VPN", "product_gone")]
    assert not basket.orderable
    choosing.remove(aiko, basket.chosen[1].key)
    assert seen(aiko, goods.ESIM, goods.ESIM_FEE).orderable


def test_it_tells_of_a_price_that_has_changed_since(aiko: User) -> None:
    put(aiko, "VPN")
    (one,) = seen(aiko, replace(goods.VPN, price=Decimal(990))).chosen

    assert (one.before, one.quote.monthly) == (880, 990)
    assert seen(aiko).chosen[0].before is None


def test_it_offers_extras_for_what_is_chosen(aiko: User) -> None:
    put(aiko, "VPN")
    before = seen(aiko).addons
    put(aiko, "ESIM")
    offered = [extra.sku for extra in seen(aiko).addons]
    put(aiko, "CALLS")

    assert (before, offered, seen(aiko).addons) == ((), ["CALLS"], ())


def test_a_cart_that_was_ordered_is_begun_anew(aiko: User) -> None:
    put(aiko, "ESIM")
    old = Cart.of(aiko.id).checkout_id
    ordered(aiko)
    spent = seen(aiko)
    put(aiko, "VPN")

    assert (spent.spent, spent.count) == (True, 0)
    assert contents(aiko) == [("Vpn", 1)]
    assert Cart.of(aiko.id).checkout_id != old


def test_the_same_choice_after_an_order_is_no_new_order_by_accident(aiko: User) -> None:
    put(aiko, "ESIM")
    ordered(aiko)
    put(aiko, "ESIM")
    assert seen(aiko).spent
    choosing.renew(aiko)
    assert not seen(aiko).spent


def test_a_cart_that_could_not_be_ordered_is_kept(aiko: User) -> None:
    put(aiko, "ESIM")
    ordered(aiko, "failed")
    put(aiko, "VPN")

    assert contents(aiko) == [("Esim", 1), ("Vpn", 1)]


def test_it_loses_nothing_when_two_tabs_put_something_in(aiko: User, monkeypatch: pytest.MonkeyPatch) -> None:
    put(aiko, "ESIM")
    choose, tabs = Cart.choose, ["VPN"]

    def interrupted(self: Cart, lines: list[dict[str, object]]) -> bool:
        if tabs:
            put(aiko, tabs.pop())  # another tab, right between our look and our change
        return choose(self, lines)

    monkeypatch.setattr(Cart, "choose", interrupted)
    put(aiko, "LINE", installation="WEEKDAY")

    assert contents(aiko) == [("Esim", 1), ("Vpn", 1), ("Line", 1)]


def test_it_has_a_new_checkout_where_the_last_was_placed(aiko: User) -> None:
    first = choosing.checkout(aiko)
    assert choosing.checkout(aiko) == first
    ordered(aiko)
    assert choosing.checkout(aiko) != first
