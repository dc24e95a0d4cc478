"""Mails from the outbox: each with one Message-ID for ever, sent until a server has it, to whom and what is true at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from console import clock, log, models
from console.clients.mail import Mailer
from console.models import EmailToken, Order, OutboxMessage, User
from console.services import mailing
from console.services.upstreams import Upstreams
from console.wiring import TEMPLATES, Console
from tests.support import jobs, smtp
from tests.support.sandbox import Control, Running

CORRELATION = "7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11"


@pytest.fixture
def sara(console: Console) -> User:
    return jobs.customer()


@pytest.fixture
def inbox(sandbox: Running) -> Callable[[User], list[dict[str, Any]]]:
    """What came for a person, as the mail server has it."""
    url = f"{sandbox.info['mail']['inbox_url']}/messages.json"
    return lambda user: requests.get(url, params={"to": user.email}, timeout=5).json()


def left(console: Console, user: User, template: str = "welcome", key: str = "1", **values: Any) -> OutboxMessage:
    """A mail in the outbox."""
    assert mailing.leave(console.policy, template, user.id, key, **values)
    return OutboxMessage.get(OutboxMessage.dedupe_key == f"mail:{template}:{key}")


def deliver(console: Console, message: OutboxMessage, upstreams: Upstreams | None = None) -> OutboxMessage:
    """One try, due or not; the row after it."""
    OutboxMessage.update(next_try_at=clock.after(-1)).where(OutboxMessage.id == message.id).execute()
    mailing.deliver(message.id, upstreams or console.upstreams, console.policy)
    return OutboxMessage.get_by_id(message.id)


def test_it_sends_a_mail_once(console: Console, sara: User, inbox: Any) -> None:
    message = left(console, sara)
    assert [deliver(console, message).state for _ in range(2)] == ["sent", "sent"]
    assert [mail["message_id"] for mail in inbox(sara)] == [message.message_id]


def test_it_sends_a_mail_once_although_many_workers_heard_the_ring(console: Console, control: Control, sara: User, inbox: Any) -> None:
    message = left(console, sara)

    def hear(_n: int) -> None:
        try:
            mailing.deliver(message.id, console.upstreams, console.policy)
        finally:
            models.database.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(hear, range(4)))
    assert len(inbox(sara)) == 1


def test_it_leaves_the_same_mail_once(console: Console, sara: User) -> None:
    assert [mailing.leave(console.policy, "welcome", sara.id, "1") for _ in range(2)] == [True, False]


# how many copies the server has in the end: a lost answer, or a server that lies, makes two with one Message-ID
@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("fault", "copies"),
    [("refuse", 1), ("timeout_before", 1), ("error_before", 1), ("misconfigured", 1), ("timeout_after", 2), ("error_after", 2)],
)
def test_it_tries_again_under_the_same_message_id(
    console: Console, control: Control, sara: User, inbox: Any, fault: str, copies: int
) -> None:
    message = left(console, sara)
    control.fault("mail", "send", fault, count=1, delay_ms=50)
    failed = deliver(console, message)
    assert (failed.state, failed.attempts, failed.error_code != "", failed.next_try_at > clock.now()) == ("due", 1, True, True)
    assert (deliver(console, message).state, deliver(console, message).state) == ("sent", "sent")
    assert [mail["message_id"] for mail in inbox(sara)] == [message.message_id] * copies


@pytest.mark.sqlite
def test_it_waits_between_tries(console: Console, control: Control, sara: User, inbox: Any) -> None:
    message = left(console, sara)
    control.fault("mail", "send", "refuse", count=1)
    deliver(console, message)
    OutboxMessage.update(next_try_at=clock.after(60)).execute()
    mailing.deliver(message.id, console.upstreams, console.policy)
    assert inbox(sara) == []


@pytest.fixture
def refusing(console: Console) -> Iterator[Callable[[smtp.Replies], Upstreams]]:
    """The upstreams with another mail server, one that answers as told."""
    known = {
        "server": "127.0.0.1", "use_tls": False, "username": "", "password": "", "sender": "portal@console.example",
        "connect_s": 1, "total_s": 5,
    }  # fmt: skip
    with smtp.servers() as start:
        yield lambda replies: replace(
            console.upstreams,
            mailer=Mailer(port=start(replies), template_folder=str(TEMPLATES / "mail"), public_url="http://console.example", **known),  # type: ignore[arg-type]
        )


@pytest.mark.sqlite
@pytest.mark.parametrize("replies", [{"RCPT": "550 no such person"}, {"TEXT": "554 looks like spam"}], ids=str)
def test_it_gives_up_at_a_definite_no(console: Console, sara: User, inbox: Any, refusing: Any, replies: smtp.Replies) -> None:
    message = left(console, sara)
    refused = deliver(console, message, refusing(replies))
    assert (refused.state, refused.error_code) == ("failed", "smtp_" + next(iter(replies.values()))[:3])  # type: ignore[index]
    assert deliver(console, message).state == "failed"
    assert inbox(sara) == []
    assert OutboxMessage.due(0) == []


@pytest.mark.sqlite
def test_it_gives_up_after_many_tries(console: Console, control: Control, sara: User) -> None:
    message = left(console, sara)
    OutboxMessage.update(attempts=mailing.MAIL_ATTEMPTS - 1).execute()
    control.fault("mail", "send", "refuse", count=1)
    assert deliver(console, message).state == "failed"


@pytest.mark.sqlite
def test_it_says_what_it_belongs_to(console: Console, sara: User, inbox: Any) -> None:
    order = jobs.order(sara)
    ids = {"sf_order_id": order.sf_order_id, "order_id": order.id, "correlation_id": CORRELATION}
    deliver(console, left(console, sara, "order_received", **ids))
    [mail] = inbox(sara)
    assert (mail["headers"]["X-Entity-Ref-ID"], mail["headers"]["X-Correlation-Id"]) == (order.sf_order_id, CORRELATION)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        (["Monthly"], ["First bill: ¥3,300", "Then monthly: ¥1,980"]),
        (["Annually"], ["First bill: ¥3,300", "Each year: ¥8,800"]),
        (["Monthly", "Annually"], ["First bill: ¥3,300", "Then monthly: ¥1,980", "Each year: ¥8,800"]),
    ],
)
def test_it_tells_what_is_paid_each_month_and_year(console: Console, sara: User, inbox: Any, cycles: list[str], told: list[str]) -> None:
    order = jobs.order(sara)
    prices = {"Monthly": 1980, "Annually": 8800}
    lines = [order.lines[0] | {"billing_cycle": cycle, "unit_price": prices[cycle]} for cycle in cycles]
    Order.update(lines=lines, monthly=1980 if "Monthly" in cycles else 0).where(Order.id == order.id).execute()
    deliver(console, left(console, sara, "order_received", sf_order_id=order.sf_order_id, order_id=order.id))
    [mail] = inbox(sara)
    assert [line for line in mail["text"].splitlines() if "¥" in line] == told


@pytest.mark.sqlite
def test_it_names_what_was_ordered_in_the_persons_language(console: Console, sara: User, inbox: Any) -> None:
    order = jobs.order(sara)
    Order.update(lines=[order.lines[0] | {"names": {"ja": "光回線"}}]).where(Order.id == order.id).execute()
    User.update(language="ja").where(User.id == sara.id).execute()
    deliver(console, left(console, sara, "order_received", sf_order_id=order.sf_order_id, order_id=order.id))
    [mail] = inbox(sara)
    assert "光回線" in mail["text"]


@pytest.mark.sqlite
def test_it_keeps_the_correlation_id_of_what_left_it(console: Console, sara: User, inbox: Any) -> None:
    with log.correlated(CORRELATION):
        message = left(console, sara)
    deliver(console, message)
    [mail] = inbox(sara)
    assert (mail["headers"]["X-Correlation-Id"], "X-Entity-Ref-ID" in mail["headers"]) == (CORRELATION, False)


def test_it_reads_name_and_address_when_it_is_sent(console: Console, sara: User, inbox: Any) -> None:
    message = left(console, sara)
    assert "Sara" not in str(OutboxMessage.select().dicts().get()), "no person's data in the outbox"
    married = {"email": f"married-{sara.email}", "last_name": "Berg"}
    User.update(**married).where(User.id == sara.id).execute()
    deliver(console, message)
    [mail] = inbox(User.get_by_id(sara.id))
    assert "Hello Sara Berg," in mail["text"]
    assert inbox(sara) == []


def test_it_sends_nothing_to_a_sign_up_that_was_begun_anew(console: Console, sara: User, inbox: Any) -> None:
    never_confirmed = User.create(email=f"first-{sara.email}", password_hash="none")
    message = left(console, never_confirmed)
    User.delete().where(User.id == never_confirmed.id).execute()
    mailing.deliver(message.id, console.upstreams, console.policy)
    assert inbox(never_confirmed) == []


@pytest.mark.sqlite
@pytest.mark.parametrize("template", sorted(mailing.VALUES))
def test_it_has_words_for_every_mail(console: Console, sara: User, inbox: Any, template: str) -> None:
    job = jobs.job(sara)
    jobs.subscribed(job, "8981000000000004821", 1, "sub_1")
    order = Order.at(job.sf_order_id)
    assert order
    token = EmailToken.create(user=sara, purpose="confirm", expires_at=clock.after(60))
    User.update(new_email=sara.email, former_email=sara.email).where(User.id == sara.id).execute()
    deliver(console, left(console, sara, template, sf_order_id=order.sf_order_id, order_id=order.id, token_id=token.id))
    [mail] = inbox(sara)
    assert mail["subject"]
    assert "Hello Sara Lindqvist," in mail["text"]
    assert "http://console.example" in mail["text"]
    assert "Hello Sara Lindqvist," in mail["html"]


@pytest.mark.sqlite
@pytest.mark.parametrize("template", ["action_needed", "action_reminder", "order_provisioned"])
def test_it_has_words_about_an_order_made_by_hand(console: Console, sara: User, inbox: Any, template: str) -> None:
    deliver(console, left(console, sara, template, sf_order_id=jobs.order_id(990), order_number="00000990"))
    [mail] = inbox(sara)
    assert "http://console.example" in mail["text"]


@pytest.mark.sqlite
@pytest.mark.parametrize("item_class", ["Installation", "Service"])
def test_it_promises_no_line_before_the_installation(console: Console, sara: User, inbox: Any, item_class: str) -> None:
    snapshot = jobs.snapshot(991)
    snapshot["lines"].append({"item_id": jobs.item_id(992), "name": "Standard installation", "item_class": item_class})
    job = jobs.job(sara, "succeeded", number=991, snapshot=snapshot)
    deliver(console, left(console, sara, "order_provisioned", sf_order_id=job.sf_order_id, order_number="00000991"))
    [mail] = inbox(sara)
    to_come = item_class == "Installation"
    assert (
        ("We contact you about the installation date" in mail["text"]),
        ("is in billing" in mail["subject"]),
        ("is set up" in mail["text"]),
        ("is complete" in mail["subject"]),
    ) == (to_come, to_come, not to_come, not to_come)


@pytest.mark.sqlite
def test_it_links_to_the_esim_and_never_says_the_code(console: Console, sara: User, inbox: Any) -> None:
    job = jobs.job(sara)
    row = jobs.subscribed(job, "8981000000000004821", 1, "sub_1")
    deliver(console, left(console, sara, "esim_ready", sf_order_id=job.sf_order_id, order_number="1"))
    [mail] = inbox(sara)
    assert f"http://console.example/subscriptions/{row.id}" in mail["text"]
    assert not any(secret in mail["text"] for secret in ("LPA:", row.iccid))


def test_it_knows_values_for_every_template() -> None:
    assert set(mailing.VALUES) == {path.stem for path in Path(TEMPLATES / "mail").glob("*.mail")}


def test_it_leaves_a_mail_to_staff_that_a_defect_of_ours_stops(console: Console, sara: User, inbox: Any) -> None:
    broken = left(console, sara, "order_received", order_id=999_999)
    stopped = deliver(console, broken)
    assert (stopped.state, stopped.error_code, OutboxMessage.due(0)) == ("failed", "internal_error", [])
    assert inbox(sara) == []
