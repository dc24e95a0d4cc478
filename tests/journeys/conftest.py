"""The whole console as processes, with its people, once for all journeys; Chromium to walk it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page

from deploy import launch, people
from deploy.browser import Browser as PlainBrowser
from deploy.people import Inbox, Person
from deploy.processes import Programs, free_port, run
from tests.support import chromium, customers
from tests.support.absent import absent
from tests.support.sandbox import Control

_numbers = count(2002)
HANG_S = 150


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A browser or a program that never answers ends the test, wherever it stands, and not the patience of whoever waits for it."""
    former = signal.signal(signal.SIGALRM, _hung)
    signal.alarm(HANG_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


def _hung(_signal: int, _frame: object) -> NoReturn:
    raise TimeoutError(f"the journey hangs: not over after {HANG_S} s")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launch.Console]:
    """Sandbox, web, worker and listener."""
    folder: Path = tmp_path_factory.mktemp("journeys")
    programs = Programs(folder / "logs")
    try:
        yield launch.start(programs, folder, free_port(), fast=True)
    finally:
        programs.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium.path()
    if executable is None:
        absent("Chromium is not installed (Debian: apt-get install chromium)")
    with chromium.launched(executable) as started:
        yield started


@pytest.fixture
def world(stack: launch.Console) -> Iterator[Control]:
    """The sandbox's control; what a test broke is mended after it."""
    control = Control(stack.sandbox["control"]["url"])
    yield control
    control.clear_faults()


@pytest.fixture
def inbox(stack: launch.Console) -> Inbox:
    return Inbox(stack.sandbox["mail"]["inbox_url"])


@pytest.fixture(scope="session")
def support(stack: launch.Console) -> Person:
    """Somebody of the support team."""
    person = Person("support", "yuki@console.example", people.made_password())
    run(
        [*launch.FLASK, "staff", "create", "--email", person.email, "--role", "support", "--password-stdin"],
        stack.variables,
        given=f"{person.password}\n",
    )
    return person


@pytest.fixture
def newcomer() -> Person:
    """Has a customer number and has not signed up."""
    n = next(_numbers)
    return Person("new", f"person{n}@example.com", people.made_password(), f"SF-{n}", "Aiko", "Tanaka")


@pytest.fixture
def aiko(stack: launch.Console, inbox: Inbox, newcomer: Person) -> Person:
    """A customer whose account is finished and who has a card."""
    plain = PlainBrowser(stack.url)
    people.sign_up(plain, newcomer)
    people.confirm(plain, inbox, newcomer)
    customers.add_card(stack.sandbox, newcomer.email)
    return newcomer


@pytest.fixture
def page(browser: Browser, stack: launch.Console) -> Iterator[Page]:
    """Somebody's browser."""
    context = chromium.person(browser, stack.url)
    yield context.new_page()
    context.close()


@pytest.fixture
def their_page(page: Page, aiko: Person) -> Page:
    """Aiko's, logged in."""
    chromium.log_in(page, aiko.email, aiko.password)
    page.wait_for_url(re.compile("/account/address"))  # the first login leads to the address, which may be skipped
    return page
