"""One job's story: the four systems on one line of time, tries that repeat told once, what is still to come at the end."""

from datetime import timedelta

import pytest

from console import clock
from console.models import InboxEvent, Job, JobEvent, JobStep, OutboxMessage
from console.services.job_story import tell
from console.services.retrying import retry
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def job():
    return jobs.job(jobs.customer(), "needs_attention", number=146)


def _told(job):
    return [(entry.lane, entry.state, entry.title) for entry in tell(job).entries]


def test_it_joins_the_four_systems(job):
    jobs.arrived(job)
    jobs.stepped(job, "guard", "8015g")
    jobs.stepped(job, "payment_method")
    jobs.stepped(job, "esim", "sub_1", line=jobs.item_id(146), iccid="8981000000000004821")
    OutboxMessage.mail("order_received", job.user_id, "146", domain="console.example", sf_order_id=job.sf_order_id)
    told = _told(job)
    for expected in [
        ("Salesforce", "done", "Approved, event received"), ("Console", "done", "Job made"),
        ("Salesforce", "done", "Order read and checked"), ("WHMCS", "done", "Payment method"), ("Mobile", "done", "eSIM"),
        ("Mail", "current", "Order received: on its way"),
    ]:  # fmt: skip
        assert expected in told


def test_it_tells_what_a_step_brought(job):
    jobs.stepped(job, "esim", "sub_1", line=jobs.item_id(146), iccid="8981000000000004821")
    jobs.stepped(job, "add_order", "981")
    details = {entry.title: entry.detail for entry in tell(job).entries}
    assert details["eSIM"] == "ICCID 8981000000000004821"
    assert details["WHMCS order"] == "order 981"


def test_it_tells_repeated_failures_once(job):
    start = clock.now()
    for n in range(4):
        jobs.tried(job, "guard", "done", at=start + timedelta(seconds=2 * n))
        after = start + timedelta(seconds=2 * n + 1)
        jobs.tried(job, "add_order", "permanent", at=after, error_code="Client ID Not Found", error_text="refused")
    failed = [entry for entry in tell(job).entries if entry.state == "problem"]
    assert [(entry.title, entry.first_try, entry.times, entry.detail) for entry in failed] == [
        ("WHMCS order: refused", 1, 4, "Client ID Not Found · refused")
    ]
    assert [entry.title for entry in tell(job).entries if entry.at].count("Order read and checked") == 1


def test_it_numbers_tries_of_a_step(job):
    jobs.tried(job, "add_order", "ambiguous", error_code="timeout")
    jobs.tried(job, "add_order", "permanent", error_code="Client ID Not Found")
    jobs.tried(job, "add_order", "permanent", error_code="Client ID Not Found")
    tries = [(entry.first_try, entry.times) for entry in tell(job).entries if entry.title.startswith("WHMCS order:")]
    assert tries == [(1, 1), (2, 2)]


def test_it_begins_the_numbers_anew_after_a_retry(job):
    jobs.tried(job, "add_order", "permanent", error_code="no", at=clock.now() - timedelta(seconds=2))
    retry(job, "user:7", "linked again")
    jobs.tried(job, "add_order", "permanent", error_code="no", at=clock.now() + timedelta(seconds=1))
    told = [(entry.title, entry.first_try, entry.actor) for entry in tell(job).entries if entry.at]
    assert ("Retry asked for", 0, "user:7") in told
    assert [row[1] for row in told if row[0] == "WHMCS order: refused"] == [1, 1]


def test_it_ends_with_what_is_still_to_come(job):
    for step in ("guard", "payment_method", "mobile_user"):
        jobs.stepped(job, step)
    ahead = [entry.title for entry in tell(job).entries if entry.at is None]
    assert ahead == ["eSIM", "eSIM profile", "WHMCS order", "Services matched", "Accept order", "Service fields", "Write back"]


