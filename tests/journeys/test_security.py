"""A forgotten password, a second factor and another e-mail address, in Chromium with real mails."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page
from pyotp import TOTP

from deploy.launch import Console
from deploy.people import Inbox, Person, until
from tests.support import chromium
from tests.support.sandbox import Control

NEW = "a lantern in the harbour"
MAIL_S = 30

pytestmark = pytest.mark.long


def link(inbox: Inbox, email: str, path: str) -> str:
    """The newest link of that kind in this mailbox; waits for it."""

    def found() -> str | None:
        texts = [mail["text"] or "" for mail in reversed(inbox.of(email))]
        return next((hit[0] for text in texts if (hit := re.search(rf"\S+{path}/\S+", text))), None)

    return until(found, MAIL_S, f"a mail with {path}")


def send(page: Page) -> None:
    page.locator("main form").first.get_by_role("button").click()


def test_a_forgotten_password_is_replaced_by_mail(page: Page, aiko: Person, inbox: Inbox, world: Control) -> None:
    """The mail server takes no mail just then."""
    world.fault("mail", "send", "smtp_4xx", count=1)
    page.goto("/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.fill("[name=email]", aiko.email)
    send(page)
    page.wait_for_url("**/forgot/sent")
    page.goto(link(inbox, aiko.email, "/reset"))
    page.fill("[name=password]", "password1")
    send(page)
    page.get_by_text("most used passwords").wait_for()
    page.fill("[name=password]", NEW)
    send(page)
    page.wait_for_url(re.compile("/login"))
    page.get_by_text("Your password is changed").wait_for()
    page.fill("[name=email]", aiko.email)
    page.fill("[name=password]", NEW)
    send(page)
    page.wait_for_url(re.compile("/account/address"))
    until(lambda: any("changed" in mail["subject"] for mail in inbox.of(aiko.email)) or None, MAIL_S, "the mail about the change")


def test_a_second_factor_is_set_up_asked_for_and_replaced_by_a_recovery_code(
    their_page: Page, aiko: Person, browser: Browser, stack: Console
) -> None:
    their_page.goto("/account/security")
    their_page.get_by_role("link", name="Set it up").click()
    their_page.locator("summary", has_text="No camera?").click()
    secret = their_page.locator("#totp-key").inner_text().replace(" ", "")
    their_page.fill("[name=code]", TOTP(secret).at(time.time() - 30))
    send(their_page)
    their_page.locator("#recovery-codes").wait_for()
    codes = their_page.locator("#recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    for code in (TOTP(secret).now(), codes[0]):
        context = chromium.person(browser, stack.url)
        elsewhere = context.new_page()
        chromium.log_in(elsewhere, aiko.email, aiko.password)
        elsewhere.wait_for_url(re.compile("/login/code"))
        elsewhere.fill("[name=code]", code)
        send(elsewhere)
        elsewhere.wait_for_url(re.compile("/account/address|/$"))
        context.close()
    their_page.goto("/account/security")
    their_page.get_by_text("9 recovery codes are left").wait_for()
    their_page.get_by_role("button", name="Log out everywhere").click()
    their_page.get_by_text("logged out on every device").wait_for()


def test_another_address_is_proved_and_billing_follows(their_page: Page, aiko: Person, inbox: Inbox, world: Control) -> None:
    """Billing is away for a moment, in the middle of it."""
    new = aiko.email.replace("person", "another")
    world.fault("whmcs", "UpdateUser", "error_after", count=1)
    their_page.goto("/account/security/email")
    their_page.fill("[name=email]", new)
    send(their_page)
    their_page.get_by_text("Waiting for you").wait_for()
    their_page.goto(link(inbox, new, "/account/security/email"))
    their_page.fill("[name=password]", aiko.password)
    send(their_page)
    until(lambda: any("was changed" in mail["subject"] for mail in inbox.of(aiko.email)) or None, MAIL_S, "the mail to the former address")
    until(lambda: any("was changed" in mail["subject"] for mail in inbox.of(new)) or None, MAIL_S, "the mail to the new address")
    their_page.goto("/account/security")
    their_page.get_by_text(new).wait_for()
    assert "Being changed" not in their_page.locator("main").inner_text()
