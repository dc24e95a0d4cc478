"""A changed address: kept before billing is asked, written once it answers, the last one wins; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest

from console import clock
from console.clients.whmcs import Address
from console.errors import Refused
from console.models import BillingChange, CustomerLink, Job, User
from console.models import database as bound
from console.services import billing, billing_changes
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.services.provisioning.sweeping import sweep
from console.wiring import Console
from tests.support import customers
from tests.support.sandbox import Control, Running
from tests.support.web import make_link, make_person

NEW = Address("Aiko", "Tanaka", "0312345678", "530-0001", "Osaka", "大阪市北区", "梅田1-1", "", "JP")


@pytest.fixture
def link(console: Console, sandbox: Running) -> CustomerLink:
    return customers.finished(console.upstreams, sandbox, card=False)[1]


def change(console: Console, link: CustomerLink, **changed: str) -> str:
    return billing_changes.change(console.upstreams, console.policy, link, changed)


def there(console: Console, link: CustomerLink) -> Address:
    return console.upstreams.whmcs.client(link.whmcs_client_id).address


def run(console: Console, link: CustomerLink) -> Job:
    job = Job.keyed(f"billing:{link.user_id}")
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job.id).execute()
    engine.run(job.id, PLANS["billing"], console.upstreams, console.policy, "worker:test")
    return Job.get_by_id(job.id)


def test_it_is_written_at_once_and_nothing_is_left_here(console: Console, link: CustomerLink) -> None:
    assert change(console, link, **asdict(NEW)) == "synced"
    assert there(console, link) == NEW
    assert billing.details(console.upstreams, link) == billing.Details(NEW, "synced")
    assert BillingChange.select().count() == 0
    assert User.get_by_id(link.user_id).first_name == "Aiko"


@pytest.mark.parametrize("fault", ["refuse", "timeout_before", "timeout_after", "error_after", "html", "truncated"])
@pytest.mark.sqlite
def test_it_is_kept_until_billing_has_it(console: Console, link: CustomerLink, control: Control, fault: str) -> None:
    control.fault("whmcs", "UpdateClient", fault, count=1, delay_ms=50)
    assert change(console, link, **asdict(NEW)) == "pending"
    assert billing.details(console.upstreams, link) == billing.Details(NEW, "pending")
    assert run(console, link).state == "succeeded"
    assert there(console, link) == NEW
    assert BillingChange.select().count() == 0


def test_the_last_one_wins_and_lays_itself_over_the_one_before(console: Console, link: CustomerLink, control: Control) -> None:
    control.fault("whmcs", "UpdateClient", "refuse", count=2)
    change(console, link, city="大阪市", address1="梅田1")
    assert change(console, link, address1="梅田2") == "pending"
    assert BillingChange.of(link.user_id).fields == {"city": "大阪市", "address1": "梅田2"}
    before = there(console, link)
    assert billing.address(console.upstreams, link) == replace(before, city="大阪市", address1="梅田2")
    assert run(console, link).state == "succeeded"
    assert there(console, link) == replace(before, city="大阪市", address1="梅田2")


def test_it_is_known_here_while_billing_is_down(console: Console, link: CustomerLink, control: Control) -> None:
    control.fault("whmcs", "*", "refuse")
    change(console, link, **asdict(NEW))
    assert billing.details(console.upstreams, link).address == NEW


def test_a_change_in_the_moment_of_the_write_is_not_lost(console: Console, link: CustomerLink) -> None:
    change(console, link, city="大阪市")
    job = Job.keyed(f"billing:{link.user_id}")
    BillingChange.put(link.user_id, {"city": "京都市"})  # as one that found the job still running
    sweep(console.policy)
    assert Job.get_by_id(job.id).state == "queued"
    assert run(console, link).state == "succeeded"
    assert there(console, link).city == "京都市"
    sweep(console.policy)
    assert Job.get_by_id(job.id).state == "succeeded"


def test_what_was_changed_again_meanwhile_is_not_forgotten(console: Console, link: CustomerLink) -> None:
    BillingChange.put(link.user_id, {"city": "大阪市"})
    older = BillingChange.of(link.user_id)
    BillingChange.put(link.user_id, {"city": "京都市"})
    older.written()
    assert BillingChange.of(link.user_id).fields == {"city": "京都市"}


def test_changes_that_come_together_are_one_job_and_all_written(console: Console, link: CustomerLink) -> None:
    wanted = {"city": "大阪市", "address1": "梅田1", "address2": "8F", "phone": "0312345678"}

    def one(field: str) -> None:
        try:
            change(console, link, **{field: wanted[field]})
        finally:
            bound.close()

    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(one, wanted))
    sweep(console.policy)
    while BillingChange.of(link.user_id):
        run(console, link)
        sweep(console.policy)
    assert {name: value for name, value in asdict(there(console, link)).items() if name in wanted} == wanted
    assert Job.select().where(Job.kind == "billing").count() == 1


@pytest.mark.sqlite
def test_a_no_waits_for_staff_and_a_new_change_tries_again(console: Console, link: CustomerLink, control: Control) -> None:
    control.fault("whmcs", "UpdateClient", "business_error", count=1)
    assert change(console, link, city="大阪市") == "pending"
    assert Job.keyed(f"billing:{link.user_id}").state == "needs_attention"
    assert change(console, link, city="京都市") == "synced"
    assert there(console, link).city == "京都市"


@pytest.mark.sqlite
def test_what_staff_hold_stays_held(console: Console, link: CustomerLink, control: Control) -> None:
    control.fault("whmcs", "UpdateClient", "refuse", count=1)
    change(console, link, city="大阪市")
    Job.update(state="held", held_by="staff").where(Job.kind == "billing").execute()
    assert change(console, link, city="京都市") == "pending"
    assert Job.get(Job.kind == "billing").state == "held"


@pytest.mark.sqlite
def test_an_unfinished_or_refused_account_has_none(console: Console) -> None:
    person = make_person("kenji.sato@example.com")
    for link in (None, make_link(person, verified=False, rejected_at=clock.now())):
        with pytest.raises(Refused, match="account_not_ready"):
            change(console, link, city="大阪市")
    assert Job.select().count() == 0
