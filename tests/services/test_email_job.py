"""The durable change of e-mail against the real sandbox: all of it, or nothing when somebody else has the address by then.

Whoever dies in between, and whatever answers badly, is in tests/proving.
"""

from __future__ import annotations

from itertools import count

import pytest
import requests

from console import clock, crash
from console.clients.whmcs import Address, NewClient
from console.models import CustomerLink, EmailToken, Job, JobStep, OutboxMessage, User
from console.services import changing_email
from console.services.provisioning import email, engine
from console.services.provisioning.plans import PLANS
from console.wiring import Console
from tests.support import customers
from tests.support.sandbox import Control, Running
from tests.support.web import PASSWORD, make_person

pytestmark = pytest.mark.sqlite
_numbers = count(1)
HOME = Address("Sara", "Lindqvist", "", "", "", "", "", "", "JP")


@pytest.fixture
def aiko(console: Console, sandbox: Running) -> User:
    """With an address that nobody of this sandbox had before."""
    person, _link = customers.finished(console.upstreams, sandbox, card=False, user=make_person(f"old.{next(_numbers)}@example.com"))
    return person


def wish(console: Console, person: User) -> tuple[Job, str]:
    """The link was opened and the password typed."""
    new = person.email.replace("old.", "new.")
    changing_email.ask(console.policy, person, new)
    message = OutboxMessage.get(OutboxMessage.template == "email_confirm")
    row = message.values["token_id"]
    token = EmailToken.get_by_id(row)
    [job_id] = changing_email.confirm(console.policy, console.policy.vault.token("email", row, token.nonce), PASSWORD)
    return Job.get_by_id(job_id), new


def run(console: Console, job: Job) -> Job:
    Job.update(next_run_at=clock.after(-1), lease_until=None).where(Job.id == job.id).execute()
    Job.update(state="queued").where((Job.id == job.id) & (Job.state == "running")).execute()
    engine.run(job.id, PLANS["email"], console.upstreams, console.policy, "worker:test")
    return Job.get_by_id(job.id)


def run_out(console: Console, job: Job) -> Job:
    """Until it has ended or waits for a person."""
    for _ in range(8):
        job = run(console, job)
        if job.state in {"succeeded", "cancelled", "needs_attention"}:
            break
    return job


def billing(console: Console, person: User) -> tuple[str, str]:
    """E-mail of the client and of the user, as billing says."""
    settings, link = console.settings, CustomerLink.of(person.id)
    keys = {"identifier": settings.whmcs_identifier.get_secret_value(), "secret": settings.whmcs_secret.get_secret_value()}
    asked = keys | {"action": "GetClientsDetails", "responsetype": "json", "clientid": link.whmcs_client_id}
    client = requests.post(f"{settings.whmcs_url}/includes/api.php", data=asked, timeout=10).json()["client"]
    return client["email"], client["users"]["user"][0]["email"]


def mails() -> list[str]:
    return [row.template for row in OutboxMessage.select().where(OutboxMessage.template != "email_confirm").order_by(OutboxMessage.id)]


def assert_changed(console: Console, person: User, job: Job, new: str) -> None:
    """Everywhere, once."""
    row = User.get_by_id(person.id)
    assert (job.state, row.email, row.former_email, row.new_email) == ("succeeded", new, person.email, "")
    assert billing(console, person) == (new, new)
    assert mails() == ["email_changed", "email_changed_former"]
    case = JobStep.get(JobStep.job == job.id, JobStep.name == "account_case").upstream_ref
    again = {"subject": "", "description": "", "account_id": CustomerLink.of(person.id).sf_account_id}
    assert case == console.upstreams.salesforce.open_case(key=email.case_key(job), **again)


def assert_as_before(console: Console, person: User, job: Job) -> None:
    """Nowhere, and the person is told at the address that stays."""
    row = User.get_by_id(person.id)
    assert (job.state, job.error_code, row.email, row.new_email) == ("cancelled", "email_taken", person.email, "")
    assert billing(console, person) == (person.email, person.email)
    assert mails() == ["email_not_changed"]
    assert changing_email.standing(row).state == "taken"


def test_it_changes_billing_our_row_and_asks_for_the_account(console: Console, control: Control, aiko: User) -> None:
    job, new = wish(console, aiko)
    assert_changed(console, aiko, run(console, job), new)
    assert changing_email.standing(User.get_by_id(aiko.id)).state == "done"


def test_no_journal_holds_the_address(console: Console, control: Control, aiko: User) -> None:
    job, new = wish(console, aiko)
    run(console, job)
    held = str(list(Job.select().tuples()) + list(JobStep.select().tuples()) + list(OutboxMessage.select().tuples()))
    assert new not in held
    assert aiko.email not in held


class Killed(BaseException):
    """As a power cut: nothing below the engine may catch it."""


def another_client(console: Console, email: str) -> None:
    console.upstreams.whmcs.add_client(NewClient(email, "a password of nobody", HOME, "SF-1003", "portal:0"))


def test_an_address_that_another_client_took_changes_nothing(console: Console, control: Control, aiko: User) -> None:
    job, new = wish(console, aiko)
    another_client(console, new)
    assert_as_before(console, aiko, run(console, job))


def test_an_address_that_another_person_took_changes_nothing(console: Console, control: Control, aiko: User) -> None:
    job, new = wish(console, aiko)
    make_person(new)
    assert_as_before(console, aiko, run(console, job))


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("between", ["address_free.record", "whmcs_client.record", "whmcs_user.record"])
def test_an_address_that_was_taken_in_between_is_put_back(
    console: Console, control: Control, aiko: User, between: str, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another client before ours has it, by another person of ours afterwards; also when the one who puts back is killed."""
    job, new = wish(console, aiko)

    def take(name: str) -> None:
        if name == between and between == "address_free.record":
            another_client(console, new)
        elif name == between:
            make_person(new)

    monkeypatch.setattr(crash, "point", take)
    if dies:
        monkeypatch.setattr(type(console.upstreams.whmcs), "update_user_email", kill_when_putting_back(console, aiko.email))
        with pytest.raises(Killed):
            run(console, job)
        monkeypatch.undo()
    assert_as_before(console, aiko, run_out(console, job))


def kill_when_putting_back(console: Console, former: str):
    real = type(console.upstreams.whmcs).update_user_email

    def update(self: object, user_id: int, email: str) -> None:
        if email == former:
            raise Killed
        real(self, user_id, email)  # type: ignore[arg-type]

    return update
