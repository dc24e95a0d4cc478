"""A second canary, which speaks JSON: values of its own in every field of every door, in wrong fields too, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from deploy import people
from deploy.browser import Browser
from deploy.journey import SKU
from deploy.launch import Console
from deploy.people import Inbox
from tests.support import customers, ordered
from tests.support.sandbox import Control

CARD = "5555 5555 5555 4444"
EMAIL, PASSWORD = "kanarie.bird@example.com", "Kanariepass right 18"
WISH = {
    "email": EMAIL, "password": PASSWORD, "sfNumber": "SF-2039", "firstName": "Kanariefirst", "lastName": "Kanarielast",
    "phone": "+81 90 5551 8227", "language": "en", "acceptTerms": True,
}  # fmt: skip
HOME = {
    "firstName": "Kanariefirst", "lastName": "Kanarielast", "postcode": "891-6201", "state": "Kagoshima", "city": "Kanariecity Kikaijima",
    "address1": "82-7 Kanariestreet", "address2": f"Kanarieroom {CARD}", "phone": "+81 90 5551 8227", "country": "JP",
}  # fmt: skip
LINE = {"sku": SKU, "quantity": 1, "options": {"kanariekey": f"Kanarievalue {CARD}"}}  # an option that the product does not ask for
TOTAL = {"monthly": 1280, "onetime": 1100}
# one that must be nowhere, one for each row of a person that may hold it
NOWHERE = ("Kanarie", "kanarie", "5555 5555", "5555555555554444", "905551", "891-6201", "Kagoshima")
ALLOWED = {
    "Kanariefirst": {"user.first_name"}, "Kanarielast": {"user.last_name"}, "kanarie.bird": {"user.email"}, "905551": {"user.phone"},
}  # fmt: skip
WRONG_WISHES = (
    {"email": "Kanarie no address"}, {"email": {"Kanarie": 1}}, {"password": "Kanar1e"}, {"password": ["Kanariepass"]},
    {"sfNumber": "Kanarie' OR 1=1"}, {"firstName": "Kanarie" * 20}, {"lastName": 7, "comment": EMAIL}, {"phone": f"Kanarie {CARD}"},
    {"language": "Kanarie"}, {"acceptTerms": "Kanarie"},
)  # fmt: skip
WRONG_HOMES = (
    {"postcode": "Kanariecode"}, {"country": "Kanarie"}, {"country": "Kk", "city": "Kanariecity"}, {"state": "Kanariestate"},
    {"phone": f"Kanarie {CARD}"}, {"address1": "Kanariestreet" * 30}, {"city": ["Kanariecity"]},
)  # fmt: skip
WRONG_ORDERS = (
    {"lines": [{**LINE, "quantity": "Kanarie"}]}, {"lines": [{**LINE, "options": "Kanarie"}]},
    {"lines": [{**LINE, "options": {"mode": ["Kanarie"]}}]}, {"lines": "Kanarie"}, {"acceptTerms": "Kanarie"},
    {"expectedTotal": {**TOTAL, "monthly": {"amount": 1280, "currency": "Kanarie"}}}, {"checkoutId": f"Kanarie{'e' * 40}"},
)  # fmt: skip


@dataclass
class JsonBird:
    """`secrets`: what it was told and must be nowhere."""

    stack: Console
    secrets: dict[str, str] = field(default_factory=dict)
    order_id: str = ""

    def __post_init__(self) -> None:
        self.browser = Browser(self.stack.url)
        self._session: requests.Session = self.browser._session

    def ask(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        token = self._session.get(f"{self.stack.url}/api/auth/csrf", timeout=20).json()["csrfToken"]
        self.secrets["json forgery token"] = token
        url = f"{self.stack.url}/api{path}"
        return self._session.request(method, url, json=body, params=query, headers={"X-CSRFToken": token}, timeout=20)

    def said(self, status: int, method: str, path: str, body: object = None, **query: str) -> Any:
        answer = self.ask(method, path, body, **query)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: object = None, **query: str) -> None:
        """As a problem that does not repeat what was sent."""
        answer = self.ask(method, path, body, **query)
        assert answer.status_code in {400, 401, 404, 409, 422}, answer.text
        assert "anarie" not in answer.text
        assert "5555 5555" not in answer.text

    def sign_up(self, inbox: Inbox) -> None:
        for wrong in WRONG_WISHES:
            self.refused("POST", "/auth/signup", {**WISH, **wrong})
        self.refused("POST", "/auth/signup", f"Kanarie {EMAIL}")
        self.said(202, "POST", "/auth/signup", WISH)
        link = urlsplit(inbox.link(EMAIL))
        self.secrets["json confirmation"] = link.path.rpartition("/")[2]
        page = self.browser.open(link.path)
        self.browser.submit(page, page.form(page.path), {"password": PASSWORD})
        people.until(lambda: 'id="account"' not in self.browser.open("/").source or None, people.ACCOUNT_S, "the account")

    def log_in(self) -> None:
        self.said(204, "POST", "/auth/logout")
        for wrong in ({"password": "Kanariepass wrong 82"}, {"email": f"Kanarie {CARD}"}, {"password": 82}, {"totp": ["Kanarie"]}):
            self.refused("POST", "/auth/login", {"email": EMAIL, "password": PASSWORD, **wrong})
        self.said(200, "POST", "/auth/login", {"email": EMAIL, "password": PASSWORD, "totp": "Kanarie"})
        self.secrets["json session"] = self._session.cookies["session"]

    def settle(self) -> None:
        for wrong in WRONG_HOMES:
            self.refused("PATCH", "/me/billing", {**HOME, **wrong})
        kept = self.said(200, "PATCH", "/me/billing", HOME)
        assert (kept["city"], kept["sync"]) == (HOME["city"], "synced")
        assert self.said(200, "GET", "/me/billing")["address1"] == HOME["address1"]
        self.refused("POST", "/auth/sso-link", {"target": "Kanarie"})
        url = self.said(200, "POST", "/auth/sso-link", {"target": "payment_methods"})["url"]
        self.secrets["json single sign-on"] = dict(parse_qsl(urlsplit(url).query))["access_token"]
        customers.add_card(self.stack.sandbox, EMAIL)

    def order(self, control: Control) -> None:
        for wrong in WRONG_ORDERS:
            self.refused("POST", "/orders", self._wanted(**wrong))
        self.said(422, "POST", "/orders", self._wanted(lines=[{**LINE, "sku": "Kanariesku"}]))  # it tells which one there is not
        given_up = self.said(201, "POST", "/orders", self._wanted())["sfOrderId"]
        self.said(200, "POST", f"/orders/{given_up}/cancellation", {"reason": "Kanariereason"})
        self.refused("POST", "/orders/Kanarie/cancellation", {"reason": "Kanariereason"})
        self.order_id = self.said(201, "POST", "/orders", self._wanted(comment=f"Kanarie {CARD}"))["sfOrderId"]
        control.approve(self.order_id)
        people.until(lambda: ordered.activated(control, self.order_id) or None, 20, "the provisioning")

    def _wanted(self, **changes: object) -> dict[str, object]:
        checkout = self.said(201, "POST", "/checkout", {"comment": "Kanarie"})["checkoutId"]
        return {"checkoutId": checkout, "lines": [LINE], "expectedTotal": TOTAL, "acceptTerms": True, **changes}

    def look(self) -> None:
        for path in ("/orders/Kanarie", "/catalog/Kanarie", "/Kanarie"):
            self.refused("GET", path, q=EMAIL)
        assert self.said(200, "GET", "/orders", q="Kanarie", state="Kanarie", before="Kanarie")["items"] == []
        assert self.said(200, "GET", "/catalog", q=EMAIL)["items"] == []
        found = self.said(200, "GET", "/subscriptions", comment="Kanarie")["items"]
        assert [one["sfOrderId"] for one in found if one["iccid"]] == [self.order_id]


def fly(stack: Console, inbox: Inbox, control: Control) -> JsonBird:
    """Through every door, and what is left of it."""
    bird = JsonBird(stack)
    bird.sign_up(inbox)
    bird.log_in()
    bird.settle()
    bird.order(control)
    bird.look()
    return bird
