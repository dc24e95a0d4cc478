"""What really exists in every upstream, joined by order: the judge of whether something happened twice or not at all."""

from collections.abc import Iterable

from sandbox.gigs import truths as mobile
from sandbox.mail import truths as mail
from sandbox.pointing import INDEX, Holdings, Pointer
from sandbox.salesforce import events
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.records import kind
from sandbox.store import Doc, Store, View
from sandbox.whmcs import truths as whmcs

ORDER, ITEM, ACCOUNT = kind("Order"), kind("OrderItem"), kind("Account")


def watch(store: Store) -> None:
    """Keeps the look-ups by which the truth is found without a search."""
    for held in (whmcs.HELD, mobile.HELD, mail.HELD):
        held.watch(store)


def truth(store: Store, sf_order_id: str | None = None) -> Doc:
    """All upstreams at one moment. `unclaimed` is what points to no Salesforce order, whichever orders were asked for."""
    with store.reading() as view:
        claims = Claims(view)
        return {"orders": [_joined(view, claims, order) for order in _chosen(view, sf_order_id)], "unclaimed": unclaimed(view, claims)}


def _chosen(view: View, sf_order_id: str | None) -> Iterable[Doc]:
    if not sf_order_id:
        return view.all(ORDER)
    found = view.get(ORDER, long_id(sf_order_id) or "")
    return [found] if found else []


def _joined(view: View, claims: "Claims", order: Doc) -> Doc:
    return {
        "sf_order_id": order["Id"],
        "salesforce": {**order, "items": claims.items(order["Id"])},
        "whmcs": [whmcs.told(view, each) for each in claims.of(whmcs.HELD, order["Id"])],
        "mobile": [mobile.told(view, each) for each in claims.of(mobile.HELD, order["Id"])],
        "mails": [mail.told(view, each) for each in claims.of(mail.HELD, order["Id"])],
        "events": events.about(view, order["Id"]),
    }


def unclaimed(view: View, claims: "Claims") -> Doc:
    return {
        "whmcs_orders": [whmcs.told(view, each) for each in claims.strays(whmcs.HELD)],
        "subscriptions": [mobile.told(view, each) for each in claims.strays(mobile.HELD)],
        "clients": strangers(view),
    }


class Claims:
    """Which order each thing belongs to."""

    def __init__(self, view: View) -> None:
        self._view = view

    def items(self, order_id: str) -> list[Doc]:
        return self._view.find(ITEM, "OrderId", order_id)

    def of(self, held: Holdings, order_id: str) -> list[Doc]:
        pointers: list[Pointer] = [("Order", order_id), *(("OrderItem", item["Id"]) for item in self.items(order_id))]
        return [thing for thing in held.at(self._view, *pointers) if self.owner(held, thing) == order_id]

    def strays(self, held: Holdings) -> list[Doc]:
        lost = [pointer for pointer in self._view.values(held.kind, INDEX) if not (isinstance(pointer, tuple) and self._order(pointer))]
        return [thing for thing in held.at(self._view, *lost) if self.owner(held, thing) is None]

    def owner(self, held: Holdings, thing: Doc) -> str | None:
        led = (self._order(pointer) for pointer in held.pointers_of(self._view, thing))
        return next((order_id for order_id in led if order_id), None)

    def _order(self, pointer: Pointer) -> str | None:
        """The order that a pointer leads to, if there is one."""
        name, record_id = pointer
        if name == "Order":
            return record_id if self._view.get(ORDER, record_id) else None
        item = self._view.get(ITEM, record_id)
        return item["OrderId"] if item else None


def strangers(view: View) -> list[Doc]:
    """Clients whose Customer Number no Account has, and those beyond the first with one e-mail."""
    numbers = {account["SF_Account_No__c"] for account in view.all(ACCOUNT)}
    seen: set[str] = set()
    found = []
    for client in whmcs.clients(view):
        email = client["email"].lower()
        if client["customer_number"] not in numbers or email in seen:
            found.append(client)
        seen.add(email)
    return found
