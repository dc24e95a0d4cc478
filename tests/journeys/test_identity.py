"""Who somebody is: a number that nobody has, a number that two claim, an address by its postcode, billing away meanwhile; in Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy import people
from deploy.browser import Browser as PlainBrowser
from deploy.launch import Console
from deploy.people import Inbox, Person
from tests.support import chromium
from tests.support.sandbox import Control

pytestmark = pytest.mark.long


def signed_up(stack: Console, inbox: Inbox, person: Person) -> None:
    plain = PlainBrowser(stack.url)
    people.sign_up(plain, person)
    people.confirm(plain, inbox, person)


def test_an_unknown_number_is_corrected_on_another_device(
    page: Page, stack: Console, inbox: Inbox, newcomer: Person, browser: Browser
) -> None:
    page.goto("/signup")
    typed = {"first_name": "Aiko", "last_name": "Tanaka", "email": newcomer.email, "sf_number": "SF-0000", "password": newcomer.password}
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=terms]")
    page.locator("form[action='/signup'] button").click()
    page.fill("[name=email]", newcomer.email)
    page.get_by_role("button", name="Send the mail again").click()
    expect(page.get_by_text("the mail is on its way again")).to_be_visible()
    phone = chromium.person(browser, stack.url)
    elsewhere = phone.new_page()
    elsewhere.goto(inbox.link(newcomer.email))
    elsewhere.fill("[name=password]", newcomer.password)
    elsewhere.get_by_role("button", name="Confirm").click()
    expect(elsewhere.get_by_role("heading", name="We did not find your customer number")).to_be_visible()
    elsewhere.fill("[name=sf_number]", newcomer.sf_number)
    elsewhere.get_by_role("button", name="Try this number").click()
    elsewhere.wait_for_url(re.compile("/account/address"))
    assert any("customer number" in mail["subject"] for mail in inbox.of(newcomer.email))
    phone.close()


@pytest.fixture
def rival(newcomer: Person) -> Person:
    """Claims the same number with another e-mail."""
    return Person("new", f"rival.{newcomer.sf_number.lower()}@home.example", people.made_password(), newcomer.sf_number, "Ken", "Mori")


def test_of_two_with_one_number_staff_decide(
    page: Page, stack: Console, inbox: Inbox, aiko: Person, rival: Person, support: Person, world: Control
) -> None:
    signed_up(stack, inbox, rival)
    chromium.log_in(page, support.email, support.password)
    page.goto("/staff/customers")
    page.get_by_label("Customer number, WHMCS client, e-mail address or name").fill(rival.email)
    page.get_by_role("button", name="Search").click()
    page.locator("main table a").click()
    expect(page.get_by_role("link", name="Aiko Tanaka")).to_be_visible()
    page.get_by_text("Verify: it is this customer's").click()
    expect(page.get_by_text("Another customer loses the number")).to_be_visible()
    page.get_by_label("Yes, take the number away from the other customer").check()
    page.locator("[name=verify-reason]").fill("Has shown the contract")
    page.get_by_role("button", name="Move the number here").click()
    expect(page.locator("main .pill").first).to_have_text("Verified")
    expect(page.get_by_text("Has shown the contract")).to_be_visible()
    subject = "Your customer number was given to another login"
    people.until(lambda: any(mail["subject"] == subject for mail in inbox.of(aiko.email)) or None, 15, "the mail about the move")


def test_an_address_by_its_postcode_with_a_choice(their_page: Page) -> None:
    their_page.locator("[name=country]").focus()
    their_page.select_option("[name=country]", "SE")
    expect(their_page.get_by_label("State or region")).to_be_visible()
    expect(their_page.locator("[name=country]")).to_be_focused()
    their_page.select_option("[name=country]", "JP")
    expect(their_page.get_by_role("button", name="Find address")).to_be_visible()
    their_page.fill("[name=postcode]", "４９８－００００")
    their_page.get_by_role("button", name="Find address").click()
    choice = their_page.get_by_label("Which of these is it?")
    expect(choice).to_be_focused()
    choice.select_option(label="三重県桑名郡木曽岬町 (ミエケン クワナグンキソサキチョウ)")
    their_page.get_by_role("button", name="Use this one").click()
    expect(their_page.locator("[name=city]")).to_have_value("桑名郡木曽岬町")
    expect(their_page.locator("[name=state]")).to_have_value("Mie")
    expect(their_page.locator("[name=address1]")).to_be_focused()
    their_page.fill("[name=address1]", "1-2-3")
    their_page.locator("[name=address1]").press("Enter")
    their_page.wait_for_url(re.compile(r"/$"))


def test_it_works_without_scripts(browser: Browser, stack: Console, aiko: Person) -> None:
    context = chromium.person(browser, stack.url, scripts=False)
    page = context.new_page()
    chromium.log_in(page, aiko.email, aiko.password)
    page.goto("/account/address")
    page.fill("[name=postcode]", "150-0002")
    page.get_by_role("button", name="Find address").click()
    expect(page.locator("[name=city]")).to_have_value("渋谷区")
    page.select_option("[name=country]", "SE")
    page.get_by_role("button", name="Show this country's fields").click()
    expect(page.get_by_label("State or region")).to_be_visible()
    context.close()


def test_an_address_is_kept_while_billing_is_away(their_page: Page, world: Control) -> None:
    world.fault("whmcs", "UpdateClient", "refuse")
    for name, value in {"postcode": "150-0002", "city": "渋谷区", "address1": "渋谷1-2-3"}.items():
        their_page.fill(f"[name={name}]", value)
    their_page.select_option("[name=state]", "Tokyo")
    their_page.get_by_role("button", name="Save").click()
    their_page.goto("/account/address")
    expect(their_page.get_by_text("Kept, not yet sent to billing")).to_be_visible()
    expect(their_page.locator("[name=address1]")).to_have_value("渋谷1-2-3")
    world.clear_faults()
    people.until(lambda: _sent(their_page) or None, 30, "the address in billing")
    expect(their_page.locator("[name=address1]")).to_have_value("渋谷1-2-3")


def _sent(page: Page) -> bool:
    page.goto("/account/address")
    return page.get_by_text("Kept, not yet sent to billing").count() == 0
