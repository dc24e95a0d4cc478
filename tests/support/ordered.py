"""An order for a test, placed as the checkout does it, and what the sandbox says became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.models import Cart, CustomerLink, Order, User
from console.services import catalog, ordering
from console.services.quoting import quote
from console.services.upstreams import Policy
from console.wiring import Console
from tests.support import customers
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running

ESIM = ({"sku": "SIM-DATA-5", "quantity": 1, "options": {}},)


def customer(console: Console, sandbox: Running, card: bool = True) -> tuple[User, CustomerLink]:
    """A customer who has finished the sign-up."""
    return customers.finished(console.upstreams, sandbox, card=card)


def place(console: Console, user: User, link: CustomerLink, *lines: dict[str, Any]) -> Order:
    """Placed in Salesforce, waiting for the reviewer."""
    cart = Cart.of(user.id)
    cart.choose([])  # another order, not the same one again
    cart.choose([dict(line) for line in lines or ESIM])
    priced = quote(catalog.fresh(console.upstreams), cart.lines)
    placed = ordering.place(console.upstreams, console.policy, user, link, cart.checkout_id, ordering.Shown(priced.today, priced.monthly))
    assert placed.state == "placed"
    return placed


def truth(control: Control, order_id: str) -> dict[str, Any]:
    """What the upstreams hold for that order."""
    found = control.truth(order_id)["orders"]
    assert len(found) == 1
    return found[0]


def activated(control: Control, order_id: str) -> bool:
    """Whether Salesforce has been told that it is done."""
    return truth(control, order_id)["salesforce"]["Activation_Status__c"] == "Activated"


def await_activated(control: Control, order_id: str, seconds: float = 25) -> dict[str, Any]:
    """The truth once the order is Activated."""
    eventually(lambda: activated(control, order_id), seconds, f"{order_id} Activated")
    return truth(control, order_id)


def assert_exactly_once(control: Control, order_id: str) -> None:
    """One active WHMCS order of two services, one subscription, the ids in Salesforce, and nothing that belongs to nobody."""
    found = truth(control, order_id)
    [whmcs], [mobile], told = found["whmcs"], found["mobile"], found["salesforce"]
    assert (whmcs["status"], [service["status"] for service in whmcs["services"]]) == ("Active", ["Active", "Active"])
    assert (told["Provisioning_Status__c"], told["Activation_Status__c"]) == ("Provisioned", "Activated")
    assert (told["WHMCS_Order_ID__c"], told["ESIM_ICCID__c"]) == (str(whmcs["order_id"]), mobile["iccid"])
    assert control.truth()["unclaimed"] == {"whmcs_orders": [], "subscriptions": [], "clients": []}


def at_once(policy: Policy) -> Policy:
    """The back-fill without its patience: an order that was approved this second counts as left behind."""
    return replace(policy, backfill_age_s=-2)
