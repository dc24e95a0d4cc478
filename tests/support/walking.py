"""What a customer does on the pages, in the words of the pages."""

from __future__ import annotations

import re
import time
from contextlib import suppress

from playwright.sync_api import Page, expect

LOOK_MS = 400
LONGEST_PAUSE_MS = 60_000
ORDERED = re.compile(r"/orders/(801\w{15})$")


def review(page: Page, name: str = "eSIM 5 GB") -> None:
    """From the catalogue to the review."""
    page.goto("/catalog")
    page.get_by_role("link", name=f"Choose {name}", exact=True).click()
    page.get_by_role("button", name="Continue to the review").click()
    expect(page.get_by_role("heading", name="Review and order")).to_be_visible()


def order(page: Page, name: str = "eSIM 5 GB") -> str:
    """Placed; the order's id, on its status page."""
    review(page, name)
    page.check("[name=terms]")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url(ORDERED)
    return ORDERED.search(page.url).group(1)  # type: ignore[union-attr]


def expect_status(page: Page, status: str, seconds: float = 20) -> None:
    """The page comes to show it by itself; between two looks its clock goes ahead, so that nobody waits for the next."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with suppress(AssertionError):
            return expect(page.locator("#status")).to_have_attribute("data-status", status, timeout=LOOK_MS)
        page.clock.fast_forward(LONGEST_PAUSE_MS)
    expect(page.locator("#status")).to_have_attribute("data-status", status, timeout=LOOK_MS)
    return None


def is_polling(page: Page) -> bool:
    """Whether the page will ask again."""
    return page.locator("#status[hx-get]").count() > 0


def add_card(page: Page, button: str) -> None:
    """At WHMCS's page, in this tab instead of a new one: what is tested is the way there and back, not the browser's tabs."""
    page.evaluate("document.querySelectorAll('form[target]').forEach(form => form.removeAttribute('target'))")
    page.click(button)
    page.locator("button[value=add], button[name=add]").first.click()
