"""No barriers that axe-core can find in what pages become: a review, an order's states, errors, things unfolded; in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.launch import Console
from deploy.people import Person
from tests.support import chromium, walking
from tests.support.barriers import found
from tests.support.sandbox import Control

pytestmark = pytest.mark.long


@pytest.fixture
def desk(browser: Browser, stack: Console, support: Person) -> Iterator[Page]:
    """Support's browser, logged in."""
    context = chromium.person(browser, stack.url)
    page = context.new_page()
    chromium.log_in(page, support.email, support.password)
    page.wait_for_url(re.compile("/staff/jobs"))
    yield page
    context.close()


def test_it_has_no_barriers_where_nothing_is(page: Page) -> None:
    page.goto("/no/such/page")
    assert found(page) == []


def test_it_has_no_barriers_for_who_forgot_to_fill_in(page: Page) -> None:
    for path in ("/signup", "/login"):
        page.goto(path)
        page.evaluate("document.querySelector('main form').noValidate = true")
        page.locator("main form button").first.click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()
        assert found(page) == [], path


def test_it_has_no_barriers_from_review_to_esim(their_page: Page, world: Control) -> None:
    walking.review(their_page)
    assert found(their_page) == []
    order_id = walking.order(their_page)
    walking.expect_status(their_page, "acknowledged")
    assert found(their_page) == []
    world.approve(order_id)
    walking.expect_status(their_page, "completed")
    their_page.goto("/orders?q=nothing")
    assert found(their_page) == []
    their_page.goto("/subscriptions")
    their_page.locator("main a[href^='/subscriptions/']").first.click()
    their_page.locator("form[action$='/reveal'] button").click()
    their_page.locator("main details summary").click()
    expect(their_page.locator(".qr svg")).to_be_visible()
    assert found(their_page) == []


def test_it_has_no_barriers_when_a_code_is_wrong(their_page: Page) -> None:
    their_page.goto("/account/security/two-step")
    their_page.fill("[name=code]", "not one")
    their_page.locator("main form button").click()
    expect(their_page.get_by_text("does not fit")).to_be_visible()
    assert found(their_page) == []


def test_it_has_no_barriers_for_support(their_page: Page, desk: Page, world: Control) -> None:
    order_id = walking.order(their_page)
    world.fault("mobile", "*", "refuse")
    world.approve(order_id)
    walking.expect_status(their_page, "held", 60)
    assert found(their_page) == []
    for path in ("/staff/incidents", "/staff/jobs?q=nothing-of-this-id", f"/staff/jobs?q={order_id}"):
        desk.goto(path)
        assert found(desk) == [], path
    desk.locator("main a[href^='/staff/jobs/']").first.click()
    expect(desk.get_by_role("heading", name="What happened")).to_be_visible()
    for summary in desk.locator("main details summary").all():
        summary.click()
    assert found(desk) == []
    world.clear_faults()
    walking.expect_status(their_page, "completed", 60)  # the mobile provider's breaker is closed again for the next test
