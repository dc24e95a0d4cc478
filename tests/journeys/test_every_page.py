"""Every page that there is, made from the routes: no barriers in either language and look, nothing cut off, the keyboard's place seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from deploy.launch import Console
from tests.support import barriers, chromium, household
from tests.support.household import Household

LANGUAGES: dict[str, barriers.Look] = {"en": "light", "ja": "dark"}
# leads on to another page: who has not given a password yet, and who came to the staff's door
ON_THE_WAY = {"/login/code", "/staff"}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def home(stack: Console) -> Iterator[Household]:
    furnished = household.furnished(stack)
    yield furnished
    household.left(stack, furnished)


def person(browser: Browser, stack: Console, home: Household, who: str, language: str) -> BrowserContext:
    """Their browser, in that language."""
    context = chromium.person(browser, stack.url)
    page = context.new_page()
    if who != "stranger":
        one = home.customer if who == "customer" else home.staff
        chromium.log_in(page, one.email, one.password)
        page.locator("details.menu").wait_for()
    if page.goto("/terms") and page.locator("html").get_attribute("lang") != language:
        page.locator(f".language-switch button[value={language}]").click()
    page.locator(f"html[lang={language}]").wait_for()
    return context


def wrong_with(page: Page, address: str, first: barriers.Look) -> list[str]:
    answer = page.goto(address)
    if answer is None or answer.status != 200 or not page.url.endswith(address):
        return [f"not seen: {answer and answer.status} at {page.url}"]
    return barriers.found(page, first=first) + barriers.cramped(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ["stranger", "customer", "staff"])
def test_it_is_open_to_everybody(browser: Browser, stack: Console, home: Household, tmp_path: Path, who: str, language: str) -> None:
    context = person(browser, stack, home, who, language)
    page = context.pages[0]
    wrong = {}
    for rule in household.pages(tmp_path, who):
        if rule not in ON_THE_WAY and (told := wrong_with(page, home.address(rule), LANGUAGES[language])):
            wrong[rule] = told
    context.close()
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_in_with_a_code_is_too(page: Page, home: Household, language: str) -> None:
    chromium.log_in(page, home.careful.email, home.careful.password)
    page.wait_for_url("**/login/code**")
    page.locator(f".language-switch button[value={language}]").click() if language != "en" else None
    assert barriers.found(page, first=LANGUAGES[language]) + barriers.cramped(page) == []
