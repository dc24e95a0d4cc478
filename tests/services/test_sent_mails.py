"""The outbox's mails as staff see them: newest first, by state and page, and a new try of what was given up."""

from __future__ import annotations

import pytest
from peewee import Database

from console.errors import Refused
from console.models import AuditEntry, OutboxMessage, User
from console.services import sent_mails
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def sara(database: Database) -> User:
    return jobs.customer()


def left(person: User, key: str, **values: object) -> OutboxMessage:
    assert OutboxMessage.mail("welcome", person.id, key, domain="console.example")
    row = OutboxMessage.get(OutboxMessage.dedupe_key == f"mail:welcome:{key}")
    OutboxMessage.update(**({"state": "due"} | values)).where(OutboxMessage.id == row.id).execute()
    return OutboxMessage.get_by_id(row.id)


def test_it_lists_mails_only_with_the_order_they_belong_to(sara: User) -> None:
    order = jobs.order(sara)
    about = left(sara, "1", sf_order_id=order.sf_order_id)
    other = left(sara, "2")
    OutboxMessage.want_status(order.sf_order_id)
    mails, older = sent_mails.listed()
    assert [(mail.id, mail.order_number) for mail in mails] == [(other.id, ""), (about.id, order.order_number)]
    assert older == 0


def test_it_pages_within_a_state(sara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_mails, "PAGE", 2)
    failed = [left(sara, str(n), state="failed").id for n in range(3)]
    left(sara, "sent", state="sent")
    first, older = sent_mails.listed("failed")
    rest, end = sent_mails.listed("failed", older)
    assert [mail.id for mail in (*first, *rest)] == failed[::-1]
    assert end == 0


def test_it_makes_a_mail_due_again_and_says_who_did(sara: User) -> None:
    given_up = left(sara, "1", state="failed", attempts=300, error_code="smtp_550")
    sent_mails.resend(given_up.id, "user:7")
    assert OutboxMessage.due(0) == [given_up.id]
    assert OutboxMessage.get_by_id(given_up.id).message_id == given_up.message_id
    assert [(entry.actor, entry.verb, entry.subject) for entry in AuditEntry.select()] == [("user:7", "resend_mail", f"mail:{given_up.id}")]


@pytest.mark.parametrize("state", ["due", "sent"])
def test_it_refuses_what_was_not_given_up(sara: User, state: str) -> None:
    mail = left(sara, "1", state=state)
    with pytest.raises(Refused, match="mail_not_failed"):
        sent_mails.resend(mail.id, "user:7")
    assert AuditEntry.select().count() == 0
