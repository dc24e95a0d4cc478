"""The life of an order beside a small model of it: what may happen in which state, what it adds up to, and what it announces."""

import uuid
from typing import Any

import pytest
import requests
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

DRAFTS = ("Draft", "Pending Review", "Approved", "Rejected", "Cancelled")
PRICES = {"SIM-DATA-5": 1280.0, "SIM-DATA-20": 2980.0, "SIM-ACT": 1100.0}


class Life(RuleBasedStateMachine):
    """`sf` and `control` are set on the class by the test."""

    sf: SfRest
    control: Control

    @initialize()
    def place(self) -> None:
        self.key, self.status, self.events = uuid.uuid4().hex, "Pending Review", 0
        self.order = self.sf.place(self.key)
        (line,) = self.sf.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{self.order}'")
        self.lines: dict[str, tuple[str, int]] = {line["Id"]: ("SIM-DATA-5", 1)}

    @property
    def locked(self) -> bool:
        return self.status == "Activated"

    def refused(self, answer: requests.Response, code: str) -> None:
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)

    @rule(status=st.sampled_from(DRAFTS))
    def change_status(self, status: str) -> None:
        assert self.sf.patch(f"sobjects/Order/{self.order}", {"Status": status}).status_code == 204
        self.events += status == "Approved" != self.status
        self.status = status

    @rule()
    def activate(self) -> None:
        answer = self.sf.patch(f"sobjects/Order/{self.order}", {"Status": "Activated"})
        if self.lines or self.locked:
            assert answer.status_code == 204
            self.status = "Activated"
        else:
            self.refused(answer, "FAILED_ACTIVATION")

    @rule()
    def activate_along_with_something_else(self) -> None:
        answer = self.sf.patch(f"sobjects/Order/{self.order}", {"Status": "Activated", "PoNumber": "1"})
        if self.locked:
            assert answer.status_code == 204
        else:
            self.refused(answer, "FAILED_ACTIVATION")

    @rule(sku=st.sampled_from(sorted(PRICES)), quantity=st.integers(0, 3))
    def add_a_line(self, sku: str, quantity: int) -> None:
        item: dict[str, Any] = {
            "OrderId": self.order, "PricebookEntryId": self.sf.price(sku)["Id"], "Quantity": quantity, "UnitPrice": PRICES[sku],
        }  # fmt: skip
        answer = self.sf.post("sobjects/OrderItem", item)
        if self.locked:
            self.refused(answer, "ENTITY_IS_LOCKED")
        elif quantity == 0:
            self.refused(answer, "FIELD_INTEGRITY_EXCEPTION")
        else:
            self.lines[answer.json()["id"]] = (sku, quantity)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), quantity=st.integers(1, 5))
    def change_a_line(self, data: st.DataObject, quantity: int) -> None:
        line = data.draw(st.sampled_from(sorted(self.lines)))
        assert self.sf.patch(f"sobjects/OrderItem/{line}", {"Quantity": quantity}).status_code == 204
        self.lines[line] = (self.lines[line][0], quantity)

    @precondition(lambda self: self.lines)
    @rule(data=st.data())
    def take_a_line_away(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(sorted(self.lines)))
        answer = self.sf.call("DELETE", f"sobjects/OrderItem/{line}")
        if self.locked:
            self.refused(answer, "ENTITY_IS_LOCKED")
        else:
            assert answer.status_code == 204
            del self.lines[line]

    @rule()
    def try_to_place_it_again(self) -> None:
        answer = self.sf.post("composite/tree/Order", self.sf.order_tree(self.key, "SIM-ACT"))
        assert answer.json()["results"][0]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"

    @rule()
    def change_the_price_book(self) -> None:
        standard = self.sf.one("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["Id"]
        answer = self.sf.patch(f"sobjects/Order/{self.order}", {"Pricebook2Id": standard})
        if self.lines or self.locked:
            self.refused(answer, "FIELD_INTEGRITY_EXCEPTION")
        else:
            assert answer.status_code == 204
            book = self.sf.price("SIM-ACT")["Pricebook2Id"]
            assert self.sf.patch(f"sobjects/Order/{self.order}", {"Pricebook2Id": book}).status_code == 204

    @invariant()
    def the_org_knows_the_same(self) -> None:
        order = self.sf.get(f"sobjects/Order/{self.order}").json()
        total = sum(PRICES[sku] * quantity for sku, quantity in self.lines.values())
        code = "Activated" if self.locked else "Draft"
        assert (order["Status"], order["StatusCode"], order["TotalAmount"]) == (self.status, code, total)
        assert len(self.control.truth(self.order)["orders"][0]["events"]) == self.events


@pytest.fixture
def machine(sf: SfRest, free: Control) -> type[Life]:
    return type("Life", (Life,), {"sf": sf, "control": free})


def test_an_order_lives_as_the_model_says(machine: type[Life]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
