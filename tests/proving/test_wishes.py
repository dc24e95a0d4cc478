"""The judge of a wish names what is not done, half done or done twice; of one that is done it says nothing."""

from __future__ import annotations

import pytest

from console import clock
from console.models import Job, OutboxMessage
from console.services import mailing
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.wiring import Console
from tests.proving import wishes
from tests.proving.wishes import Move
from tests.support import ordered
from tests.support.sandbox import Control, Running


@pytest.fixture
def move(console: Console, sandbox: Running, control: Control) -> Move:
    asked = wishes.move(console, sandbox)
    deliver(console)
    return asked


def deliver(console: Console) -> None:
    for message in list(OutboxMessage.select().where(OutboxMessage.state == "due")):
        mailing.deliver(message.id, console.upstreams, console.policy)


def run(console: Console, job_id: int) -> str:
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job_id).execute()
    engine.run(job_id, PLANS[Job.get_by_id(job_id).kind], console.upstreams, console.policy, "worker:test")
    return str(Job.get_by_id(job_id).state)


def test_it_finds_a_change_that_was_not_made(move: Move) -> None:
    wrong = [f"billing's client and user have {(move.former, move.former)}", "0 Cases about the new e-mail"]
    left = ["the portal has another address", "0 mails to the former address", "1 mails to the new address"]
    assert list(move.broken()) == wrong + left


def test_it_finds_a_change_that_was_half_made(console: Console, control: Control, move: Move) -> None:
    control.fault("whmcs", "UpdateUser", "refuse", count=1)
    assert run(console, move.confirm()) == "retry_wait"
    assert next(move.broken()) == f"billing's client and user have {(move.address, move.former)}"


def test_it_finds_a_second_case_and_a_second_mail(console: Console, sandbox: Running, move: Move) -> None:
    assert run(console, move.confirm()) == "succeeded"
    deliver(console)
    assert list(move.broken()) == []
    text = f"Portal user {move.user.id} confirmed {move.address} as the new e-mail."
    console.upstreams.salesforce.open_case(key="another", subject="", description=text, account_id=None)
    OutboxMessage.update(state="due", next_try_at=clock.after(-1)).where(OutboxMessage.template == "email_changed").execute()
    deliver(console)
    assert list(move.broken()) == ["2 Cases about the new e-mail", "mails came [2] times"]
    assert list(move.broken(mails_twice=1)) == ["2 Cases about the new e-mail"]


def test_it_finds_a_question_that_nobody_got(console: Console, sandbox: Running, control: Control) -> None:
    user, link = ordered.customer(console, sandbox)
    order = ordered.place(console, user, link)
    asked = wishes.ask(user, order)
    order_id = str(order.sf_order_id)
    assert list(wishes.question_broken(sandbox, asked.request, order_id)) == ["0 Cases with the question, or not of the order"]
    assert run(console, asked.jobs[0]) == "succeeded"
    assert list(wishes.question_broken(sandbox, asked.request, order_id)) == []
