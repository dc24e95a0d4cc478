"""A question to our support is kept at once and becomes one Case, whatever Salesforce does meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from console import clock, models
from console.errors import Refused
from console.models import CustomerLink, Job, Order, SupportRequest, User
from console.services import asking_support
from console.services.asking_support import LONGEST, ask, clean
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.wiring import Console
from tests.support import jobs, ordered
from tests.support.plans import quick
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

CARD = "４２４２　４２４２　４２４２　４２４２"


def form() -> str:
    return str(uuid4())


def wrong(user: User, order: Order | None, topic: str, text: str, form_id: str) -> dict[str, str]:
    with pytest.raises(Refused) as refusal:
        ask(user, order, topic, text, form_id)
    assert (refusal.value.code, SupportRequest.select().count(), Job.select().count()) == ("fields", 0, 0)
    return refusal.value.detail["errors"]


def run(console: Console, job_id: int) -> Job:
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job_id).execute()
    engine.run(job_id, PLANS["case"], console.upstreams, console.policy, "worker:test")
    return Job.get_by_id(job_id)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  one\r\n\r\n\r\n\r\ntwo  ", "one\n\ntwo"), (f"card {CARD}!", "card **** 4242!"), ("4242 4242\n4242 4242", "**** 4242"),
        ("a\0b\x1bc", "a b c"), ("ｆｕｌｌ　ｗｉｄｔｈ １２", "full width 12"),
        ("<script>1</script> ' OR 1=1 --", "<script>1</script> ' OR 1=1 --"),
        ("助けて😀", "助けて😀"), (None, ""), (" \n\t\u2028 ", ""),
    ],
)  # fmt: skip
def test_it_makes_plain_what_was_typed(typed: str | None, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.usefixtures("database")
def test_it_names_each_field_that_is_wrong() -> None:
    user = jobs.customer()
    assert wrong(user, None, "progress", "", "1") == {"topic": "unknown", "text": "needed", "form_id": "malformed"}
    assert wrong(user, jobs.order(user), "nonsense", "x" * (LONGEST + 1), form()) == {"topic": "unknown", "text": "too_long"}


@pytest.mark.usefixtures("database")
def test_it_is_one_of_many_clicks() -> None:
    user, form_id = jobs.customer(), form()

    def click(_n: int) -> tuple[int, tuple[int, ...]]:
        try:
            asked = ask(user, None, "billing", "Why?", form_id)
            return asked.request.id, asked.jobs
        finally:
            models.database.close()

    with ThreadPoolExecutor(4) as clicks:
        seen = list(clicks.map(click, range(8)))
    [row], [job] = list(SupportRequest.select()), list(Job.select())
    assert {request_id for request_id, _jobs in seen} == {row.id}
    assert sorted(rung for _id, rung in seen) == [()] * 7 + [(job.id,)]


@pytest.mark.usefixtures("database")
def test_the_same_form_of_another_person_is_another_message() -> None:
    form_id, aiko, kenji = form(), jobs.customer(), jobs.customer()
    mine, theirs = ask(aiko, None, "other", "Mine", form_id).request, ask(kenji, None, "other", "Theirs", form_id).request
    assert mine.id != theirs.id
    assert mine.idem_key != theirs.idem_key
    assert asking_support.mine(kenji, mine.id) is None
    assert asking_support.newest(kenji) == [theirs]


@pytest.fixture
def aiko(console: Console, sandbox: Running) -> tuple[User, CustomerLink]:
    return ordered.customer(console, sandbox)


def cases(sandbox: Running, asked: SupportRequest) -> list[dict[str, str]]:
    soql = "SELECT CaseNumber, Subject, Description, Origin, AccountId FROM Case WHERE Portal_Idem_Key__c = '{}'"
    return SfRest(sandbox.info["salesforce"]).login().query(soql.format(asked.idem_key))


def test_it_becomes_a_case_with_the_order(console: Console, sandbox: Running, aiko: tuple[User, CustomerLink]) -> None:
    order = ordered.place(console, *aiko)
    asked = ask(aiko[0], order, "change", f"Two please.\nMy card is {CARD}", form())
    assert run(console, asked.jobs[0]).state == "succeeded"
    [case], row = cases(sandbox, asked.request), SupportRequest.get()
    assert case["Subject"] == f"Portal: Change of an order · order {order.order_number}"
    assert (case["Origin"], case["AccountId"]) == ("Portal", aiko[1].sf_account_id)
    context = (order.order_number, order.sf_order_id, "acknowledged", row.reference, aiko[1].sf_number)
    for said in (*context, "Two please.\nMy card is **** 4242"):
        assert said in case["Description"]
    assert aiko[0].email not in case["Description"]
    assert (row.case_number, row.text) == (case["CaseNumber"], "")


@pytest.mark.sqlite
def test_it_needs_no_order_and_no_finished_account(console: Console, sandbox: Running) -> None:
    newcomer = User.create(email="new@home.example", password_hash="x", sf_number="SF-9999", confirmed_at=clock.now())
    asked = ask(newcomer, None, "account", "My number?", form())
    assert run(console, asked.jobs[0]).state == "succeeded"
    [case] = cases(sandbox, asked.request)
    assert (case["Subject"], case["AccountId"]) == ("Portal: Account or details", None)
    assert "SF-9999 (not verified)" in case["Description"]


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", ["refuse", "error_before", "error_after", "timeout_after", "html", "truncated"])
def test_it_is_one_case_however_salesforce_answers(
    console: Console, sandbox: Running, control: Control, aiko: tuple[User, CustomerLink], fault: str
) -> None:
    patient = quick(console, breaker_failures=99)
    asked = ask(aiko[0], None, "other", "Hello?", form())
    control.fault("salesforce", "sobject.upsert:Case", fault, count=2, delay_ms=50)
    states = [run(patient, asked.jobs[0]).state for _ in range(3)]
    assert states == ["retry_wait", "retry_wait", "succeeded"]
    assert len(cases(sandbox, asked.request)) == 1


@pytest.mark.sqlite
def test_it_is_kept_while_salesforce_is_down(console: Console, sandbox: Running, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    asked = ask(aiko[0], None, "other", "Hello?", form())
    control.fault("salesforce", "*", "refuse")
    for _ in range(console.policy.breaker_failures + 2):
        job = run(console, asked.jobs[0])
    assert (job.state, job.held_by, SupportRequest.get().text) == ("held", "salesforce", "Hello?")
