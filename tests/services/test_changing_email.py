"""Asking for another e-mail address: what the link proves, who is told, and what a stranger cannot learn; on both databases."""

from __future__ import annotations

import pytest

from console.errors import Refused
from console.models import EmailToken, Job, OutboxMessage, User
from console.services import changing_email, mailing, passwords
from console.wiring import Console
from tests.support.web import PASSWORD, make_link, make_person

NEW = "aiko@new.example.com"


@pytest.fixture
def aiko(console: Console) -> User:
    person = make_person("aiko.tanaka@example.com")
    make_link(person)
    return person


def link(console: Console) -> str:
    message = OutboxMessage.select().where(OutboxMessage.template == "email_confirm").order_by(OutboxMessage.id.desc()).get()
    url = mailing.VALUES["email_confirm"](message, console.policy, "en")["url"]
    return str(url).rpartition("/")[2]


def mails() -> list[tuple[str, str]]:
    """Template, and whom it goes to."""
    rows = OutboxMessage.select().order_by(OutboxMessage.id)
    return [(row.template, mailing.TO.get(row.template, lambda user: user.email)(row.user)) for row in rows]


def test_nothing_changes_before_the_link_is_opened(console: Console, aiko: User) -> None:
    changing_email.ask(console.policy, aiko, NEW)
    assert mails() == [("email_confirm", NEW)]
    assert (User.get().email, Job.select().count()) == ("aiko.tanaka@example.com", 0)
    assert changing_email.standing(User.get()) == changing_email.Standing("link_sent", NEW)


def test_link_and_password_together_begin_the_job(console: Console, aiko: User) -> None:
    changing_email.ask(console.policy, aiko, NEW)
    token = link(console)
    with pytest.raises(Refused, match="wrong_password"):
        changing_email.confirm(console.policy, token, "a guess")
    [job_id] = changing_email.confirm(console.policy, token, PASSWORD)
    assert (Job.get_by_id(job_id).kind, Job.get_by_id(job_id).user) == ("email", aiko)
    with pytest.raises(Refused, match="token_unknown"):
        changing_email.confirm(console.policy, token, PASSWORD)
    assert changing_email.standing(User.get()).state == "working"


def test_it_closes_after_five_wrong_passwords(console: Console, aiko: User) -> None:
    changing_email.ask(console.policy, aiko, NEW)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_password"):
            changing_email.confirm(console.policy, link(console), "a guess")
    with pytest.raises(Refused, match="too_many_tries"):
        changing_email.confirm(console.policy, link(console), PASSWORD)


def test_a_taken_address_looks_the_same_and_its_owner_is_told(console: Console, aiko: User) -> None:
    make_person("sara@example.com")
    for _ in range(3):
        changing_email.ask(console.policy, aiko, "sara@example.com")
    assert mails() == [("already_registered", "sara@example.com")]
    assert changing_email.standing(User.get_by_id(aiko.id)).state == "link_sent"


def test_a_newer_wish_ends_the_older_link(console: Console, aiko: User) -> None:
    changing_email.ask(console.policy, aiko, NEW)
    older = link(console)
    changing_email.ask(console.policy, aiko, "aiko@other.example.com")
    with pytest.raises(Refused, match="token_unknown"):
        changing_email.confirm(console.policy, older, PASSWORD)


def test_one_change_at_a_time(console: Console, aiko: User) -> None:
    changing_email.ask(console.policy, aiko, NEW)
    changing_email.confirm(console.policy, link(console), PASSWORD)
    for state in ("queued", "needs_attention"):
        Job.update(state=state).execute()
        with pytest.raises(Refused, match="email_change_running"):
            changing_email.ask(console.policy, aiko, "aiko@other.example.com")
    Job.update(state="cancelled").execute()
    changing_email.ask(console.policy, aiko, "aiko@other.example.com")


def test_the_former_address_is_told_before_the_next_change(console: Console) -> None:
    """Whoever took over an account cannot change twice, quicker than its owner's mailbox takes mails, so that the owner never hears."""
    ops = make_person("ops@example.com", role="ops")
    changing_email.ask(console.policy, ops, NEW)
    changing_email.confirm(console.policy, link(console), PASSWORD)
    with pytest.raises(Refused, match="email_change_running"):
        changing_email.ask(console.policy, User.get_by_id(ops.id), "third@example.com")
    assert ("email_changed_former", "ops@example.com") in mails()
    OutboxMessage.update(state="sent").execute()
    changing_email.ask(console.policy, User.get_by_id(ops.id), "third@example.com")


def test_a_link_that_is_sent_again_after_its_use_goes_to_the_same_mailbox(console: Console) -> None:
    ops = make_person("ops@example.com", role="ops")
    changing_email.ask(console.policy, ops, NEW)
    changing_email.confirm(console.policy, link(console), PASSWORD)
    assert mails()[0] == ("email_confirm", NEW)


def test_it_waits_for_an_account_that_is_finished(console: Console) -> None:
    kenji = make_person("kenji@example.com")
    with pytest.raises(Refused, match="account_not_ready"):
        changing_email.ask(console.policy, kenji, NEW)


def test_the_same_address_is_no_change(console: Console, aiko: User) -> None:
    with pytest.raises(Refused, match="same_email"):
        changing_email.ask(console.policy, aiko, aiko.email)


def test_staff_have_no_account_elsewhere_and_change_at_once(console: Console) -> None:
    ops = make_person("ops@example.com", role="ops")
    changing_email.ask(console.policy, ops, "ops@new.example.com")
    assert changing_email.confirm(console.policy, link(console), PASSWORD) == []
    assert (User.get().email, User.get().new_email) == ("ops@new.example.com", "")
    assert mails()[1:] == [("email_changed", "ops@new.example.com"), ("email_changed_former", "ops@example.com")]


def test_an_address_that_was_taken_meanwhile_changes_nothing(console: Console) -> None:
    ops = make_person("ops@example.com", role="ops")
    changing_email.ask(console.policy, ops, NEW)
    make_person(NEW)
    with pytest.raises(Refused, match="email_taken"):
        changing_email.confirm(console.policy, link(console), PASSWORD)
    assert User.get_by_id(ops.id).email == "ops@example.com"


def test_a_sign_up_that_nobody_confirmed_gives_way(console: Console) -> None:
    ops = make_person("ops@example.com", role="ops")
    make_person(NEW, confirmed_at=None)
    changing_email.ask(console.policy, ops, NEW)
    changing_email.confirm(console.policy, link(console), PASSWORD)
    assert [user.email for user in User.select()] == [NEW]


def test_links_in_the_old_mailbox_end_with_the_change(console: Console, aiko: User) -> None:
    passwords.forgot(console.policy, aiko.email)
    changing_email.ask(console.policy, aiko, NEW)
    changing_email.confirm(console.policy, link(console), PASSWORD)
    assert not EmailToken.waiting(aiko.id, "reset")


def test_a_new_password_ends_a_change_that_waits(console: Console, aiko: User) -> None:
    """Whoever took over the session asked for it; the owner has got back in."""
    changing_email.ask(console.policy, aiko, NEW)
    passwords.change(console.policy, aiko, PASSWORD, "a lantern in the harbour", stays="")
    with pytest.raises(Refused, match="token_unknown"):
        changing_email.confirm(console.policy, link(console), "a lantern in the harbour")
    assert changing_email.standing(User.get()).state == "none"
