"""A customer fills a cart and orders it, in Chromium; what changes or gets lost on the way is told and makes no second order."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.launch import Console
from deploy.people import Person
from tests.support import barriers, chromium, ordered, walking
from tests.support.sandbox import Control

PLACING = re.compile(r"/orders/placing/")

pytestmark = pytest.mark.long


@pytest.fixture
def cheaper(stack: Console) -> Callable[[str, int], None]:
    """The catalogue as it was kept before Salesforce made a product dearer."""

    def keep(sku: str, price: int) -> None:
        with closing(sqlite3.connect(urlsplit(stack.variables["DATABASE_URL"]).path[1:], timeout=20)) as kept, kept:
            items = json.loads(kept.execute("SELECT items FROM catalogue_snapshot").fetchone()[0])
            items = [item | {"price": str(price)} if item["sku"] == sku else item for item in items]
            now = round(time.time() * 1000)
            row = (json.dumps(items), now, now + 300_000)
            kept.execute("UPDATE catalogue_snapshot SET items = ?, read_at = ?, stale_at = ?", row)

    return keep


def choose_internet(page: Page) -> None:
    """Home 1G with IPoE, two addresses and a weekend installation, into the cart."""
    page.goto("/catalog?category=Internet")
    page.get_by_role("link", name="Choose Home Internet 1G").click()
    page.get_by_label("IPoE").check()
    page.get_by_label("Weekend installation").check()
    page.get_by_label("Static addresses").fill("2")
    expect(page.locator("#total")).to_contain_text("¥27,610")
    page.get_by_role("button", name="Add to the cart").click()
    page.wait_for_url("**/cart")


def test_it_orders_internet_and_an_esim_at_once(their_page: Page, world: Control) -> None:
    choose_internet(their_page)
    their_page.goto("/catalog/SIM-DATA-5")
    their_page.get_by_role("button", name="Add to the cart").click()
    expect(their_page.locator(".badge-count")).to_have_text("2")
    assert barriers.found(their_page) == []
    their_page.emulate_media(color_scheme="light")
    their_page.get_by_role("link", name="Continue to the review").click()
    expect(their_page.locator("main")).to_contain_text("¥29,990")
    their_page.check("[name=terms]")
    their_page.get_by_role("button", name="Place order").click()
    their_page.wait_for_url(walking.ORDERED)
    expect(their_page.locator(".badge-count")).to_have_count(0)
    order_id = walking.ORDERED.search(their_page.url).group(1)  # type: ignore[union-attr]
    world.approve(order_id)
    walking.expect_status(their_page, "completed")
    found = ordered.truth(world, order_id)
    assert (len(found["whmcs"]), len(found["whmcs"][0]["services"]), len(found["mobile"])) == (1, 4, 1)


def test_it_shows_a_price_that_changed_at_the_checkout_and_asks_again(their_page: Page, cheaper: Callable[[str, int], None]) -> None:
    their_page.goto("/catalog")
    cheaper("VPN-US", 770)
    their_page.goto("/catalog/VPN-US")
    their_page.get_by_role("button", name="Continue to the review").click()
    their_page.check("[name=terms]")
    their_page.get_by_role("button", name="Place order").click()
    expect(their_page.get_by_text("The price has changed", exact=True)).to_be_visible()
    expect(their_page.get_by_text("Each month: ¥770 before, ¥880 now.")).to_be_visible()
    their_page.check("[name=terms]")
    their_page.get_by_role("button", name="Place order").click()
    their_page.wait_for_url(walking.ORDERED)


def test_it_says_that_it_is_placing_and_goes_on_when_the_answer_is_lost(their_page: Page, world: Control) -> None:
    walking.review(their_page)
    before = len(world.truth()["orders"])
    world.fault("salesforce", "tree", "late_effect", count=1, delay_ms=1500)
    their_page.check("[name=terms]")
    their_page.get_by_role("button", name="Place order").click()
    their_page.wait_for_url(PLACING)
    expect(their_page.get_by_role("heading", name="We are placing your order")).to_be_visible()
    their_page.wait_for_url(walking.ORDERED)
    assert len(world.truth()["orders"]) == before + 1


def test_a_cart_works_without_scripts(browser: Browser, stack: Console, world: Control, aiko: Person) -> None:
    context = chromium.person(browser, stack.url, scripts=False)
    page = context.new_page()
    chromium.log_in(page, aiko.email, aiko.password)
    page.goto("/catalog/SIM-DATA-5")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_label("How many eSIM 5 GB").fill("3")
    page.get_by_role("button", name="Update eSIM 5 GB").click()
    expect(page.locator("main")).to_contain_text("¥7,140")
    page.get_by_role("button", name="Remove eSIM 5 GB").click()
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
    context.close()
