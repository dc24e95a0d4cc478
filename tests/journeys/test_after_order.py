"""What a customer does after the order, in Chromium: cancel it in time or too late, ask our support, see it all on the home page."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from deploy import people
from deploy.launch import Console
from deploy.people import Inbox, Person
from tests.support import chromium, customers, ordered, walking
from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest


def cases(stack: Console, order_id: str) -> list[dict[str, str]]:
    found = SfRest(stack.sandbox["salesforce"]).login().query("SELECT CaseNumber, Subject, Description, Origin FROM Case")
    return [case for case in found if order_id in (case["Description"] or "")]


def cancel(page: Page) -> None:
    page.get_by_role("link", name="Cancel this order").click()
    page.get_by_role("button", name="Yes, cancel the order").click()


def test_it_cancels_in_time(their_page: Page, world: Control, inbox: Inbox, aiko: Person) -> None:
    order_id = walking.order(their_page)
    cancel(their_page)
    walking.expect_status(their_page, "cancelled")
    assert not walking.is_polling(their_page)
    people.until(lambda: ordered.truth(world, order_id)["salesforce"]["Status"] == "Cancelled" or None, 10, "the status in Salesforce")
    people.until(lambda: any("is cancelled" in mail["subject"] for mail in inbox.of(aiko.email)) or None, 10, "the mail")
    assert ordered.truth(world, order_id)["whmcs"] == []


def test_it_cancels_an_approved_order_without_scripts_while_it_waits_for_a_card(
    browser: Browser, stack: Console, world: Control, aiko: Person
) -> None:
    context = chromium.person(browser, stack.url, scripts=False)
    page = context.new_page()
    chromium.log_in(page, aiko.email, aiko.password)
    order_id = walking.order(page)
    customers.remove_cards(stack.sandbox, aiko.email)
    world.approve(order_id)
    people.until(lambda: _shows(page, order_id, "pending"), 20, "the question for a payment method")
    cancel(page)
    walking.expect_status(page, "cancelled")
    people.until(lambda: _told(world, order_id) == ("Cancelled", "Cancelled", "Failed") or None, 10, "the status in Salesforce")
    context.close()


def _told(world: Control, order_id: str) -> tuple[str, ...]:
    told = ordered.truth(world, order_id)["salesforce"]
    return told["Status"], told["Provisioning_Status__c"], told["Activation_Status__c"]


def _shows(page: Page, order_id: str, status: str) -> bool | None:
    page.goto(f"/orders/{order_id}")
    return page.locator("#status").get_attribute("data-status") == status or None


def test_it_is_too_late_and_our_support_is_asked_although_salesforce_is_down(their_page: Page, stack: Console, world: Control) -> None:
    order_id = walking.order(their_page)
    world.fault("whmcs", "AddOrder", "business_error")
    their_page.get_by_role("link", name="Cancel this order").click()
    world.approve(order_id)
    people.until(lambda: len(ordered.truth(world, order_id)["mobile"]) == 1 or None, 20, "the eSIM")
    their_page.get_by_role("button", name="Yes, cancel the order").click()
    expect(their_page.get_by_role("heading", name="It is too late to cancel")).to_be_visible()
    world.fault("salesforce", "sobject.upsert:Case", "refuse", count=2)
    their_page.get_by_role("link", name="Contact support").first.click()
    expect(their_page.locator("[name=topic]")).to_have_value("cancel")
    their_page.fill("[name=text]", "Please stop it.\nMy card was 4242-4242-4242-4242.")
    their_page.get_by_role("button", name="Send").dblclick()
    their_page.wait_for_url(re.compile(r"/support/\d+$"))
    expect(their_page.get_by_text("R-0")).to_be_visible()
    expect(their_page.get_by_text("With our support")).to_be_visible(timeout=20_000)
    [case] = cases(stack, order_id)
    expect(their_page.get_by_text(case["CaseNumber"])).to_be_visible()
    assert (case["Origin"], "Please stop it.\nMy card was **** 4242." in case["Description"]) == ("Portal", True)


def test_the_home_page_tells_what_is_needed_under_way_and_there(their_page: Page, world: Control) -> None:
    their_page.locator("form[action='/account/address/later'] button").click()
    their_page.goto("/")
    expect(their_page.get_by_text("Nothing ordered yet")).to_be_visible()
    expect(their_page.get_by_role("link", name="Add your address")).to_be_visible()
    their_page.goto("/account/payment")
    their_page.locator("form[action*='/account/payment/check'] button").first.click()
    order_id = walking.order(their_page)
    their_page.get_by_role("link", name="Home").click()
    expect(their_page.get_by_role("heading", name="Orders under way")).to_be_visible()
    assert their_page.locator(f"main a[href='/orders/{order_id}']").count() == 1
    world.approve(order_id)
    their_page.locator(f"main a[href='/orders/{order_id}']").click()
    walking.expect_status(their_page, "completed")
    their_page.get_by_role("link", name="Home").click()
    expect(their_page.get_by_role("heading", name="Your last orders")).to_be_visible()
    their_page.locator("main a[href^='/subscriptions/']").click()
    expect(their_page.get_by_role("button", name="Show the code")).to_be_visible()
