"""A staff retry: allowed where it helps, refused where it would harm, and always on record."""

import pytest

from console import clock
from console.errors import Refused
from console.models import AuditEntry, Job, JobEvent, JobStep, OutboxMessage, UpstreamState
from console.services.retrying import retry
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")
USED_UP = {
    "attempt": 12, "crash_count": 2, "ambiguous_count": 3, "error_class": "retryable",
    "error_code": "unavailable", "error_text": "no route",
}  # fmt: skip


@pytest.mark.parametrize("state", ["needs_attention", "retry_wait", "waiting"])
def test_it_queues_with_fresh_counters(state):
    job = jobs.job(jobs.customer(), state, next_run_at=clock.after(900), evidence={"found": 2}, waiting_since=clock.now(), **USED_UP)
    retry(job, "user:7")
    fresh = Job.get_by_id(job.id)
    assert (fresh.state, fresh.attempt, fresh.crash_count, fresh.ambiguous_count) == ("queued", 0, 0, 0)
    assert (fresh.error_class, fresh.error_code, fresh.error_text, fresh.evidence, fresh.waiting_since) == ("", "", "", None, None)
    assert Job.due(30) == [job.id]


def test_it_keeps_what_was_done():
    job = jobs.job(jobs.customer(), "needs_attention")
    jobs.stepped(job, "esim", "sub_1", line=jobs.item_id(1), iccid="8981000000000004821")
    JobStep.put(job, "add_order", "", state="started", started_at=clock.now())
    retry(job, "user:7")
    assert {step.name: step.state for step in JobStep.select()} == {"esim": "done", "add_order": "started"}


def test_it_is_audited_and_tells_salesforce():
    job = jobs.job(jobs.customer(), "needs_attention")
    retry(job, "user:7", "client linked again", "0b6c3a54-9d51-44a3-9c71-3fd0a8f7b0ce")
    entry = AuditEntry.get()
    assert (entry.actor, entry.verb, entry.subject, entry.reason) == ("user:7", "retry", f"job:{job.id}", "client linked again")
    assert entry.correlation_id == "0b6c3a54-9d51-44a3-9c71-3fd0a8f7b0ce"
    assert JobEvent.select().where((JobEvent.actor == "user:7") & (JobEvent.what == "queued")).count() == 1
    assert [row.sf_order_id for row in OutboxMessage.select().where(OutboxMessage.kind == "sf_status")] == [job.sf_order_id]


def test_it_writes_no_status_for_a_sign_up():
    user = jobs.customer()
    job, _new = Job.make("signup", str(user.id), user=user.id, source="console", state="needs_attention")
    retry(job, "cli")
    assert Job.get_by_id(job.id).state == "queued"
    assert not OutboxMessage.select().exists()


def test_it_frees_what_a_breaker_holds_and_has_it_probe_at_once():
    UpstreamState.trip("whmcs", "config", "invalid_ip", 60)
    job = jobs.job(jobs.customer(), "held", held_by="whmcs", **USED_UP)
    retry(job, "user:7", "address allowed again")
    fresh = Job.get_by_id(job.id)
    assert (fresh.state, fresh.held_by, fresh.attempt) == ("queued", "", 0)
    assert UpstreamState.probe_due() == ["whmcs"]


@pytest.mark.parametrize("state", ["queued", "held", "needs_customer", "succeeded", "cancelled", "skipped"])
def test_it_is_refused_where_it_makes_no_sense(state):
    job = jobs.job(jobs.customer(), state, held_by="staff" if state == "held" else "")
    with pytest.raises(Refused) as refusal:
        retry(job, "user:7")
    assert refusal.value.code == "not_retryable"
    assert Job.get_by_id(job.id).state == state
    assert not AuditEntry.select().exists()


def test_it_is_refused_while_running():
    job = jobs.job(jobs.customer(), "retry_wait")
    assert Job.claim(job.id, "worker", 60)
    with pytest.raises(Refused) as refusal:  # the page was shown before the claim
        retry(job, "user:7")
    assert refusal.value.code == "running"
    assert Job.get_by_id(job.id).state == "running"


def test_it_happens_once_for_two_clicks():
    job = jobs.job(jobs.customer(), "needs_attention")
    retry(job, "user:7")
    with pytest.raises(Refused) as refusal:
        retry(job, "user:7")
    assert refusal.value.code == "not_retryable"
    assert AuditEntry.select().count() == 1


def test_it_is_not_turned_away_by_a_status_write():
    job = jobs.job(jobs.customer(), "needs_attention")
    Job.borrow(job.id, "sender", 60)
    retry(job, "user:7")
    assert Job.get_by_id(job.id).state == "queued"


def test_it_keeps_no_address_from_the_reason():
    retry(jobs.job(jobs.customer(), "needs_attention"), "user:7", "spoke with sara@example.com, card 4242 4242 4242 4242")
    assert AuditEntry.get().reason == "spoke with [redacted], card [redacted]"
