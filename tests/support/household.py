"""Somebody in whose rooms every page has something to show, and the addresses of all pages, made from the routes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from pyotp import TOTP
from werkzeug.routing import Rule

from console.app import create_app
from deploy import launch, people
from deploy.browser import Browser, Page
from deploy.journey import ADDRESS, SKU
from deploy.launch import Console
from deploy.people import Inbox, Person
from deploy.processes import run
from tests.support import customers, ordered
from tests.support import settings as settings_for
from tests.support.sandbox import Control

MAIL_S = 30
GUARDS = {"public": "stranger", "customer": "customer", "person": "customer", "staff": "staff"}
# not pages: fragments, files, what machines ask, and a mail, in which no script may run, axe neither
_NOT_A_PAGE = re.compile(r"^/(static|api|healthz|readyz)(/|$)|/_|/previews/<")
_PLACED = re.compile(r"/orders/(801\w{15})$")


@dataclass
class Household:
    """The people, and what stands for the parameters of the routes."""

    customer: Person
    staff: Person
    careful: Person
    values: dict[str, str] = field(default_factory=dict)

    def address(self, rule: str) -> str:
        """Of a route; a link of a mail belongs to its own page."""
        return re.sub(r"<(?:[^<>]+:)?(\w+)>", lambda name: self.values.get(f"{rule} {name[1]}") or self.values[name[1]], rule)


def pages(folder: Path, who: str) -> list[str]:
    """The routes of all pages that are for them."""
    app: Flask = create_app(settings_for.without_upstreams(folder, f"sqlite:///{folder / 'routes.db'}"))
    found = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not _NOT_A_PAGE.search(rule.rule) and _whose(app, rule) == who
    ]
    assert found
    return sorted(found)


def _whose(app: Flask, rule: Rule) -> str:
    guard = app.view_functions[rule.endpoint].guard  # type: ignore[attr-defined]
    return "customer" if rule.rule == "/" else GUARDS[guard.partition(":")[0]]


def furnished(stack: Console) -> Household:
    """An order that is done, one that is being placed, a request to support, links in mails, a second factor."""
    inbox, control = Inbox(stack.sandbox["mail"]["inbox_url"]), Control(stack.sandbox["control"]["url"])
    aiko, sara, kenji = (Person(role, email, people.made_password(), *rest) for role, email, *rest in people.CUSTOMERS)
    home = Household(aiko, _admin(stack), careful=sara)
    hers, saras = (_resident(stack, inbox, person) for person in (aiko, sara))
    _order(stack, control, hers, home)
    _ask(hers, home)
    home.values["sku"] = SKU
    _links(stack, inbox, hers, home, kenji)
    _second_factor(saras)
    _at_the_desk(stack, home)
    return home


def left(stack: Console, home: Household) -> None:
    """Salesforce takes orders again, and hers is not placed in the middle of somebody else's test."""
    Control(stack.sandbox["control"]["url"]).clear_faults()
    browser = Browser(stack.url)
    page = browser.open("/login")
    browser.submit(page, page.form("/login"), {"email": home.customer.email, "password": home.customer.password})
    path = f"/orders/placing/{home.values['checkout_id']}"
    people.until(lambda: 'data-state="placing"' not in browser.open(path).source or None, 60, "the end of the placing")


def _resident(stack: Console, inbox: Inbox, person: Person) -> Browser:
    browser = Browser(stack.url)
    people.sign_up(browser, person)
    people.confirm(browser, inbox, person)
    customers.add_card(stack.sandbox, person.email)
    page = browser.open("/account/address")
    browser.submit(page, page.form("/account/address"), ADDRESS)
    return browser


def _admin(stack: Console) -> Person:
    person = Person("admin", "house.admin@console.example", people.made_password())
    create = [*launch.FLASK, "staff", "create", "--email", person.email, "--role", "admin", "--password-stdin"]
    run(create, stack.variables, given=f"{person.password}\n")
    return person


def _order(stack: Console, control: Control, browser: Browser, home: Household) -> None:
    _placed(browser)
    order_id = home.values["sf_order_id"] = people.until(lambda: _newest(browser), 20, "the order")
    control.approve(order_id)
    people.until(lambda: ordered.activated(control, order_id) or None, 30, "the provisioning")
    esim = next(one for one in browser.open("/subscriptions").links if one.startswith("/subscriptions/"))
    home.values["subscription_id"] = esim.rpartition("/")[2]
    control.fault("salesforce", "tree", "reset")  # as long as anybody looks
    page = browser.open("/cart")
    browser.submit(page, page.form("/cart/renewal"))
    placing = _placed(browser, again=True)
    home.values["checkout_id"] = placing.path.rpartition("/")[2]
    _chosen(browser)


def _chosen(browser: Browser) -> Page:
    page = browser.open(f"/catalog/{SKU}")
    return browser.submit(page, page.form("/cart"))


def _placed(browser: Browser, again: bool = False) -> Page:
    review = browser.open("/checkout") if again else _chosen(browser)
    form = review.form("/orders")
    return browser.submit(review, form, dict.fromkeys(form.boxes, "y"))


def _newest(browser: Browser) -> str | None:
    return next((hit[1] for link in browser.open("/orders").links if (hit := _PLACED.search(link))), None)


def _ask(browser: Browser, home: Household) -> None:
    page = browser.open("/support")
    asked = browser.submit(page, page.form("/support"), {"topic": "other", "text": "How do I install it on a second phone?"})
    home.values["request_id"] = asked.path.rpartition("/")[2]


def _links(stack: Console, inbox: Inbox, browser: Browser, home: Household, newcomer: Person) -> None:
    stranger = Browser(stack.url)
    people.sign_up(stranger, newcomer)
    page = stranger.open("/forgot")
    stranger.submit(page, page.form("/forgot"), {"email": home.customer.email})
    page = browser.open("/account/security/email")
    browser.submit(page, page.form("/account/security/email"), {"email": "aiko.elsewhere@example.com"})
    asked = {"/confirm": newcomer.email, "/reset": home.customer.email, "/account/security/email": "aiko.elsewhere@example.com"}
    for path, email in asked.items():
        home.values[f"{path}/<token> token"] = _token(inbox, email, path)


def _token(inbox: Inbox, email: str, path: str) -> str:
    link = re.compile(rf"{path}/(\S+)")
    texts = lambda: (mail["text"] or "" for mail in reversed(inbox.of(email)))  # noqa: E731
    return people.until(lambda: next((hit[1] for text in texts() if (hit := link.search(text))), None), MAIL_S, f"a mail with {path}")


def _second_factor(browser: Browser) -> None:
    page = browser.open("/account/security/two-step")
    found = re.search(r'id="totp-key"[^>]*>([A-Z2-7 ]+)<', page.source)
    assert found, "the page shows the key"
    browser.submit(page, page.form("/account/security/two-step"), {"code": TOTP(found[1].replace(" ", "")).now()})


def _at_the_desk(stack: Console, home: Household) -> None:
    browser = Browser(stack.url)
    page = browser.open("/login")
    browser.submit(page, page.form("/login"), {"email": home.staff.email, "password": home.staff.password})
    for path, text, name in (("jobs", home.values["sf_order_id"], "job_id"), ("customers", home.customer.email, "user_id")):
        link = re.compile(rf"^/staff/{path}/([0-9]+)$")
        home.values[name] = next(hit[1] for one in browser.open(f"/staff/{path}?q={text}").links if (hit := link.match(one)))
