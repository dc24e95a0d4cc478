"""Whole orders, on pages and in JSON, with a canary in every personal field and every secret: none sings in a log, a row or the queue."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit
from uuid import uuid4

import pytest

from deploy import people
from deploy.browser import Browser, Page
from deploy.journey import SKU
from deploy.launch import Console
from deploy.people import Inbox, Person
from tests.journeys import json_bird
from tests.support import customers, ordered
from tests.support.sandbox import Control

CARD = "4242 4242 4242 4242"
WRONG = "a wrong Canarypass 81"
HOME = {
    "first_name": "Canaryfirst", "last_name": "Canarylast", "postcode": "907-1801", "state": "Okinawa", "city": "Canarycity Yonaguni",
    "address1": "81-7 Canarystreet", "address2": f"Canaryroom {CARD}", "phone": "+81 90 5550 8117",
}  # fmt: skip
# canary → the only columns that may hold it; a person's own row, and nothing at all for the rest
ALLOWED = {
    "Canaryfirst": {"user.first_name"}, "Canarylast": {"user.last_name"}, "canary.bird": {"user.email"}, "905550": {"user.phone"},
    **json_bird.ALLOWED,
}  # fmt: skip


@dataclass
class Bird:
    """The customer, and all that was said or shown on the way and must be nowhere afterwards."""

    person: Person
    browser: Browser
    secrets: dict[str, str] = field(default_factory=dict)
    order_id: str = ""


def press(bird: Bird, path: str, action: str, typed: dict[str, str] | None = None, **headers: str) -> Page:
    """Fill in and send a form of a page."""
    page = bird.browser.open(path)
    bird.browser._session.headers.update(headers)
    sent = bird.browser.submit(page, page.form(action), typed)
    for name in headers:
        del bird.browser._session.headers[name]
    return sent


@pytest.fixture(scope="module")
def correlation() -> str:
    """What the browser says at the order."""
    return str(uuid4())


@pytest.fixture(scope="module")
def bird(stack: Console, support: Person, correlation: str) -> Iterator[Bird]:
    """After the whole journey, its troubles in it."""
    control, inbox = Control(stack.sandbox["control"]["url"]), Inbox(stack.sandbox["mail"]["inbox_url"])
    person = Person("new", "canary.bird@example.com", "Canarypass right 17", "SF-2040", "Canaryfirst", "Canarylast")
    bird = Bird(person, Browser(stack.url))
    sign_up(bird, inbox)
    mumble(stack)
    settle(bird, stack)
    order(bird, control, correlation)
    rescue(bird, stack, control, support)
    install(bird)
    bird.secrets |= json_bird.fly(stack, inbox, control).secrets
    people.until(lambda: len(inbox.of(person.email)) >= 5 or None, 15, "the mails")
    yield bird
    control.clear_faults()


def sign_up(bird: Bird, inbox: Inbox) -> None:
    person = bird.person
    typed = {name: getattr(person, name) for name in ("email", "password", "sf_number", "first_name", "last_name")}
    press(bird, "/signup", "/signup", typed | {"terms": "y", "phone": HOME["phone"]})
    link = urlsplit(inbox.link(person.email))
    bird.secrets["confirmation"] = link.path.partition(".")[2]
    bird.browser.open(f"{link.path}?q=canary.bird@example.com&name=Canarylast")
    wrong(bird, link.path, {"password": WRONG})
    press(bird, link.path, link.path, {"password": person.password})
    people.until(lambda: 'id="account"' not in bird.browser.open("/").source or None, people.ACCOUNT_S, "the account")
    wrong(bird, "/login", {"email": person.email, "password": WRONG}, Browser(bird.browser._start))


def wrong(bird: Bird, path: str, typed: dict[str, str], browser: Browser | None = None) -> None:
    """A form that is refused."""
    session = (browser or bird.browser)._session
    page = session.get(urljoin(bird.browser._start, path), timeout=20)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token
    assert session.post(page.url, {"csrf_token": token[1], **typed}, headers={"Referer": page.url}, timeout=20).status_code in {401, 422}
    bird.secrets["forgery token"] = token[1]


def mumble(stack: Console) -> None:
    """A request that no server understands: gunicorn itself writes about it."""
    at = urlsplit(stack.url)
    with socket.create_connection((at.hostname, at.port), 10) as line:
        line.sendall(b"GET /confirm/1.Canarytoken canary.bird@example.com HTTP/1.1\r\n\r\n")
        assert b" 400 " in line.recv(200)


def settle(bird: Bird, stack: Console) -> None:
    """Address and payment method, by single sign-on."""
    wrong(bird, "/account/address", HOME | {"postcode": "Canarycode"})
    press(bird, "/account/address", "/account/address", HOME)
    page = bird.browser.open("/account/payment")
    form = page.form("/account/payment").fields
    session = bird.browser._session
    answer = session.post(page.url, form, headers={"Referer": page.url}, allow_redirects=False, timeout=20)
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    bird.secrets["single sign-on"] = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["access_token"]
    customers.add_card(stack.sandbox, bird.person.email)
    bird.secrets |= {"session": session.cookies["session"], "session id": opaque(session.cookies["session"])}


def opaque(cookie: str) -> str:
    """The id in a session's cookie, which is signed and can be read."""
    return str(json.loads(urlsafe_b64decode(cookie.partition(".")[0] + "=="))["sid"])


