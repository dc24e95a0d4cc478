"""No barriers that axe-core can find, on the pages of the main journey, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.launch import Console
from deploy.people import Person
from tests.support import chromium, walking
from tests.support.sandbox import Control

AXE = (Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js").read_text()
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def barriers(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is, in both looks."""
    found = []
    page.evaluate(AXE)
    for look in LOOKS:
        page.emulate_media(color_scheme=look, reduced_motion="reduce")
        told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert told["passes"], "axe looked at nothing"
        found += [f"{look}: {rule['id']}: {node['target']}" for rule in told["violations"] for node in rule["nodes"]]
    return found


@pytest.fixture
def desk(browser: Browser, stack: Console, support: Person) -> Iterator[Page]:
    """Support's browser, logged in."""
    context = chromium.person(browser, stack.url)
    page = context.new_page()
    chromium.log_in(page, support.email, support.password)
    page.wait_for_url(re.compile("/staff/jobs"))
    yield page
    context.close()


@pytest.mark.parametrize("path", ["/login", "/signup", "/terms", "/no/such/page"])
def test_it_has_no_barriers_for_a_visitor(page: Page, path: str) -> None:
    page.goto(path)
    assert barriers(page) == []


def test_it_has_no_barriers_from_catalogue_to_esim(their_page: Page, world: Control) -> None:
    for path in ("/account/address", "/account/payment", "/catalog", "/catalog/NET-HOME-1G", "/catalog/SIM-DATA-5"):
        their_page.goto(path)
        assert barriers(their_page) == [], path
    walking.review(their_page)
    assert barriers(their_page) == []
    order_id = walking.order(their_page)
    walking.expect_status(their_page, "acknowledged")
    assert barriers(their_page) == []
    world.approve(order_id)
    walking.expect_status(their_page, "completed")
    assert barriers(their_page) == []
    for path in ("/", "/orders", "/subscriptions"):
        their_page.goto(path)
        assert barriers(their_page) == [], path
    their_page.locator("main a[href^='/subscriptions/']").first.click()
    their_page.locator("form[action$='/reveal'] button").click()
    their_page.locator("main details summary").click()
    expect(their_page.locator(".qr svg")).to_be_visible()
    assert barriers(their_page) == []


def test_it_has_no_barriers_for_support(their_page: Page, desk: Page, world: Control) -> None:
    order_id = walking.order(their_page)
    world.fault("mobile", "*", "refuse")
    world.approve(order_id)
    walking.expect_status(their_page, "held", 60)
    assert barriers(their_page) == []
    for path in ("/staff/incidents", "/staff/jobs", "/staff/jobs?q=nothing-of-this-id", f"/staff/jobs?q={order_id}"):
        desk.goto(path)
        assert barriers(desk) == [], path
    desk.locator("main a[href^='/staff/jobs/']").first.click()
    expect(desk.get_by_role("heading", name="What happened")).to_be_visible()
    for summary in desk.locator("main details summary").all():
        summary.click()
    assert barriers(desk) == []
    world.clear_faults()
    walking.expect_status(their_page, "completed", 60)  # the mobile provider's breaker is closed again for the next test
