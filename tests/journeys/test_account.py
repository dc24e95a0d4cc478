"""Signing in and typing at the wrong moment, in Chromium."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from deploy.launch import Console
from deploy.people import Person
from tests.support import chromium


def test_it_leads_back_after_a_session_that_ended_while_typing(their_page: Page, aiko: Person) -> None:
    their_page.goto("/account/address")
    their_page.fill("[name=city]", "Shibuya")
    their_page.context.clear_cookies()
    their_page.get_by_role("button", name="Save").click()
    their_page.goto("/account/address")
    their_page.wait_for_url(re.compile("/login"))
    their_page.fill("[name=email]", aiko.email)
    their_page.fill("[name=password]", aiko.password)
    their_page.locator("form[action^='/login'] button").click()
    their_page.wait_for_url(re.compile("/account/address"))


def test_it_needs_no_more_than_the_page_to_log_out(their_page: Page, stack: Console) -> None:
    their_page.goto("/")
    their_page.locator("details.menu summary").click()
    their_page.get_by_role("button", name="Log out").click()
    their_page.wait_for_url(re.compile("/login"))
    their_page.goto("/orders")
    their_page.wait_for_url(re.compile("/login"))


def test_it_stops_a_customer_at_the_staff_door(their_page: Page) -> None:
    answer = their_page.goto("/staff/jobs")
    assert answer is not None
    assert answer.status == 403


def test_it_says_the_same_of_a_wrong_password_and_an_unknown_person(page: Page, aiko: Person) -> None:
    chromium.log_in(page, aiko.email, "not the password")
    wrong = page.locator("main").inner_text()
    chromium.log_in(page, "nobody@example.com", "not the password")
    assert page.locator("main").inner_text() == wrong
