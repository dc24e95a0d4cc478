"""The people of the demo: customers sign up through the portal's own pages and read their mail; staff are made by the command."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from deploy.browser import Browser, NotThere, Page
from deploy.launch import FLASK, Console
from deploy.processes import run

MAIL_S = 20
ACCOUNT_S = 20
_LINK = re.compile(r"https?://\S+/confirm/\S+")
T = TypeVar("T")


@dataclass(frozen=True)
class Person:
    """As demo.json tells it, with the names for the form."""

    role: str
    email: str
    password: str
    sf_number: str = ""
    first_name: str = ""
    last_name: str = ""

    def told(self) -> dict[str, str]:
        return {"role": self.role, "email": self.email, "password": self.password, "sfNumber": self.sf_number}


# names, numbers and addresses are those of salesforce/data/Account.json
CUSTOMERS = (
    ("customer", "aiko.tanaka@example.com", "SF-1001", "Aiko", "Tanaka"),
    ("customer2", "sara.lindqvist@example.com", "SF-1002", "Sara", "Lindqvist"),
    ("new", "kenji.sato@example.com", "SF-1003", "Kenji", "Sato"),
)
STAFF = (("viewer", "Mika", "Mori"), ("support", "Yuki", "Kimura"), ("ops", "Taro", "Ito"), ("admin", "Hana", "Abe"))


class Inbox:
    """The sandbox's mail, as its owner reads it."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/messages.json"

    def of(self, email: str) -> list[dict[str, Any]]:
        """Messages to that address, oldest first."""
        answer = requests.get(self._url, params={"to": email}, timeout=10)
        answer.raise_for_status()
        return list(answer.json())

    def link(self, email: str) -> str:
        """The confirmation link of the newest mail that has one; waits for it."""
        return until(lambda: self._link_now(email), MAIL_S, "the mail with the link")

    def _link_now(self, email: str) -> str | None:
        return next((found[0] for mail in reversed(self.of(email)) if (found := _LINK.search(mail["text"] or ""))), None)


def until(answer: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask again until there is an answer."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if (found := answer()) is not None:
            return found
        time.sleep(0.1)
    raise NotThere(f"{what} did not come within {seconds:.0f} s")


def sign_up(browser: Browser, person: Person) -> Page:
    """Fill in the sign-up form."""
    page = browser.open("/signup")
    typed = {name: getattr(person, name) for name in ("email", "password", "sf_number", "first_name", "last_name")}
    return browser.submit(page, page.form("/signup"), typed | {"terms": "y"})


def confirm(browser: Browser, inbox: Inbox, person: Person) -> Page:
    """Open the link of the mail, give the password, wait until the account is finished."""
    link = inbox.link(person.email)
    page = browser.open(link)
    browser.submit(page, page.form(page.path), {"password": person.password})
    return until(lambda: _finished(browser), ACCOUNT_S, "the finished account")


def _finished(browser: Browser) -> Page | None:
    page = browser.open("/")
    return None if 'id="account"' in page.source else page


def present(console: Console, path: Path) -> list[Person]:
    """All people of the demo, made on the first start and remembered in `path` (readable by the owner only)."""
    if path.exists():
        return [Person(**row) for row in json.loads(path.read_text())]
    with ThreadPoolExecutor() as starting:  # each command takes a second to start
        staff = [starting.submit(_staff, console, *row) for row in STAFF]
        people = [_customer(console, *row) for row in CUSTOMERS] + [one.result() for one in staff]
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump([asdict(person) for person in people], file)
    return people


def _customer(console: Console, role: str, email: str, number: str, first: str, last: str) -> Person:
    person = Person(role, email, made_password(), number, first, last)
    if role != "new":
        browser = Browser(console.url)
        sign_up(browser, person)
        confirm(browser, Inbox(console.sandbox["mail"]["inbox_url"]), person)
    return person


def _staff(console: Console, role: str, first: str, last: str) -> Person:
    person = Person(role, f"{role}@console.example", made_password(), "", first, last)
    names = ["--first-name", first, "--last-name", last]
    create = [*FLASK, "staff", "create", "--email", person.email, "--role", role, *names, "--password-stdin"]
    run(create, console.variables, given=f"{person.password}\n")
    return person


def made_password() -> str:
    """Nobody's password anywhere else."""
    return f"demo-{secrets.token_urlsafe(9)}"
