"""The subscriptions' pages, and the eSIM's code that only its owner sees."""

import pytest
from flask import Flask

from console.models import AuditEntry, EsimSecret, Subscription
from tests.routes.shop import Shopper, shopper
from tests.support import jobs, phone
from tests.support.sandbox import Control, Running


@pytest.fixture
def aiko(app: Flask, sandbox: Running) -> Shopper:
    return shopper(app, sandbox, card=False)


def esim_of(app: Flask, owner: Shopper, **how: bool) -> Subscription:
    wired = app.extensions["console"]
    return phone.activated(wired.upstreams, wired.policy, owner.user, **how)


def test_it_lists_what_a_customer_has(app: Flask, aiko: Shopper) -> None:
    empty = aiko.browser.get("/subscriptions").text
    row = esim_of(app, aiko)
    page = aiko.browser.get("/subscriptions").text

    assert 'href="/catalog"' in empty
    assert f'href="/subscriptions/{row.id}"' in page
    assert f"eSIM ending {row.iccid[-4:]}" in page


def test_it_shows_the_code_when_its_owner_asks(app: Flask, aiko: Shopper) -> None:
    row = esim_of(app, aiko)
    page = aiko.browser.get(f"/subscriptions/{row.id}")
    shown = aiko.browser.post(f"/subscriptions/{row.id}/reveal")
    code = phone.code_at_provider(app.extensions["console"].upstreams, row)

    assert code not in page.text
    assert f'action="/subscriptions/{row.id}/reveal"' in page.text
    assert shown.status_code == 200
    assert "<svg" in shown.text
    assert code.split("$")[2] in shown.text
    assert 'rel="noreferrer"' in shown.text
    assert f"carddata={code.replace(':', '%3A').replace('$', '%24')}" in shown.text
    assert {page.headers["Cache-Control"], shown.headers["Cache-Control"]} == {"no-store"}
    assert AuditEntry.select().count() == 1


def test_it_draws_the_code_byte_for_byte_without_scripts_or_styles(app: Flask, aiko: Shopper) -> None:
    row = esim_of(app, aiko)
    page = aiko.browser.post(f"/subscriptions/{row.id}/reveal").text
    drawn = page[page.index("<svg") : page.index("</svg>")]

    assert "style=" not in drawn
    assert 'role="img"' in drawn
    assert "QR code of your eSIM" in drawn


def test_it_hides_the_code_once_it_was_used(app: Flask, aiko: Shopper, sandbox: Running) -> None:
    row = esim_of(app, aiko)
    phone.use(sandbox, row, "install")
    page = aiko.browser.get(f"/subscriptions/{row.id}").text
    refused = aiko.browser.post(f"/subscriptions/{row.id}/reveal")

    assert "It is installed" in page
    assert "/reveal" not in page
    assert refused.status_code == 409
    assert "<svg" not in refused.text


def test_it_waits_for_the_order(app: Flask, aiko: Shopper) -> None:
    row = esim_of(app, aiko, active=False)

    assert "once your order is complete" in aiko.browser.get(f"/subscriptions/{row.id}").text


def test_it_has_a_page_for_other_services(aiko: Shopper) -> None:
    row = Subscription.create(
        user=aiko.user, sf_order_id="801SB0000000001AAA", sf_item_id="802SBVPN", name="VPN Tokyo", category="VPN", active=True
    )

    assert "VPN Tokyo" in aiko.browser.get(f"/subscriptions/{row.id}").text
    assert aiko.browser.post(f"/subscriptions/{row.id}/reveal").status_code == 404


@pytest.mark.parametrize(("category", "words"), [("Internet", "contact you about its date"), ("VPN", "Your service is active")])
def test_it_promises_no_line_before_the_installation(aiko: Shopper, category: str, words: str) -> None:
    order = jobs.order(aiko.user)
    order.lines.append({"sku": "WEEKDAY", "category": "Internet", "item_class": "Installation", "quantity": 1, "name": "Weekday"})
    order.save()
    row = Subscription.create(
        user=aiko.user, order=order, sf_order_id=order.sf_order_id, sf_item_id="802SBNET", name="Home", category=category, active=True
    )
    assert words in aiko.browser.get(f"/subscriptions/{row.id}").text


def test_it_hides_what_belongs_to_others(app: Flask, aiko: Shopper, sandbox: Running) -> None:
    row = esim_of(app, aiko)
    stranger = shopper(app, sandbox, card=False)

    assert stranger.browser.get(f"/subscriptions/{row.id}").status_code == 404
    assert stranger.browser.post(f"/subscriptions/{row.id}/reveal").status_code == 404
    assert stranger.browser.get("/subscriptions/999999").status_code == 404


def test_a_lost_key_is_told_in_words_with_a_reference(app: Flask, aiko: Shopper, control: Control) -> None:
    row = esim_of(app, aiko)
    EsimSecret.update(sealed="sealed under a key that is lost").execute()
    control.fault("mobile", "GET sims/credentials", "error_before", count=9)
    answer = aiko.browser.post(f"/subscriptions/{row.id}/reveal")

    assert answer.status_code == 503
    assert "code is not available now" in answer.text
    assert answer.headers["X-Correlation-Id"] in answer.text
    assert answer.headers["Cache-Control"] == "no-store"

    control.clear_faults()
    assert "<svg" in aiko.browser.post(f"/subscriptions/{row.id}/reveal").text
