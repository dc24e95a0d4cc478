"""Plays the main journey as a customer and a reviewer would, over HTTP only, a step at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import requests

from deploy import people
from deploy.browser import Browser, NotThere
from deploy.launch import Console
from deploy.people import Inbox, Person, until

SKU = "SIM-DATA-5"
PLACED_S = 30
SETTLED_S = 45
STEPS = ("signup", "confirm", "address", "payment_method", "order", "approve", "provisioned", "mail")
_ORDER_PAGE = re.compile(r"^/orders/(801\w{15})$")
ADDRESS = {
    "postcode": "150-0002",
    "state": "Tokyo",
    "city": "Shibuya",
    "address1": "1-2-3 Shibuya",
    "address2": "Sandbox Building 4F",
    "phone": "0312345678",
}


@dataclass(frozen=True)
class Step:
    """How a step went; `error` is for the person who reads it."""

    name: str
    ok: bool
    ms: int
    error: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.name:<15} {self.ms / 1000:6.2f} s" + (f"  {self.error}" if self.error else "")


def timed(name: str, act: Callable[[], object], passing: tuple[type[Exception], ...]) -> Step:
    """Do it; exceptions of the kinds in `passing` make it a failed step."""
    began = time.monotonic()
    try:
        act()
    except passing as error:
        return Step(name, False, _since(began), str(error))
    return Step(name, True, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


@dataclass
class Journey:
    """One customer's way from signing up to a working eSIM."""

    console: Console
    person: Person
    order_id: str = ""
    browser: Browser = field(init=False)
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.console.url)
        self.inbox = Inbox(self.console.sandbox["mail"]["inbox_url"])

    def play(self) -> Iterator[Step]:
        """Each step as it ends; after one that fails the others are not reached."""
        held = True
        for name in STEPS:
            if held:
                step = timed(name, getattr(self, f"_{name}"), (NotThere, requests.RequestException))
                held = step.ok
                yield step
            else:
                yield Step(name, False, 0, "not reached")

    def _signup(self) -> None:
        people.sign_up(self.browser, self.person)

    def _confirm(self) -> None:
        people.confirm(self.browser, self.inbox, self.person)

    def _address(self) -> None:
        page = self.browser.open("/account/address")
        form = page.form("/account/address")
        self.browser.submit(page, form, ADDRESS)
        if ADDRESS["city"] not in (kept := self.browser.open("/account/address").form("/account/address").fields).values():
            raise NotThere(f"the address was not kept: {kept.get('city')!r}")

    def _payment_method(self) -> None:
        page = self.browser.open("/account/payment")
        whmcs = self.browser.submit(page, page.form("/account/payment"))
        if not whmcs.url.startswith(self.console.sandbox["whmcs"]["url"]):
            raise NotThere(f"the button led to {whmcs.path}, not to WHMCS")
        self.browser.submit(whmcs, whmcs.forms[0], press="add")
        page = self.browser.open("/account/payment")
        self.browser.submit(page, page.form("/account/payment/check"))

    def _order(self) -> None:
        shelf = self.browser.open("/catalog")
        if f"/catalog/{SKU}" not in shelf.links:
            raise NotThere(f"the catalogue has no link to {SKU}: {', '.join(shelf.links)}")
        product = self.browser.open(f"/catalog/{SKU}")
        review = self.browser.submit(product, product.form("/cart"))
        order = review.form("/orders")
        self.browser.submit(review, order, dict.fromkeys(order.boxes, "y"))
        self.order_id = until(self._placed, PLACED_S, "the placed order")

    def _placed(self) -> str | None:
        """The order's id, once the list of orders links to it."""
        return next((found[1] for link in self.browser.open("/orders").links if (found := _ORDER_PAGE.match(link))), None)

    def _approve(self) -> None:
        reviewer = Browser(self.console.sandbox["pages"]["reviewer"])
        page = reviewer.open("")
        reviewer.submit(page, page.form(f"/{self.order_id}/approve"))

    def _provisioned(self) -> None:
        until(self._completed, SETTLED_S, "the end of provisioning")
        one_of_each(self._truth(), self.order_id)

    def _completed(self) -> bool | None:
        """Whether the status page says so; a page that says that it failed ends the wait."""
        page = self.browser.open(f"/orders/{self.order_id}")
        if 'data-status="failed"' in page.source or 'data-status="cancelled"' in page.source:
            raise NotThere(f"the order's page says: {page.text[:600]}")
        return 'data-status="completed"' in page.source or None

    def _truth(self) -> dict[str, Any]:
        answer = requests.get(f"{self.console.sandbox['control']['url']}/control/truth", timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def _mail(self) -> None:
        mails = until(self._both_mails, people.MAIL_S, "the mails of the finished order")
        if code := next((mail["subject"] for mail in mails if "LPA:" in mail["text"]), ""):
            raise NotThere(f"the mail {code!r} carries the activation code")
        if not any("/subscriptions/" in mail["text"] for mail in mails):
            raise NotThere("no mail links to the eSIM")
        self._qr()

    def _both_mails(self) -> list[dict[str, Any]] | None:
        """All mails about the order, once order received, eSIM ready and order provisioned have come."""
        mails = [mail for mail in self.inbox.of(self.person.email) if mail["headers"].get("X-Entity-Ref-ID") == self.order_id]
        return mails if len(mails) >= 3 else None

    def _qr(self) -> None:
        """The eSIM's page shows the code, at once or when the owner asks for it."""
        link = next((link for link in self.browser.open("/subscriptions").links if link.startswith("/subscriptions/")), "")
        page = self.browser.open(link or "/subscriptions")
        if any(form.action.endswith("/reveal") for form in page.forms):
            page = self.browser.submit(page, page.form("/reveal"))
        if '<svg role="img"' not in page.source or not any("LPA" in link for link in page.links):
            raise NotThere(f"the eSIM's page shows no QR code: {page.text[:400]}")


def one_of_each(truth: dict[str, Any], order_id: str) -> None:
    """NotThere unless exactly one active WHMCS order and one subscription belong to the order, and nothing to nobody."""
    order = next((order for order in truth["orders"] if order["sf_order_id"] == order_id), None)
    if order is None:
        raise NotThere("the order is not in Salesforce")
    found = ([row["status"] for row in order["whmcs"]], len(order["mobile"]), order["salesforce"]["Activation_Status__c"])
    if found != (["Active"], 1, "Activated"):
        raise NotThere(f"WHMCS orders, subscriptions, activation are {found}")
    if any(truth["unclaimed"].values()):
        raise NotThere(f"something belongs to no order: {truth['unclaimed']}")
