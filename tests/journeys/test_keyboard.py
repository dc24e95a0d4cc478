"""A customer without a mouse, in Chromium: from the sign-up to the order's page, the place always seen; and what is said aloud."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from deploy.launch import Console
from deploy.people import Inbox, Person
from tests.support import barriers, customers, walking
from tests.support.sandbox import Control

MOST_STOPS = 60


def reach(page: Page, wanted: Locator) -> None:
    """By the Tab key, as often as it takes; at each stop one sees where one is."""
    expect(wanted).to_be_visible()
    for _stop in range(MOST_STOPS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert barriers.focus_is_seen(page), page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
    raise AssertionError(f"{wanted} is not reached by Tab on {page.url}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    reach(page, wanted)
    page.keyboard.press(key)


def fill(page: Page, name: str, text: str) -> None:
    reach(page, page.locator(f"[name={name}]"))
    page.keyboard.type(text)


def test_it_leads_from_sign_up_to_the_orders_page(page: Page, stack: Console, world: Control, inbox: Inbox, newcomer: Person) -> None:
    page.goto("/signup")
    for name in ("sf_number", "first_name", "last_name", "email", "password"):
        fill(page, name, getattr(newcomer, name))
    press(page, page.locator("[name=terms]"), "Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signup/sent")
    page.goto(inbox.link(newcomer.email))
    fill(page, "password", newcomer.password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/account/address"))
    customers.add_card(stack.sandbox, newcomer.email)
    press(page, page.get_by_role("navigation").get_by_role("link", name="Catalogue"))
    press(page, page.get_by_role("link", name="Choose eSIM 5 GB", exact=True))
    press(page, page.get_by_role("button", name="Continue to the review"))
    press(page, page.locator("[name=terms]"), "Space")
    press(page, page.get_by_role("button", name="Place order"))
    page.wait_for_url(walking.ORDERED)
    world.approve(walking.ORDERED.search(page.url)[1])  # type: ignore[index]
    walking.expect_status(page, "completed")
    press(page, page.locator("#install"))
    press(page, page.locator("form[action$='/reveal'] button"))
    expect(page.locator(".qr svg")).to_be_visible()


def test_the_first_stop_leads_past_the_navigation(their_page: Page) -> None:
    their_page.goto("/orders")
    press(their_page, their_page.get_by_role("link", name="Skip to the content"))
    expect(their_page.locator("main")).to_be_focused()


def test_the_menu_opens_and_closes_by_keys(their_page: Page) -> None:
    their_page.goto("/orders")
    summary = their_page.locator("details.menu summary")
    press(their_page, summary)
    reach(their_page, their_page.get_by_role("button", name="Log out"))
    their_page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(their_page.get_by_role("button", name="Log out")).to_be_hidden()


def test_a_change_is_said_once_and_nothing_else(their_page: Page, world: Control) -> None:
    """What a screen reader would say: changes inside of the polite region, while the page asks again and again."""
    order_id = walking.order(their_page)
    walking.expect_status(their_page, "acknowledged")
    their_page.evaluate(
        """() => {
            window.said = [];
            const region = document.querySelector("#status").closest("[aria-live=polite]");
            new MutationObserver(() => said.push(document.querySelector("#status").dataset.status)).observe(region, {childList: true});
        }"""
    )
    for _asked in range(2):
        with their_page.expect_response(re.compile("/_status")) as answer:
            their_page.clock.fast_forward(walking.LONGEST_PAUSE_MS)
        assert answer.value.status == 204
    assert their_page.evaluate("said") == []
    world.approve(order_id)
    walking.expect_status(their_page, "completed")
    told = their_page.evaluate("said")
    assert told[-1] == "completed"
    assert told == sorted(set(told), key=told.index), "no state twice"