def order(bird: Bird, control: Control, correlation: str) -> None:
    review = press(bird, f"/catalog/{SKU}", "/cart")
    place = review.form("/orders")
    message = f"refused for canary.bird@example.com {CARD} LPA:1$canary$bird"
    control.fault("mobile", "POST subscriptions", "misconfigured", message=message)
    bird.browser._session.headers["X-Correlation-Id"] = correlation
    bird.browser.submit(review, place, dict.fromkeys(place.boxes, "y"))
    del bird.browser._session.headers["X-Correlation-Id"]
    link = re.compile(r"^/orders/(801\w{15})$")
    found = lambda: next((hit[1] for one in bird.browser.open("/orders").links if (hit := link.match(one))), None)  # noqa: E731
    bird.order_id = people.until(found, 20, "the order")
    control.approve(bird.order_id)


def rescue(bird: Bird, stack: Console, control: Control, support: Person) -> None:
    """The provider refuses; support searches by e-mail and writes more than it should as the reason of a retry."""
    desk = Browser(stack.url)
    page = desk.open("/login")
    desk.submit(page, page.form("/login"), {"email": support.email, "password": support.password})
    people.until(lambda: 'data-status="held"' in bird.browser.open(f"/orders/{bird.order_id}").source or None, 20, "the refusal")
    found = desk.open("/staff/jobs?q=canary.bird@example.com")
    jobs = [desk.open(one) for one in found.links if re.match(r"/staff/jobs/[0-9]+$", one)]
    page = next(job for job in jobs if any(form.action.endswith("/retry") for form in job.forms))
    desk.submit(page, page.form("/retry"), {"reason": f"spoke with canary.bird@example.com, card {CARD}"})
    control.clear_faults()
    people.until(lambda: ordered.activated(control, bird.order_id) or None, 20, "the provisioning")
    bird.secrets["support's session"] = desk._session.cookies["session"]


def install(bird: Bird) -> None:
    """The activation code, as its owner sees it."""
    page = bird.browser.open(next(one for one in bird.browser.open("/subscriptions").links if one.startswith("/subscriptions/")))
    shown = bird.browser.submit(page, page.form("/reveal"))
    code = unquote(next(one for one in shown.links if "carddata=" in one).partition("carddata=")[2])
    assert code.startswith("LPA:1$")
    bird.secrets |= {"activation code": code, "matching id": code.split("$")[2]}


def nowhere(bird: Bird, stack: Console) -> dict[str, str]:
    """Everything that no log, no row (but ALLOWED) and no queue may hold."""
    keys = {name: stack.variables[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "WHMCS_SECRET", "WHMCS_IDENTIFIER", "MOBILE_API_KEY")}
    pem = Path(stack.variables["SF_PRIVATE_KEY_FILE"]).read_text().splitlines()[3]
    typed = {word: word for word in ("Canary", "canary", "4242 4242", "4242424242424242", "905550", "907-1801", "Okinawa", WRONG)}
    typed |= {word: word for word in json_bird.NOWHERE}
    return bird.secrets | keys | typed | {"private key": pem, "password": bird.person.password, "support's password": "demo-"}


def logs(stack: Console) -> dict[str, str]:
    folder = stack.sandbox_file.parents[1] / "logs"
    return {name: (folder / f"{name}.log").read_text() for name in ("web", "worker", "listener")}


