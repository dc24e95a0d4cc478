"""Customers who can order: finished upstream, logged in, with a browser."""

from dataclasses import dataclass
from itertools import count

from flask import Flask

from console.models import CustomerLink, User
from tests.support import customers
from tests.support.sandbox import Running
from tests.support.web import Browser, make_person

_numbers = count()


@dataclass
class Shopper:
    """A person, their link and their browser."""

    user: User
    link: CustomerLink
    browser: Browser

    def choose(self, sku: str, **fields: object) -> None:
        """From the product's page to the review."""
        self.browser.get(f"/catalog/{sku}")
        answer = self.browser.post("/cart", {"sku": sku, **fields})
        assert answer.location == "/checkout", answer.text


def shopper(app: Flask, sandbox: Running, card: bool = True, homeless: bool = False) -> Shopper:
    """A new customer of the sandbox, logged in."""
    person = make_person(f"shopper{next(_numbers)}@home.example")
    person, link = customers.finished(app.extensions["console"].upstreams, sandbox, card=card, user=person, homeless=homeless)
    browser = Browser.of(app)
    browser.log_in(person)
    return Shopper(person, link, browser)
