"""The durable sign-up against the real sandbox: one client, a link that is verified or not, and what waits for whom."""

from __future__ import annotations

from itertools import count

import pytest

from console import clock
from console.clients.whmcs import Address, NewClient
from console.models import CustomerLink, Job, OutboxMessage, User
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.wiring import Console
from tests.support.sandbox import Control

pytestmark = pytest.mark.sqlite
_numbers = count(2001)


def person(email: str = "", number: str = "", **values: str) -> User:
    n = next(_numbers)
    names = {"first_name": "Aiko", "last_name": "Tanaka"} | values
    return User.create(
        email=email or f"person{n}@example.com", password_hash="x", sf_number=number or f"SF-{n}", confirmed_at=clock.now(), **names
    )


def run(console: Console, user: User) -> Job:
    job, _ = Job.make("signup", str(user.id), user=user.id, correlation_id="7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11")
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job.id).execute()
    engine.run(job.id, PLANS["signup"], console.upstreams, console.policy, "worker:test")
    return Job.get_by_id(job.id)


def mailed(user: User) -> list[str]:
    return [row.template for row in OutboxMessage.select().where(OutboxMessage.user == user.id).order_by(OutboxMessage.id)]


def test_it_makes_one_client_and_a_verified_link(console: Console, control: Control) -> None:
    aiko = person()
    assert run(console, aiko).state == "succeeded"
    link = CustomerLink.of(aiko.id)
    client = console.upstreams.whmcs.client_by_email(aiko.email)
    assert (link.verified, link.whmcs_client_id, client.customer_number) == (True, client.client_id, aiko.sf_number)
    assert mailed(aiko) == ["welcome"]
    assert control.truth()["unclaimed"]["clients"] == []


def test_it_links_unverified_with_a_case_when_the_mail_differs(console: Console, control: Control) -> None:
    aiko = person(email="somebody.else@example.com")
    assert run(console, aiko).state == "succeeded"
    link = CustomerLink.of(aiko.id)
    assert (link.verified, bool(link.case_number), link.ready) == (False, True, True)


def test_it_never_takes_the_client_of_another_portal_user(console: Console, control: Control) -> None:
    """Aiko changed her e-mail here, billing has the older one: who signs up with that one, and her number, does not get her client."""
    aiko = person()
    run(console, aiko)
    User.update(email="aiko.now@example.com").where(User.id == aiko.id).execute()
    again = person(email=aiko.email, number=aiko.sf_number)
    job = run(console, again)
    assert (job.state, job.error_code) == ("needs_attention", "account_taken")
    link = CustomerLink.of(again.id)
    assert (link.verified, link.whmcs_client_id) == (False, None)


def test_it_leaves_a_taken_number_to_its_holder(console: Console, control: Control) -> None:
    aiko = person()
    run(console, aiko)
    sara = person(email="sara.lindqvist@home.example", number=aiko.sf_number)
    assert run(console, sara).state == "succeeded"
    theirs, hers = CustomerLink.of(aiko.id), CustomerLink.of(sara.id)
    assert (theirs.verified, hers.verified, bool(hers.case_number), hers.ready) == (True, False, True, True)
    assert theirs.whmcs_client_id != hers.whmcs_client_id
    assert CustomerLink.holder_of(theirs.sf_account_id).user_id == aiko.id


def test_it_waits_for_the_right_number_and_says_so_once(console: Console, control: Control) -> None:
    aiko = person(number="SF-9999")
    assert (run(console, aiko).state, run(console, aiko).error_code) == ("needs_customer", "customer_number")
    assert mailed(aiko) == ["customer_number"]
    User.update(sf_number=f"SF-{next(_numbers)}").where(User.id == aiko.id).execute()
    assert run(console, aiko).state == "succeeded"


@pytest.mark.parametrize("fault", ["timeout_after", "error_after", "error_before", "html", "refuse"])
def test_it_makes_one_client_whatever_the_answer(fault: str, console: Console, control: Control) -> None:
    aiko = person()
    control.fault("whmcs", "AddClient", fault, count=1, delay_ms=50)
    for _ in range(6):
        job = run(console, aiko)
        if job.state == "succeeded":
            break
    assert job.state == "succeeded"
    assert control.truth()["unclaimed"]["clients"] == []


def test_it_adopts_a_client_that_has_our_number(console: Console, control: Control) -> None:
    aiko = person()
    there = console.upstreams.whmcs.add_client(_client(aiko.email, aiko.sf_number))
    assert run(console, aiko).state == "succeeded"
    assert CustomerLink.of(aiko.id).whmcs_client_id == there.client_id


def test_it_adopts_a_client_without_a_number_for_a_verified_link_and_gives_it_one(console: Console, control: Control) -> None:
    aiko = person()
    there = console.upstreams.whmcs.add_client(_client(aiko.email, ""))
    assert run(console, aiko).state == "succeeded"
    assert CustomerLink.of(aiko.id).whmcs_client_id == there.client_id
    assert console.upstreams.whmcs.client(there.client_id).customer_number == aiko.sf_number


def test_it_leaves_a_client_without_a_number_to_staff_while_unverified(console: Console, control: Control) -> None:
    aiko = person(email="not.the.accounts@example.com")
    console.upstreams.whmcs.add_client(_client(aiko.email, ""))
    job = run(console, aiko)
    assert (job.state, job.error_code) == ("needs_attention", "account_taken")


def test_it_leaves_a_strangers_client_to_staff(console: Console, control: Control) -> None:
    aiko = person(email="shared.address@example.com")
    console.upstreams.whmcs.add_client(_client(aiko.email, "SF-0001"))
    job = run(console, aiko)
    assert (job.state, job.error_code) == ("needs_attention", "account_taken")
    assert CustomerLink.of(aiko.id).whmcs_client_id is None


def _client(email: str, number: str) -> NewClient:
    return NewClient(
        email, "a long password", Address("A", "B", "03", "150-0002", "Tokyo", "Shibuya", "1", "", "JP"), number, "made in the back office"
    )