def cells(stack: Console) -> Iterator[tuple[str, str]]:
    """(table.column, value) of the whole database."""
    path = stack.variables["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                values = (value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)
                yield from ((f"{table}.{name}", value) for name, value in zip(names, values, strict=True))


def test_the_canaries_flew_the_whole_way(bird: Bird, stack: Console, world: Control) -> None:
    """What follows proves something only if the values were really there."""
    ordered.assert_exactly_once(world, bird.order_id)
    held = list(cells(stack))
    for canary, places in ALLOWED.items():
        assert {place for place, value in held if canary in value} == places
    assert {"confirmation", "single sign-on", "activation code", "session id"} <= bird.secrets.keys()
    assert all(len(secret) >= 8 for secret in bird.secrets.values())
    said = {name: [json.loads(line) for line in text.splitlines() if line.startswith("{")] for name, text in logs(stack).items()}
    assert all(said.values())
    assert {"salesforce", "whmcs", "mobile", "mail"} <= {line.get("upstream") for line in said["worker"]}
    assert "Invalid request from ip" in {line["event"] for line in said["web"]}
    assert {"/signup", "/confirm/<token>", "/orders", "/account/payment"} <= {line.get("path") for line in said["web"]}
    doors = {"auth/signup", "auth/login", "auth/sso-link", "me/billing", "checkout", "orders", "orders/<sf_order_id>/cancellation"}
    assert {f"/api/{door}" for door in doors} <= {line.get("path") for line in said["web"]}


def test_no_log_names_anybody_or_tells_a_secret(bird: Bird, stack: Console) -> None:
    for name, text in logs(stack).items():
        told = {what for what, secret in nowhere(bird, stack).items() if secret in text}
        assert told == set(), name
        assert not re.search(r"00D\w{12,15}!|LPA:1\$|Bearer |[\w.]+@[\w-]+\.\w|SELECT |\?q=", text), name


def test_no_row_holds_what_it_should_not(bird: Bird, stack: Console) -> None:
    found = [
        (what, place)
        for place, value in cells(stack)
        for what, secret in nowhere(bird, stack).items()
        if secret in value and not any(canary in value and place in places for canary, places in ALLOWED.items())
    ]
    assert found == []


def test_nothing_looks_like_a_secret_in_any_row(bird: Bird, stack: Console) -> None:
    found = [place for place, value in cells(stack) if re.search(r"LPA:1\$|00D\w{12,15}!|Bearer |BEGIN .*KEY", value)]
    assert found == []


def test_the_queue_carries_ids_only(bird: Bird, stack: Console) -> None:
    file = Path(stack.variables["QUEUE_FILE"])
    raw = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert b"run_job" in raw
    assert {what for what, secret in nowhere(bird, stack).items() if secret.encode() in raw} == set()


def test_no_mail_carries_the_code_or_a_password(bird: Bird, stack: Console) -> None:
    mails = Inbox(stack.sandbox["mail"]["inbox_url"]).of(bird.person.email)
    raw = json.dumps(mails)
    for what in ("activation code", "matching id", "session", "single sign-on"):
        assert bird.secrets[what] not in raw, what
    assert bird.person.password not in raw
    assert CARD not in raw


def test_one_correlation_id_goes_through_everything(bird: Bird, stack: Console, world: Control, correlation: str) -> None:
    calls = [call for call in world.calls() if call["correlation_id"] == correlation]
    made = {(call["upstream"], call["operation"]) for call in calls}
    assert {upstream for upstream, _operation in made} >= {"salesforce", "whmcs", "mobile"}
    assert {"AddOrder", "AcceptOrder", "POST subscriptions"} <= {operation for _upstream, operation in made}
    assert all(call["correlation_id"] for call in world.calls() if call["upstream"] in {"whmcs", "mobile"})

    rows = {place for place, value in cells(stack) if value == correlation}
    assert rows >= {"orders.correlation_id", "job.correlation_id", "outbox_message.correlation_id"}

    mails = Inbox(stack.sandbox["mail"]["inbox_url"]).of(bird.person.email)
    about = [mail["headers"]["X-Correlation-Id"] for mail in mails if mail["headers"].get("X-Entity-Ref-ID") == bird.order_id]
    assert len(about) >= 3
    assert set(about) == {correlation}
    assert all(correlation in text for name, text in logs(stack).items() if name != "listener")