def test_it_promises_no_esim_for_other_orders():
    job = jobs.job(jobs.customer(), "running", number=9, snapshot=jobs.snapshot(9, plan=""))
    ahead = [(entry.title, entry.state) for entry in tell(job).entries if entry.at is None]
    assert ahead[0] == ("Order read and checked", "current")
    assert "eSIM" not in dict(ahead)


@pytest.mark.parametrize("state", ["succeeded", "cancelled", "skipped"])
def test_it_promises_nothing_once_ended(state):
    job = jobs.job(jobs.customer(), state, finished_at=clock.now())
    assert all(entry.at for entry in tell(job).entries)


def test_it_names_the_line_where_there_are_several():
    snapshot = jobs.snapshot(5)
    snapshot["lines"].append(snapshot["lines"][0] | {"item_id": jobs.item_id(6), "name": "eSIM 20 GB"})
    job = jobs.job(jobs.customer(), "running", number=5, snapshot=snapshot)
    jobs.stepped(job, "esim", "sub_2", line=jobs.item_id(6))
    assert "eSIM" in [entry.title for entry in tell(job).entries]
    jobs.stepped(job, "esim", "sub_1", line=jobs.item_id(5))
    assert {"eSIM (eSIM 5 GB)", "eSIM (eSIM 20 GB)"} <= {entry.title for entry in tell(job).entries}


def test_it_shows_an_event_that_was_not_taken(job):
    InboxEvent.create(event_uuid="x", sf_order_id=job.sf_order_id, state="ignored", reason="duplicate")
    assert ("Salesforce", "problem", "Approved, event received") in _told(job)


def test_it_tells_what_happened_from_outside(job):
    happened = [("sweeper", "queued", "crash 1"), ("stream", "event_again", "needs_attention"), ("worker", "needs_attention", "x")]
    for actor, what, detail in happened:
        JobEvent.note(job.id, actor, what, detail)
    told = [(entry.state, entry.title, entry.detail) for entry in tell(job).entries if entry.lane == "Console"]
    assert told[1:] == [
        ("done", "Taken over from a worker that stopped", "crash 1"),
        ("done", "A further event", "recorded only: the job was Needs attention"),
        ("problem", "Needs attention", ""),
    ]


def test_it_tells_of_a_lost_answer(job):
    JobStep.put(job, "add_order", "", state="started", started_at=clock.now(), unsure_at=clock.now(), negatives=2)
    entry = next(entry for entry in tell(job).entries if entry.title == "WHMCS order")
    assert (entry.state, entry.detail) == ("current", "Outcome unknown; looked up 2 times: nothing exists.")


def test_it_counts_waiting_and_working_time(job):
    jobs.tried(job, "guard", "done", duration_ms=1500)
    Job.update(created_at=clock.now() - timedelta(seconds=60)).execute()
    story = tell(Job.get_by_id(job.id))
    assert story.worked_s == 1.5
    assert 58 < story.waited_s < 60


def test_it_tells_a_sign_up():
    user = jobs.customer()
    job, _new = Job.make("signup", str(user.id), user=user.id, source="console")
    OutboxMessage.mail("welcome", user.id, str(user.id), domain="console.example")
    OutboxMessage.mail("order_received", user.id, "9", domain="console.example", sf_order_id=jobs.order_id(9))
    told = [entry.title for entry in tell(job).entries]
    assert told == ["Job made", "Welcome: on its way", "Account by number", "Link to the Account", "WHMCS client", "Account finished"]


def test_it_takes_nothing_to_do_for_no_problem():
    job = jobs.job(jobs.customer(), "skipped", number=147, error_code="not_activating", finished_at=clock.now())
    jobs.tried(job, "guard", "stopped", error_code="not_activating")
    assert ("Salesforce", "done", "Order read and checked: nothing to do") in _told(job)


def test_it_takes_what_is_still_at_work_for_no_problem(job):
    jobs.tried(job, "esim", "pending")
    jobs.tried(job, "esim", "pending")
    told = [(entry.title, entry.state, entry.times) for entry in tell(job).entries if entry.at and entry.title.startswith("eSIM")]
    assert told == [("eSIM: still at work there", "current", 2)]
