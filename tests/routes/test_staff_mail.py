"""The staff's page of mails: what was sent or given up, the new try, and how every mail looks."""

import pytest
from flask import Flask

from console.models import AuditEntry, OutboxMessage, User
from console.services import mail_previews
from tests.support import jobs
from tests.support.web import Browser, make_person

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def left(person: User, template: str = "welcome", **values: object) -> OutboxMessage:
    """A mail in the outbox."""
    key = f"{template}-{OutboxMessage.select().count()}"
    assert OutboxMessage.mail(template, person.id, key, domain="console.example")
    OutboxMessage.update(**({"state": "due"} | values)).where(OutboxMessage.dedupe_key == f"mail:{template}:{key}").execute()
    return OutboxMessage.get(OutboxMessage.dedupe_key == f"mail:{template}:{key}")


def test_it_lists_mails_with_their_state_and_never_an_address(at_work: Browser, customer: User) -> None:
    left(customer, state="failed", attempts=3, error_code="smtp_550")
    job = jobs.job(customer)
    left(customer, "order_received", state="sent", sf_order_id=job.sf_order_id)
    page = at_work.get("/staff/mail").text
    for words in ("Welcome", "Given up", "smtp_550", "Order received", "Sent", f"/staff/jobs?q={job.sf_order_id}"):
        assert words in page
    assert customer.email not in page
    assert "Welcome" not in at_work.get("/staff/mail?state=sent").text


def test_it_pages_by_the_last_one_seen(at_work: Browser, customer: User) -> None:
    ids = [left(customer).id for _ in range(51)]
    assert f"/staff/mail?before={ids[1]}" in at_work.get("/staff/mail").text
    assert "before=" not in at_work.get(f"/staff/mail?before={ids[1]}").text
    for odd in ("before=x", "before=-1", "before=99999999999999999999", "state=%27"):
        assert at_work.get(f"/staff/mail?{odd}").status_code == 200


def test_it_sends_again_what_was_given_up_under_the_same_id(at_work: Browser, customer: User) -> None:
    given_up = left(customer, state="failed", attempts=300, error_code="smtp_550")
    assert at_work.post(f"/staff/mail/{given_up.id}/resend").status_code == 303
    again = OutboxMessage.get_by_id(given_up.id)
    assert (again.state, again.attempts, again.error_code, again.message_id) == ("due", 0, "", given_up.message_id)
    assert [(entry.verb, entry.subject) for entry in AuditEntry.select()] == [("resend_mail", f"mail:{given_up.id}")]


@pytest.mark.parametrize("state", ["due", "sent"])
def test_it_sends_nothing_twice(at_work: Browser, customer: User, state: str) -> None:
    mail = left(customer, state=state)
    assert at_work.post(f"/staff/mail/{mail.id}/resend").status_code == 409
    assert (OutboxMessage.get_by_id(mail.id).state, AuditEntry.select().count()) == (state, 0)


def test_a_mail_that_is_none_cannot_be_sent_again(at_work: Browser, customer: User) -> None:
    OutboxMessage.want_status("801000000000001AAA")
    row = OutboxMessage.get()
    row.write(state="failed")
    assert at_work.post(f"/staff/mail/{row.id}/resend").status_code == 409


def test_it_shows_every_mail_in_both_languages_and_shapes(at_work: Browser) -> None:
    overview = at_work.get("/staff/mail/previews").text
    for template in mail_previews.TEMPLATES:
        assert f"/staff/mail/previews/{template}?language=ja" in overview
    for language, hello in (("en", "Hello Aiko Tanaka,"), ("ja", "田中 愛子")):
        html = at_work.get(f"/staff/mail/previews/welcome?language={language}")
        text = at_work.get(f"/staff/mail/previews/welcome?language={language}&shape=text")
        assert (html.mimetype, text.mimetype) == ("text/html", "text/plain")
        assert hello in html.text
        assert hello in text.text


def test_a_preview_may_style_itself_and_nothing_else(at_work: Browser) -> None:
    preview = at_work.get("/staff/mail/previews/welcome").headers
    assert preview["Content-Security-Policy"] == MAIL_POLICY
    assert (preview["X-Content-Type-Options"], preview["X-Frame-Options"]) == ("nosniff", "DENY")
    for page in ("/staff/mail", "/staff/mail/previews", "/staff/mail/previews/welcome?shape=text", "/staff/mail/previews/none"):
        assert "'unsafe" not in at_work.get(page).headers["Content-Security-Policy"], page


def test_there_is_no_preview_of_anything_else(at_work: Browser) -> None:
    for path in ("none", "..%2Fwelcome", "shapes%2Fhtml", "welcome?language=de", "welcome?shape=pdf", "welcome.mail"):
        assert at_work.get(f"/staff/mail/previews/{path}").status_code == 404, path


def test_viewers_see_no_mails(app: Flask) -> None:
    browser = Browser.of(app)
    browser.log_in(make_person("viewer@example.com", role="viewer"))
    assert browser.get("/staff/mail").status_code == 403
    assert 'href="/staff/mail"' not in browser.get("/staff/jobs").text
