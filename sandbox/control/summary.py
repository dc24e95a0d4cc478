"""The truth in numbers: how many orders came through whole, which were lost on the way, and which were done twice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.control.truth import ITEM, ORDER, Claims, strangers
from sandbox.gigs import truths as mobile
from sandbox.gigs.subscriptions import SUBSCRIPTION
from sandbox.salesforce.records import kind
from sandbox.store import Doc, Store, View
from sandbox.whmcs import ordering
from sandbox.whmcs import truths as whmcs

APPROVED = ("Approved", "Activated")
# what was undone by hand is no double
UNDONE = ("Cancelled", "Fraud", "ended")
Statuses = dict[str | None, list[str]]


def summary(store: Store) -> Doc:
    """`lost`: approved, and not active in WHMCS with an eSIM for each mobile line and Activated in Salesforce.

    `doubled`: more than one WHMCS order, or more than one subscription for a mobile line; cancelled and ended ones do not count.
    """
    with store.reading() as view:
        found = Found.at(view)
        orders = view.all(ORDER)
        return {
            "orders": len(orders),
            "activated": sum(order["Activation_Status__c"] == "Activated" for order in orders),
            "lost": [order["Id"] for order in orders if order["Status"] in APPROVED and not found.whole(order)],
            "doubled": [order["Id"] for order in orders if found.doubled(order)],
            "unclaimed": {
                "whmcs_orders": len(found.whmcs[None]), "subscriptions": found.stray_subscriptions, "clients": len(strangers(view)),
            },
        }  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What is alive upstream, in one pass: statuses of WHMCS orders by order, of subscriptions by line; the mobile lines of orders."""

    whmcs: Statuses
    mobile: Statuses
    lines: dict[str, list[str]]
    stray_subscriptions: int

    @classmethod
    def at(cls, view: View) -> "Found":
        claims = Claims(view)
        subscriptions = view.all(SUBSCRIPTION)
        strays = sum(claims.owner(mobile.HELD, each) is None for each in subscriptions)
        bought = _grouped((claims.owner(whmcs.HELD, each), each) for each in view.all(ordering.ORDER))
        return cls(bought, _grouped((_line(each), each) for each in subscriptions), _lines(view), strays)

    def whole(self, order: Doc) -> bool:
        sims = all(_alive(self.mobile[line]) for line in self.lines[order["Id"]])
        return sims and order["Activation_Status__c"] == "Activated" and _alive(self.whmcs[order["Id"]])[:1] == ["Active"]

    def doubled(self, order: Doc) -> bool:
        return len(_alive(self.whmcs[order["Id"]])) > 1 or any(len(_alive(self.mobile[line])) > 1 for line in self.lines[order["Id"]])


def _grouped(owned: Iterable[tuple[str | None, Doc]]) -> Statuses:
    groups: Statuses = defaultdict(list)
    for owner, thing in owned:
        groups[owner].append(thing["status"])
    return groups


def _line(subscription: Doc) -> str | None:
    return next((item_id for _, item_id in mobile.pointers(subscription)), None)


def _lines(view: View) -> dict[str, list[str]]:
    """Ids of the lines with a mobile plan, by order."""
    plans = {product["Id"] for product in view.all(kind("Product2")) if product["Mobile_Plan_Id__c"]}
    lines: dict[str, list[str]] = defaultdict(list)
    for item in view.all(ITEM):
        if item["Product2Id"] in plans:
            lines[item["OrderId"]].append(item["Id"])
    return lines


def _alive(statuses: list[str]) -> list[str]:
    return [status for status in statuses if status not in UNDONE]
