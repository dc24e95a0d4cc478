"""The people of chaos: customers who sign up and order on the pages, a reviewer, staff who retry, and orders made by hand."""

from __future__ import annotations

import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from deploy import people
from deploy.browser import Browser, NotThere, Page
from deploy.journey import ADDRESS
from deploy.launch import FLASK
from deploy.people import Inbox, Person
from deploy.processes import run
from tests.proving.storm.stage import Stage
from tests.support.sandbox import Refused
from tests.support.sf_rest import SfRest

TROUBLE = (NotThere, requests.RequestException)
SHELF = ("SIM-DATA-5", "SIM-DATA-20", "VPN-JP")
BASKETS = (("SIM-DATA-5",), ("SIM-DATA-20",), ("SIM-DATA-5", "SIM-DATA-20"), ("VPN-JP", "SIM-DATA-5"), ("VPN-JP",))
PER_REQUEST = 40  # a tree takes 200 records
_ORDER = re.compile(r"/orders/(801\w{15})$")
_JOB = re.compile(r"^/staff/jobs/\d+$")


@dataclass
class Customer:
    """A person with a browser; one thing at a time."""

    person: Person
    browser: Browser
    lock: threading.Lock = field(default_factory=threading.Lock)
    wished: int = 0  # orders that this person means to have
    found: set[str] = field(default_factory=set)  # those that the list shows

    def open(self, address: str) -> Page | None:
        with self.lock:
            try:
                return self.browser.open(address)
            except TROUBLE:
                return None


