"""A customer orders an eSIM, in Chromium, and what happens when something fails on the way."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from deploy import people
from deploy.launch import Console
from deploy.people import Inbox, Person
from tests.support import chromium, customers, ordered, walking
from tests.support.sandbox import Control


def mails(inbox: Inbox, person: Person) -> list[str]:
    return [mail["subject"] for mail in inbox.of(person.email)]


def test_it_leads_from_sign_up_to_a_qr_code(page: Page, stack: Console, world: Control, inbox: Inbox, newcomer: Person) -> None:
    page.goto("/signup")
    for name in ("first_name", "last_name", "email", "sf_number", "password"):
        page.fill(f"[name={name}]", getattr(newcomer, name))
    page.check("[name=terms]")
    page.locator("form[action='/signup'] button").click()
    page.goto(inbox.link(newcomer.email))
    page.fill("[name=password]", newcomer.password)
    page.locator("main form button").click()
    page.wait_for_url(re.compile("/account/address"))
    page.select_option("[name=state]", "Tokyo")
    for name, value in {"postcode": "150-0002", "city": "Shibuya", "address1": "1-2-3 Shibuya", "phone": "0312345678"}.items():
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="Save").click()
    page.goto("/account/payment")
    walking.add_card(page, "form[action='/account/payment'] button")
    page.goto("/account/payment")
    page.locator("form[action*='/account/payment/check'] button").first.click()
    expect(page.get_by_text("Payment method on file")).to_be_visible()
    order_id = walking.order(page)
    walking.expect_status(page, "acknowledged")
    world.approve(order_id)
    walking.expect_status(page, "completed")
    assert not walking.is_polling(page)
    ordered.assert_exactly_once(world, order_id)
    page.get_by_role("link", name="Install your eSIM").click()
    page.locator("form[action$='/reveal'] button").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert page.get_by_role("link", name=re.compile("iPhone")).get_attribute("href").startswith("https://esimsetup.apple.com/")
    people.until(lambda: len(mails(inbox, newcomer)) >= 5 or None, 10, "the mails")
    assert not any("LPA:1" in (mail["text"] or "") for mail in inbox.of(newcomer.email))


def test_it_makes_one_order_of_a_double_click_and_the_back_button(their_page: Page, world: Control) -> None:
    walking.review(their_page)
    their_page.check("[name=terms]")
    their_page.get_by_role("button", name="Place order").dblclick()
    their_page.wait_for_url(walking.ORDERED)
    first = their_page.url
    their_page.go_back()
    their_page.goto("/checkout")
    expect(their_page.get_by_text("You have placed this order already")).to_be_visible()
    their_page.goto("/orders")
    assert their_page.locator("main a[href^='/orders/801']").count() == 1
    assert their_page.locator(f"main a[href='{first[first.index('/orders/') :]}']").count() == 1


def test_it_adopts_the_order_whose_answer_was_lost(their_page: Page, world: Control) -> None:
    order_id = walking.order(their_page)
    world.fault("whmcs", "AddOrder", "timeout_after", count=1, delay_ms=200)
    world.approve(order_id)
    walking.expect_status(their_page, "completed")
    assert world.faults()[0]["fired"] == 1
    ordered.assert_exactly_once(world, order_id)


def test_it_waits_when_the_provider_says_no_and_support_retries(
    their_page: Page, browser: Browser, stack: Console, world: Control, support: Person
) -> None:
    order_id = walking.order(their_page)
    world.fault("mobile", "POST subscriptions", "business_error", code="planNotAvailable")
    world.approve(order_id)
    walking.expect_status(their_page, "failed")
    expect(their_page.get_by_text("there is nothing for you to do")).to_be_visible()
    world.clear_faults()
    staff = chromium.person(browser, stack.url)
    desk = staff.new_page()
    chromium.log_in(desk, support.email, support.password)
    desk.goto(f"/staff/jobs?q={order_id}")
    desk.locator("main a[href^='/staff/jobs/']").first.click()
    expect(desk.get_by_text("Why it is stuck")).to_be_visible()
    desk.locator("form[action$='/retry'] button").click()
    people.until(lambda: ordered.activated(world, order_id) or None, 20, "the provisioning")
    staff.close()
    ordered.assert_exactly_once(world, order_id)
    their_page.reload()
    walking.expect_status(their_page, "completed")


def test_it_holds_the_order_while_the_provider_is_down_and_goes_on_by_itself(their_page: Page, world: Control) -> None:
    order_id = walking.order(their_page)
    world.fault("mobile", "*", "refuse")
    world.approve(order_id)
    walking.expect_status(their_page, "held")
    expect(their_page.get_by_text("We go on by ourselves")).to_be_visible()
    world.clear_faults()
    walking.expect_status(their_page, "completed")
    ordered.assert_exactly_once(world, order_id)


def test_it_tells_a_customer_that_the_order_was_not_approved(their_page: Page, world: Control, inbox: Inbox, aiko: Person) -> None:
    order_id = walking.order(their_page)
    world.reject(order_id)
    walking.expect_status(their_page, "cancelled")
    expect(their_page.get_by_role("heading", name="Your order was not approved")).to_be_visible()
    assert not walking.is_polling(their_page)
    people.until(lambda: any("not approved" in subject for subject in mails(inbox, aiko)) or None, 10, "the mail")
    assert ordered.truth(world, order_id)["whmcs"] == []


def test_it_asks_for_a_payment_method_and_goes_on_once_there_is_one(
    their_page: Page, stack: Console, world: Control, inbox: Inbox, aiko: Person
) -> None:
    order_id = walking.order(their_page)
    customers.remove_cards(stack.sandbox, aiko.email)
    world.approve(order_id)
    walking.expect_status(their_page, "pending")
    people.until(lambda: any("payment method" in subject for subject in mails(inbox, aiko)) or None, 10, "the mail")
    walking.add_card(their_page, "#add-payment")
    their_page.goto(f"/orders/{order_id}")
    their_page.click("#check-payment")
    their_page.goto(f"/orders/{order_id}")
    walking.expect_status(their_page, "completed")
    ordered.assert_exactly_once(world, order_id)


def test_it_works_without_scripts(browser: Browser, stack: Console, world: Control, aiko: Person) -> None:
    context = chromium.person(browser, stack.url, scripts=False)
    page = context.new_page()
    chromium.log_in(page, aiko.email, aiko.password)
    order_id = walking.order(page)
    world.approve(order_id)
    people.until(lambda: ordered.activated(world, order_id) or None, 20, "the provisioning")
    page.reload()
    walking.expect_status(page, "completed")
    context.close()
