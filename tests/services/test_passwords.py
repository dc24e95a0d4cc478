"""A new password: links that work once, logins that end, answers that tell nobody who has an account; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from console import clock
from console.errors import Refused
from console.models import EmailToken, OutboxMessage, PendingLogin, User, UserSession
from console.services import logging_in, mailing, passwords
from console.vault import password_matches
from console.wiring import Console
from tests.support.web import PASSWORD, make_person

NEW = "a lantern in the harbour"


@pytest.fixture
def aiko(console: Console) -> User:
    return make_person("aiko.tanaka@example.com")


def link(console: Console) -> str:
    """As the newest mail says it."""
    message = OutboxMessage.select().where(OutboxMessage.template == "reset").order_by(OutboxMessage.id.desc()).get()
    url = mailing.VALUES["reset"](message, console.policy, "en")["url"]
    return str(url).removeprefix(f"{console.policy.public_url}/reset/")


def mails() -> list[str]:
    return [row.template for row in OutboxMessage.select().order_by(OutboxMessage.id)]


def test_a_link_sets_the_password_once_and_ends_every_login(console: Console, aiko: User) -> None:
    logging_in.begin(aiko)
    logging_in.wait_for_code(aiko, remember=False)
    passwords.forgot(console.policy, " Aiko.Tanaka@Example.com ")
    token = link(console)
    passwords.reset(console.policy, token, NEW)
    assert password_matches(User.get().password_hash, NEW)
    assert (UserSession.select().count(), PendingLogin.select().count()) == (0, 0)
    with pytest.raises(Refused, match="token_unknown"):
        passwords.reset(console.policy, token, "another one again")
    assert password_matches(User.get().password_hash, NEW)
    assert mails() == ["reset", "password_changed"]


def test_the_newest_link_ends_the_older_ones(console: Console, aiko: User) -> None:
    passwords.forgot(console.policy, aiko.email)
    older = link(console)
    passwords.forgot(console.policy, aiko.email)
    with pytest.raises(Refused, match="token_unknown"):
        passwords.reset(console.policy, older, NEW)
    passwords.reset(console.policy, link(console), NEW)


def test_a_link_ends_after_an_hour(console: Console, aiko: User) -> None:
    passwords.forgot(console.policy, aiko.email)
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False), pytest.raises(Refused, match="token_unknown"):
        passwords.reset(console.policy, link(console), NEW)
    assert password_matches(User.get().password_hash, PASSWORD)


@pytest.mark.parametrize("purpose", ["confirm", "email"])
def test_a_link_of_another_purpose_sets_no_password(console: Console, aiko: User, purpose: str) -> None:
    row = EmailToken.create(user=aiko, purpose=purpose, expires_at=clock.after(3600))
    for signed_for in (purpose, "reset"):
        with pytest.raises(Refused, match="token_unknown"):
            passwords.reset(console.policy, console.policy.vault.token(signed_for, row.id, row.nonce), NEW)


def test_nobody_and_the_unconfirmed_get_no_mail(console: Console) -> None:
    make_person("new@example.com", confirmed_at=None)
    for email in ("nobody@example.com", "new@example.com", "' OR 1=1 --"):
        passwords.forgot(console.policy, email)
    assert mails() == []


def test_staff_get_a_link_too(console: Console) -> None:
    make_person("ops@example.com", role="ops")
    passwords.forgot(console.policy, "ops@example.com")
    passwords.reset(console.policy, link(console), NEW)
    assert logging_in.by_password("ops@example.com", NEW).role == "ops"


def test_a_change_keeps_this_login_and_ends_the_others(console: Console, aiko: User) -> None:
    here, there = logging_in.begin(aiko), logging_in.begin(aiko)
    passwords.forgot(console.policy, aiko.email)
    passwords.change(console.policy, aiko, PASSWORD, NEW, stays=here)
    assert logging_in.whose(here, alive=False) == aiko
    assert logging_in.whose(there, alive=False) is None
    with pytest.raises(Refused, match="token_unknown"):
        passwords.reset(console.policy, link(console), "a third one as well")
    assert mails() == ["reset", "password_changed"]


def test_a_change_needs_the_present_password(console: Console, aiko: User) -> None:
    there = logging_in.begin(aiko)
    with pytest.raises(Refused, match="wrong_password"):
        passwords.change(console.policy, aiko, "a guess", NEW, stays="")
    assert password_matches(User.get().password_hash, PASSWORD)
    assert logging_in.whose(there, alive=False) == aiko