@dataclass
class Crowd:
    """`waiting` are ids of orders that the reviewer has not seen, `approved` those he has, by the moment (time.time)."""

    stage: Stage
    rng: random.Random
    customers: list[Customer] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    approved: dict[str, float] = field(default_factory=dict)
    retried: int = 0
    seen: int = 0  # pages that were answered
    staff: Browser | None = None

    # -- before the storm

    def sign_up(self, number: int) -> None:
        """So many customers, each confirmed, with an address and a card; and one of the staff."""
        with ThreadPoolExecutor(4) as doing:
            staff = doing.submit(self._employ)
            self.customers = list(doing.map(self._customer, range(2001, 2001 + number)))
            self.staff = staff.result()

    def _customer(self, number: int) -> Customer:
        address = self.stage.addresses[number % len(self.stage.addresses)]
        person = Person("customer", f"person{number}@example.com", people.made_password(), f"SF-{number}", "Person", f"Canary{number}")
        browser = Browser(address)
        people.sign_up(browser, person)
        people.confirm(browser, Inbox(self.stage.facts["mail"]["inbox_url"]), person)
        page = browser.open("/account/address")
        browser.submit(page, page.form("/account/address"), ADDRESS)
        url = f"{self.stage.facts['whmcs']['url']}/sandbox/pay-methods"
        requests.post(url, json={"client_email": person.email}, timeout=10).raise_for_status()
        return Customer(person, browser)

    def _employ(self) -> Browser:
        password = people.made_password()
        words = ["staff", "create", "--email", "ops@console.example", "--role", "ops", "--first-name", "Taro", "--last-name", "Ito"]
        run([*FLASK, *words, "--password-stdin"], self.stage.variables, given=f"{password}\n")
        browser = Browser(self.stage.addresses[-1])
        page = browser.open("/login")
        browser.submit(page, page.form("/login"), {"email": "ops@console.example", "password": password})
        return browser

    def make_by_hand(self, number: int) -> None:
        """So many orders that somebody typed into Salesforce for these customers' Accounts; they wait for the reviewer."""
        org = SfRest(self.stage.facts["salesforce"]).login()
        prices = {sku: org.price(sku) for sku in {sku for basket in BASKETS for sku in basket}}
        accounts = [org.account_id(customer.person.sf_number) for customer in self.customers]
        orders = [_typed(n, accounts[n % len(accounts)], self.rng.choice(BASKETS), prices) for n in range(number)]
        for first in range(0, number, PER_REQUEST):
            answer = org.post("composite/tree/Order", {"records": orders[first : first + PER_REQUEST]})
            assert answer.status_code == 201, answer.text
            self.waiting += [row["id"] for row in answer.json()["results"] if row["id"].startswith("801")]

    # -- in the storm

    def wish(self, number: int) -> None:
        """So many orders by page, shared out among the customers."""
        for n in range(number):
            self.customers[n % len(self.customers)].wished += 1

    def order(self, customer: Customer) -> None:
        """One more of the orders that this person wants, as far as the pages let it be placed; what stands already is seen."""
        with customer.lock:
            try:
                self._look(customer)
                if len(customer.found) < customer.wished and not self._placing(customer):
                    _place(customer.browser, self.rng.choice(SHELF))
                    self._look(customer)
            except TROUBLE:
                return  # a person tries again later

    def _look(self, customer: Customer) -> None:
        page = customer.browser.open("/orders")
        ids = {found[1] for link in page.links if (found := _ORDER.search(link))}
        self.waiting += sorted(ids - customer.found)
        customer.found |= ids

    @staticmethod
    def _placing(customer: Customer) -> bool:
        """Whether one is under way: the page of one that was refused for good has ended, it asks no more."""
        unsure = [link for link in customer.browser.open("/orders").links if "/orders/placing/" in link]
        return any("/_placing" in customer.browser.open(link).source for link in unsure)

    def unplaced(self) -> list[Customer]:
        return [customer for customer in self.customers if len(customer.found) < customer.wished]

    def approve(self, number: int) -> None:
        """The reviewer's next ones, those by page first."""
        for _ in range(min(number, len(self.waiting))):
            order_id = self.waiting.pop()
            if not self._decided(order_id):
                self.waiting.insert(0, order_id)
                return
            self.approved[order_id] = time.time()

    def _decided(self, order_id: str) -> bool:
        """False when the reviewer got no answer in time; what was decided all the same is then found so."""
        try:
            self.stage.sandbox.control.approve(order_id)
        except Refused as refused:
            if refused.status != 409:  # decided already
                raise
        except OSError:
            return False
        return True

    def wander(self) -> None:
        """A customer looks at some page."""
        customer = self.rng.choice(self.customers)
        pages = ["/", "/orders", "/subscriptions", "/catalog", *(f"/orders/{order_id}" for order_id in sorted(customer.found)[:3])]
        if customer.open(self.rng.choice(pages)):
            self.seen += 1

    def attend(self, tab: str = "attention") -> int:
        """Staff retry what the list of that tab shows; how many they tried."""
        assert self.staff is not None
        try:
            jobs = sorted({link for link in self.staff.open(f"/staff/jobs?tab={tab}").links if _JOB.match(link)})
        except TROUBLE:
            return 0
        for link in jobs:
            self._retry(self.staff, link)
        return len(jobs)

    def _retry(self, staff: Browser, link: str) -> None:
        try:
            page = staff.open(link)
            staff.submit(page, page.form("/retry"))
            self.retried += 1
        except TROUBLE:
            return  # it went on by itself meanwhile, or the page has no answer just now


def _place(browser: Browser, sku: str) -> None:
    product = browser.open(f"/catalog/{sku}")
    review = browser.submit(product, product.form("/cart"))
    order = review.form("/orders")
    browser.submit(review, order, dict.fromkeys(order.boxes, "y"))


def _typed(number: int, account_id: str, basket: tuple[str, ...], prices: dict[str, Any]) -> dict[str, Any]:
    """The body of one order made by hand: no key, no portal."""
    items = [
        {
            "attributes": {"type": "OrderItem", "referenceId": f"line{number}x{n}"}, "PricebookEntryId": prices[sku]["Id"], "Quantity": 1,
            "UnitPrice": prices[sku]["UnitPrice"], "Billing_Cycle__c": "Monthly",
        }
        for n, sku in enumerate(basket)
    ]  # fmt: skip
    return {
        "attributes": {"type": "Order", "referenceId": f"order{number}"}, "AccountId": account_id, "EffectiveDate": "2026-11-21",
        "Status": "Pending Review", "Pricebook2Id": prices[basket[0]]["Pricebook2Id"], "OrderItems": {"records": items},
    }  # fmt: skip
