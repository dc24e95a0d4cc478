"""Evidence of a contradiction, told to staff: a table where its shape is known, the stored JSON where it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.i18n import use
from console.services.evidence import Difference, Evidence, shown
from tests.support import jobs

ROUTER = jobs.snapshot(5)["lines"][0] | {"name": "Fibre 1 Gb", "unit_price": 3300, "quantity": 1, "billing_cycle": "Monthly"}
LABEL = f"sf-{ROUTER['item_id']}".lower()


def told(stored: dict[str, Any]) -> Evidence:
    found = shown(stored, [ROUTER])
    assert found
    return found


def test_it_sets_amounts_beside_each_other_by_product() -> None:
    found = told({"whmcs_order": 981, "client": 4711, "found": {LABEL: "2500.00", "sf-x": "10.50"}, "approved": {LABEL: "3300"}})
    assert found.rows == (Difference("Fibre 1 Gb", "¥3,300", "¥2,500"), Difference("sf-x", "–", "10.50"))
    assert found.facts == (("WHMCS order", "981"), ("WHMCS client", "4711"))


def test_it_says_which_amounts_are_the_same() -> None:
    [row] = told({"client": 1, "whmcs_order": 2, "found": {LABEL: "3300.00"}, "approved": {LABEL: "3300"}}).rows
    assert not row.differs


def test_it_names_what_was_changed_in_a_line() -> None:
    found = told({"approved": [ROUTER], "now": [ROUTER | {"unit_price": 2500, "billing_cycle": ""}]})
    assert found.rows == (
        Difference("Fibre 1 Gb: Unit price", "¥3,300", "¥2,500"),
        Difference("Fibre 1 Gb: Billing cycle", "Monthly", "–"),
    )


def test_it_names_lines_that_came_and_went() -> None:
    other = ROUTER | {"item_id": jobs.item_id(6), "name": "Fibre 10 Gb", "unit_price": 5000, "quantity": 2}
    assert told({"approved": [ROUTER], "now": [other]}).rows == (
        Difference("Fibre 1 Gb", "1 × ¥3,300", "–"), Difference("Fibre 10 Gb", "–", "2 × ¥5,000"),
    )  # fmt: skip


def test_it_tells_what_is_wrong_with_an_order_that_cannot_be_read() -> None:
    assert told({"approved": [ROUTER], "now": [{"problem": "bad_quantity", "detail": "802: 0.5"}]}).rows == (
        Difference("Order", "as approved", "bad_quantity: 802: 0.5"),
    )


def test_it_tells_of_another_plan() -> None:
    found = told({"approved": "plan_5", "found": "plan_20", "subscription": "sub_1"})
    assert (found.rows, found.facts) == ((Difference("Mobile plan", "plan_5", "plan_20"),), (("Subscription", "sub_1"),))


@pytest.mark.parametrize(
    ("stored", "fact"),
    [
        ({"subscriptions": ["sub_1", "sub_2"]}, ("Subscriptions", "sub_1, sub_2")),
        ({"whmcs_orders": [981, 982]}, ("WHMCS orders", "981, 982")),
        ({"whmcs_order": 981, "status": "Fraud", "services": []}, ("Status", "Fraud")),
        ({"given": 7, "status": "Active", "labels_are_on": "981"}, ("Our labels are on", "981")),
        ({"subscription": "sub_1", "user": "usr_2", "portal_op": "act-802"}, ("Our key there", "act-802")),
        ({"whmcs_client": 7, "customer_number": "SF-1"}, ("Customer number", "SF-1")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_it_lists_what_was_found(stored: dict[str, Any], fact: tuple[str, str]) -> None:
    assert fact in told(stored).facts
    assert len(told(stored).facts) == len(stored)


@pytest.mark.parametrize(
    "stored",
    [{"of_another_version": 1}, {"approved": 3, "elsewhere": 4}, {"approved": [1], "now": [2]}, {"now": []}, ["a", "list"]],
    ids=str,
)
def test_it_shows_what_it_does_not_know_as_it_is(stored: Any) -> None:
    assert json.loads(told(stored).raw) == stored


def test_it_has_nothing_to_show_where_there_is_nothing() -> None:
    assert shown(None, []) is None


def test_it_tells_amounts_in_the_readers_language() -> None:
    with use("ja"):
        assert told({"client": 1, "whmcs_order": 2, "found": {LABEL: "1"}, "approved": {LABEL: "3300"}}).rows[0].approved == "3,300円"
