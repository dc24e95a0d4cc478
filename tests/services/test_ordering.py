"""Placing an order: exactly one per checkout, whatever Salesforce's answers do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from console import clock, models
from console.errors import Refused, UpstreamError
from console.models import Cart, CustomerLink, Order, OutboxMessage, User
from console.services import catalog, choosing, ordering
from console.services.ordering import Shown
from tests.support import customers
from tests.support.sandbox import Control, Running

ESIM = {"sku": "SIM-DATA-5", "quantity": 1, "options": {}}
TOTAL = Shown(today=2380, monthly=1280)


@pytest.fixture
def aiko(console: Any, sandbox: Running) -> tuple[User, CustomerLink]:
    return customers.finished(console.upstreams, sandbox)


@pytest.fixture
def cart(aiko: Any) -> Cart:
    cart = Cart.of(aiko[0].id)
    cart.choose([ESIM])
    return cart


@pytest.fixture
def place(console: Any, aiko: Any, cart: Cart) -> Callable[..., Order]:
    return lambda shown=TOTAL: ordering.place(console.upstreams, console.policy, *aiko, cart.checkout_id, shown)


@pytest.fixture
def waiting(console: Any, aiko: Any, cart: Cart) -> Order:
    """The row, committed, as it is in the moment before the call."""
    order = ordering.commit(console.policy, *aiko, cart, ordering.quote(catalog.fresh(console.upstreams), cart.lines))
    assert order
    return order


@pytest.fixture
def in_salesforce(control: Control) -> Callable[[], list[dict[str, Any]]]:
    """The orders that Salesforce has since the test began."""
    before = {each["sf_order_id"] for each in control.truth()["orders"]}
    return lambda: [each["salesforce"] for each in control.truth()["orders"] if each["sf_order_id"] not in before]


def finish(console: Any, order: Order) -> bool:
    return ordering.finish_placing(console.upstreams, console.policy, order)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_it_places_an_order_with_its_lines_and_fees(place: Any, in_salesforce: Any) -> None:
    order = place()

    (found,) = in_salesforce()
    assert (order.state, order.sf_order_id, order.order_number) == ("placed", found["Id"], found["OrderNumber"])
    assert (found["Status"], found["Activation_Status__c"], found["Portal_Idem_Key__c"]) == (
        "Pending Review",
        "Not Started",
        order.idem_key,
    )
    assert found["EffectiveDate"] == catalog.today().isoformat()
    assert [(item["UnitPrice"], item["Quantity"], item["Billing_Cycle__c"], item["Portal_Line_Key__c"]) for item in found["items"]] == [
        (1280, 1, "Monthly", f"{order.idem_key[:60]}-1"), (1100, 1, "Onetime", f"{order.idem_key[:60]}-2"),
    ]  # fmt: skip
    assert [(line["sku"], line["mobile"], line["added"]) for line in order.lines] == [("SIM-DATA-5", True, False), ("SIM-ACT", False, True)]


def test_it_leaves_the_mail_with_the_order(place: Any) -> None:
    order = place()

    (mail,) = OutboxMessage.select().where(OutboxMessage.template == "order_received")
    assert (mail.sf_order_id, mail.values) == (order.sf_order_id, {"order_id": order.id})


def test_it_answers_the_same_order_again(place: Any, in_salesforce: Any) -> None:
    assert place().id == place().id
    assert place(Shown(1, 1)).state == "placed", "what was placed is not priced again"
    assert len(in_salesforce()) == 1


def test_it_makes_one_order_of_a_double_click(place: Any, in_salesforce: Any, control: Control) -> None:
    control.latency("salesforce", 50)

    def click(_n: int) -> int:
        try:
            return int(place().id)
        finally:
            models.database.close()

    with ThreadPoolExecutor(4) as clicks:
        ids = set(clicks.map(click, range(4)))
    control.latency("salesforce", 0)

    assert len(ids) == 1
    assert len(in_salesforce()) == 1


def test_it_refuses_other_lines_for_a_used_checkout(place: Any, cart: Cart) -> None:
    place()
    Cart.update(lines=[ESIM | {"quantity": 2}]).where(Cart.id == cart.id).execute()

    assert code(place) == "checkout_used"


LINE = {"sku": "NET-HOME-1G", "quantity": 1, "options": {"access_mode": "ipoe"}}
STANDARD = {"sku": "NET-INST-STD", "quantity": 1, "options": {}}
LINE_TOTAL = Shown(today=5280 + 330 + 16500, monthly=5280 + 330)


def test_it_orders_lines_that_come_with_the_wish_and_knows_them_again(console: Any, aiko: Any, in_salesforce: Any) -> None:
    checkout = choosing.checkout(aiko[0])

    def wish(*lines: Any) -> Order:
        return ordering.place(console.upstreams, console.policy, *aiko, checkout, LINE_TOTAL, lines)

    first = wish(LINE, STANDARD)
    again = wish(STANDARD, LINE | {"options": {"access_mode": "ipoe", "static_addresses": 0}})
    nested = wish(LINE | {"installation": "NET-INST-STD"})

    assert first.id == again.id == nested.id
    assert len(in_salesforce()) == 1
    assert code(lambda: wish(LINE)) == code(lambda: wish(LINE, ESIM)) == "checkout_used"
    assert choosing.basket(aiko[0], catalog.catalogue(console.upstreams, console.policy)).spent
    assert choosing.checkout(aiko[0]) != checkout


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "cart_changed"), ([LINE], "installation_missing"), ([LINE | {"options": {}}, STANDARD], "option_required"),
        ([ESIM | {"quantity": 6}], "quantity"), ([ESIM | {"sku": "SIM-ACT"}], "product_gone"),
        ([ESIM | {"sku": "SIM-TOPUP-1"}], "product_gone"), ([ESIM | {"sku": "NET-HOME-10G"}, STANDARD], "product_gone"),
        ([STANDARD], "installation_missing"),
    ],
)  # fmt: skip
def test_it_orders_nothing_of_lines_that_were_tampered_with(
    console: Any, aiko: Any, in_salesforce: Any, lines: list[dict[str, Any]], why: str
) -> None:
    checkout = choosing.checkout(aiko[0])

    assert code(lambda: ordering.place(console.upstreams, console.policy, *aiko, checkout, TOTAL, lines)) == why
    assert in_salesforce() == []


def test_it_refuses_a_checkout_of_another_tab_or_person(console: Any, aiko: Any, place: Any, cart: Cart) -> None:
    old = cart.checkout_id
    cart.choose([ESIM | {"quantity": 2}])

    assert code(lambda: ordering.place(console.upstreams, console.policy, *aiko, old, TOTAL)) == "cart_changed"


def test_it_asks_again_when_the_price_is_not_what_was_shown(place: Any, in_salesforce: Any) -> None:
    with pytest.raises(Refused) as refused:
        place(Shown(today=2000, monthly=1280))

    assert (refused.value.code, refused.value.detail["quote"].today) == ("price_changed", 2380)
    assert in_salesforce() == []


@pytest.mark.parametrize(
    ("sku", "why"), [("SIM-FAMILY-50", "product_gone"), ("NO-SUCH", "product_gone"), ("NET-HOME-1G", "installation_missing")]
)
def test_it_refuses_what_cannot_be_ordered(place: Any, cart: Cart, sku: str, why: str) -> None:
    cart.choose([ESIM | {"sku": sku}])

    assert code(place) == why


def test_it_wants_a_payment_method(place: Any, aiko: Any, sandbox: Running, in_salesforce: Any) -> None:
    customers.remove_cards(sandbox, aiko[0].email)

    assert code(place) == "payment_method_required"
    assert in_salesforce() == []


def test_it_wants_a_finished_account(console: Any, aiko: Any, cart: Cart) -> None:
    user, link = aiko
    link.whmcs_client_id = None
    for unready in (link, None):
        assert (
            code(lambda given=unready: ordering.place(console.upstreams, console.policy, user, given, cart.checkout_id, TOTAL))
            == "account_not_ready"
        )


def test_it_marks_orders_of_an_unverified_link(place: Any, aiko: Any, in_salesforce: Any) -> None:
    aiko[1].verified, aiko[1].case_number = False, "00001234"
    place()

    assert [(each["Portal_Link_Unverified__c"], each["Portal_Case_Number__c"]) for each in in_salesforce()] == [(True, "00001234")]


def test_it_finds_the_order_whose_answer_was_lost(place: Any, control: Control, in_salesforce: Any) -> None:
    control.fault("salesforce", "tree", "error_after", count=1)

    assert place().state == "placed"
    assert len(in_salesforce()) == 1


@pytest.mark.parametrize("fault", ["error_before", "error_after", "refuse", "timeout_after", "html", "misconfigured"])
def test_it_goes_on_later_when_salesforce_stays_away(
    console: Any, waiting: Order, control: Control, in_salesforce: Any, fault: str
) -> None:
    control.fault("salesforce", "tree", fault, count=1)
    control.fault("salesforce", "query", "error_before", count=2)

    assert not ordering.send(console.upstreams, console.policy, waiting)
    assert not finish(console, ordering.reread(waiting)), "the look-up fails as well"
    assert finish(console, ordering.reread(waiting)) or finish(console, ordering.reread(waiting))
    assert ordering.reread(waiting).state == "placed"
    assert len(in_salesforce()) == 1
    assert OutboxMessage.select().where(OutboxMessage.template == "order_received").count() == 1


def test_it_is_one_order_although_a_crash_came_right_after_the_row(console: Any, waiting: Order, in_salesforce: Any) -> None:
    assert waiting not in Order.unplaced(), "the request that made it may still be at work"
    Order.update(place_again_at=clock.now()).execute()

    assert waiting in Order.unplaced()
    assert finish(console, waiting)
    assert len(in_salesforce()) == 1


def test_it_gives_up_after_many_tries_that_surely_did_nothing(console: Any, waiting: Order, control: Control) -> None:
    Order.update(place_attempts=console.policy.attempts - 1).execute()
    control.fault("salesforce", "tree", "misconfigured", count=1)

    assert finish(console, ordering.reread(waiting))
    assert (ordering.reread(waiting).state, ordering.reread(waiting).error_code) == ("failed", "salesforce_unavailable")


def test_it_says_what_salesforce_refuses(console: Any, aiko: Any, cart: Cart, in_salesforce: Any) -> None:
    priced = ordering.quote(catalog.fresh(console.upstreams), cart.lines)
    first, *rest = priced.lines
    wrong = replace(priced, lines=(replace(first, pricebook_entry_id="01u000000000000AAA"), *rest))
    order = ordering.commit(console.policy, *aiko, cart, wrong)
    assert order

    assert finish(console, order)
    assert ordering.reread(order).state == "failed"
    assert in_salesforce() == []


def test_it_accepts_no_order_of_another_account(console: Any, place: Any, aiko: Any) -> None:
    order = place()
    request = order.request | {"account_id": "001000000000001AAA"}
    Order.update(state="placing", sf_order_id=None, request=request, place_again_at=clock.now()).where(Order.id == order.id).execute()

    assert finish(console, ordering.reread(order))
    assert (ordering.reread(order).state, ordering.reread(order).error_code) == ("failed", "key_of_another_account")


def test_it_lets_only_one_go_on_with_an_order(console: Any, place: Any) -> None:
    order = place()
    Order.update(state="placing", sf_order_id=None, place_again_at=clock.now(), place_attempts=3).where(Order.id == order.id).execute()

    assert not finish(console, order), "another process counted a try meanwhile"
    assert finish(console, ordering.reread(order))


def test_it_orders_nothing_when_the_price_cannot_be_read(place: Any, control: Control) -> None:
    control.fault("salesforce", "query", "error_before", count=5)

    with pytest.raises(UpstreamError):
        place()
    assert not Order.select().exists()
