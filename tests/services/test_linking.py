"""Whose a customer number is, when two decide at once, and what the sign-up makes of a number put right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from console import clock
from console.errors import Refused
from console.models import AuditEntry, CustomerLink, Job, User
from console.models import database as bound
from console.services import linking
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.services.signing_up import correct_number
from console.wiring import Console
from tests.support.sandbox import Control
from tests.support.web import make_link, make_person

ACCOUNT = "001000000000001AAA"


def claimant(n: int, **values: Any) -> CustomerLink:
    person = make_person(f"person{n}@home.example", sf_number="SF-1001")
    return make_link(person, **{"sf_account_id": ACCOUNT, "verified": False, "case_number": f"000{n}", "whmcs_client_id": n, **values})


def test_of_two_that_are_verified_at_once_one_wins(console: Console) -> None:
    links = [claimant(n) for n in range(1, 5)]

    def verify(link: CustomerLink) -> str:
        try:
            linking.verify(console.policy, link, actor="user:1", reason="Called")
        except Refused as refused:
            return refused.code
        finally:
            bound.close()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(verify, links))
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "held_by_another", "link_settled"}
    assert [link.verified for link in CustomerLink.select()].count(True) == 1
    assert AuditEntry.select().count() == 1


def test_a_number_that_moved_on_is_not_taken(console: Console) -> None:
    holder, waits = claimant(1, verified=True), claimant(2)
    with pytest.raises(Refused, match="held_by_another"):
        linking.verify(console.policy, waits, actor="user:1", reason="Called")
    linking.verify(console.policy, waits, actor="user:1", reason="Called", moving_from=holder.id)
    assert [link.verified for link in CustomerLink.select().order_by(CustomerLink.id)] == [False, True]


def test_a_link_that_became_anothers_meanwhile_changes_nobody(console: Console) -> None:
    holder, waits = claimant(1, verified=True), claimant(2)
    CustomerLink.update(sf_account_id="001000000000002AAA").where(CustomerLink.id == waits.id).execute()
    with pytest.raises(Refused, match="link_settled"):
        linking.verify(console.policy, waits, actor="user:1", reason="Called", moving_from=holder.id)
    assert CustomerLink.of(holder.user_id).verified
    assert AuditEntry.select().count() == 0


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 301])
@pytest.mark.sqlite
def test_nothing_is_decided_without_a_reason(console: Console, reason: str) -> None:
    link = claimant(1)
    for decide in (linking.verify, linking.reject):
        with pytest.raises(Refused, match="reason_needed"):
            decide(console.policy, link, actor="user:1", reason=reason)
    assert not CustomerLink.of(link.user_id).rejected_at


def signed_up(console: Console, email: str, number: str) -> User:
    user = User.create(email=email, password_hash="x", sf_number=number, confirmed_at=clock.now(), first_name="A", last_name="B")
    job, _made = Job.make("signup", str(user.id), user=user.id)
    run(console, job)
    return user


def run(console: Console, job: Job) -> str:
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job.id).execute()
    engine.run(job.id, PLANS["signup"], console.upstreams, console.policy, "worker:test")
    return str(Job.get_by_id(job.id).state)


@pytest.mark.sqlite
def test_a_number_put_right_gives_the_link_and_the_client_of_it_and_makes_no_second_one(console: Console, control: Control) -> None:
    """Typed somebody else's number: refused by staff, corrected by the person, then verified by the e-mail."""
    user = signed_up(console, "person2021@example.com", "SF-2022")
    first = CustomerLink.of(user.id)
    assert (first.verified, first.sf_number, first.ready) == (False, "SF-2022", True)
    linking.reject(console.policy, first, actor="user:1", reason="Not theirs")
    [job_id] = correct_number(console.policy, user, "SF-2021")
    assert run(console, Job.get_by_id(job_id)) == "succeeded"
    link = CustomerLink.of(user.id)
    assert (link.verified, link.sf_number, link.ready, link.rejected_at) == (True, "SF-2021", True, None)
    assert link.whmcs_client_id == first.whmcs_client_id
    assert console.upstreams.whmcs.client(link.whmcs_client_id).customer_number == "SF-2021"
    assert control.truth()["unclaimed"]["clients"] == []


@pytest.mark.sqlite
def test_staff_correct_as_often_as_needed_and_a_person_five_times(console: Console, control: Control) -> None:
    user = signed_up(console, "lost@home.example", "SF-8000")
    for n in range(5):
        correct_number(console.policy, user, f"SF-800{n}")
        run(console, Job.keyed(f"signup:{user.id}"))
    with pytest.raises(Refused, match="too_many_numbers"):
        correct_number(console.policy, user, "SF-2023")
    linking.renumber(User.get_by_id(user.id), "SF-2023", actor="user:1", reason="On the phone")
    assert run(console, Job.keyed(f"signup:{user.id}")) == "succeeded"
    assert CustomerLink.of(user.id).sf_number == "SF-2023"


@pytest.mark.sqlite
def test_a_verified_number_is_not_corrected(console: Console) -> None:
    holder = claimant(1, verified=True)
    with pytest.raises(Refused, match="link_settled"):
        linking.renumber(holder.user, "SF-1002", actor="user:1", reason="Typing error")
