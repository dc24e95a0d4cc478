"""Run now, hold, release and cancel: one conditional change of the row, or a refusal that changes nothing."""

from __future__ import annotations

import threading
import time

import pytest

from console import clock
from console.errors import Refused
from console.models import AuditEntry, Job, JobEvent, JobStep, Order, OutboxMessage, database
from console.services.provisioning import engine, steering
from console.services.provisioning.plan import Plan, Step
from console.services.provisioning.sweeping import sweep
from console.services.provisioning.verbs import VERBS, fits
from console.wiring import Console
from tests.support import jobs
from tests.support.plans import World
from tests.support.together import at_once

WHO = {"actor": "user:7", "reason": "agreed by telephone"}
FAILED = {"attempt": 3, "crash_count": 1, "error_class": "retryable", "error_code": "refused", "next_run_at": clock.after(900)}


def steer(console: Console, verb: str, job: Job) -> Job:
    getattr(steering, verb)(console.upstreams, console.policy, job, **WHO)
    return Job.get_by_id(job.id)


def statuses() -> list[str]:
    return [row.sf_order_id for row in OutboxMessage.select().where(OutboxMessage.kind == "sf_status")]


@pytest.mark.parametrize("state", ["retry_wait", "waiting", "needs_customer"])
def test_it_runs_now_with_its_counters(console: Console, state: str) -> None:
    since = clock.after(-60)
    job = steer(console, "resume", jobs.job(jobs.customer(), state, waiting_since=since, **FAILED))
    assert (job.state, job.attempt, job.crash_count, job.error_code) == ("queued", 3, 1, "refused")
    assert abs((job.waiting_since - since).total_seconds()) < 0.01
    assert Job.due(30) == [job.id]
    assert statuses() == ([job.sf_order_id] if state == "needs_customer" else [])


@pytest.mark.parametrize("state", ["queued", "waiting", "retry_wait", "needs_customer", "held"])
def test_it_holds_until_it_is_released(console: Console, state: str) -> None:
    job = steer(console, "hold", jobs.job(jobs.customer(), state, held_by="whmcs" if state == "held" else "", **FAILED))
    assert (job.state, job.held_by, job.lease_until) == ("held", "staff", None)
    assert sweep(console.policy).jobs == []
    job = steer(console, "release", job)
    assert (job.state, job.held_by, job.attempt) == ("queued", "", 3)
    assert sweep(console.policy).jobs == [job.id]
    assert [(event.actor, event.what, event.detail) for event in JobEvent.select().where(JobEvent.actor == "user:7")] == [
        ("user:7", "hold", "agreed by telephone"), ("user:7", "release", "agreed by telephone"),
    ]  # fmt: skip
    assert [entry.verb for entry in AuditEntry.select()] == ["hold", "release"]
    states = [event.what for event in JobEvent.select().where(JobEvent.actor == "staff")]
    assert states == (["held", "queued"] if state != "held" else ["queued"]), "the chain of states has no gap"


@pytest.mark.parametrize("state", ["queued", "waiting", "retry_wait", "needs_customer", "held", "needs_attention"])
def test_it_cancels_what_nothing_was_made_for(console: Console, state: str) -> None:
    job = jobs.job(jobs.customer(), state, **FAILED)
    JobStep.put(job, "add_order", "", state="pending")
    JobStep.put(job, "esim", "line", state="undone")
    job = steer(console, "cancel", job)
    assert (job.state, job.error_code, job.attempt, Order.at(job.sf_order_id).state) == ("cancelled", "cancelled_by_staff", 0, "cancelled")
    assert job.finished_at
    assert statuses() == [job.sf_order_id]


@pytest.mark.parametrize("made", ["started", "done", "adopted"])
def test_it_cancels_nothing_that_has_effects(console: Console, made: str) -> None:
    job = jobs.job(jobs.customer(), "needs_attention")
    JobStep.put(job, "add_order", "", state=made)
    with pytest.raises(Refused) as refusal:
        steer(console, "cancel", job)
    after = Job.get_by_id(job.id)
    assert (refusal.value.code, refusal.value.detail["effects"]) == ("effects_left", ["add_order"])
    assert (after.state, after.lease_until, statuses(), AuditEntry.select().count()) == ("needs_attention", None, [], 0)


@pytest.mark.parametrize("state", ["running", "succeeded", "cancelled", "skipped"])
def test_it_refuses_where_the_table_does(console: Console, state: str) -> None:
    job = jobs.job(jobs.customer(), state, lease_until=clock.after(60) if state == "running" else None)
    for verb in ("resume", "hold", "release", "keep", "cancel"):
        with pytest.raises(Refused) as refusal:
            steer(console, verb, job)
        assert refusal.value.code == ("running" if state == "running" else "not_possible")
    assert (Job.get_by_id(job.id).state, AuditEntry.select().count()) == (state, 0)


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 301])
def test_it_wants_a_reason_where_money_is_at_stake(console: Console, reason: str) -> None:
    job = jobs.job(jobs.customer(), "needs_attention")
    with pytest.raises(Refused) as refusal:
        steering.cancel(console.upstreams, console.policy, job, actor="cli", reason=reason)
    assert (refusal.value.code, Job.get_by_id(job.id).fence) == ("reason_needed", job.fence)


def test_it_waits_for_a_status_write_that_has_the_job(console: Console) -> None:
    job = jobs.job(jobs.customer(), "retry_wait")
    sender = Job.borrow(job.id, "sender", 60)

    def send() -> None:
        time.sleep(0.15)
        sender.give_back()
        database.close()

    giving_back = threading.Thread(target=send)
    giving_back.start()
    assert steer(console, "hold", job).state == "held"
    giving_back.join()


def test_it_gives_up_on_a_status_write_that_does_not_end(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.services.provisioning.borrowed.PATIENCE_S", 0.05)
    job = jobs.job(jobs.customer(), "retry_wait")
    Job.borrow(job.id, "sender", 60)
    with pytest.raises(Refused) as refusal:
        steer(console, "hold", job)
    assert refusal.value.code == "busy"


def test_it_keeps_no_snapshot_but_for_a_changed_order(console: Console) -> None:
    job = jobs.job(jobs.customer(), "needs_attention", error_code="amount_differs", evidence={"now": []})
    assert not fits(job, "keep")
    with pytest.raises(Refused):
        steer(console, "keep", job)


def test_it_lets_either_the_cancel_or_the_worker_win(console: Console) -> None:
    for head_start in range(-8, 8):
        job, world, refused = jobs.job(jobs.customer(), "queued", next_run_at=clock.after(-1)), World(), []
        at_once(
            lambda: _worker(console, job, world, max(0, head_start) / 1000),  # noqa: B023
            lambda: _cancel(console, job, refused, max(0, -head_start) / 1000),  # noqa: B023
        )
        after, made = Job.get_by_id(job.id), len(world.made)
        assert (after.state, made, bool(refused)) in {("cancelled", 0, False), ("succeeded", 1, True)}
        assert (Order.at(job.sf_order_id).state == "cancelled") == (after.state == "cancelled")


def _worker(console: Console, job: Job, world: World, late_s: float) -> None:
    time.sleep(late_s)
    plan = Plan((Step("add_order", "whmcs", world.call, look_up=world.find),), lambda run: None, lambda run: None)
    engine.run(job.id, plan, console.upstreams, console.policy, "worker:test")


def _cancel(console: Console, job: Job, refused: list[Refused], late_s: float) -> None:
    time.sleep(late_s)
    try:
        steer(console, "cancel", job)
    except Refused as refusal:
        refused.append(refusal)


def test_the_table_names_every_verb_once() -> None:
    assert len({verb.noun for verb in VERBS.values()}) == len(VERBS)
    assert {name for name, verb in VERBS.items() if verb.reasoned} == {"adopt", "complete", "undo", "keep", "cancel"}
    assert not any({"running", "succeeded", "cancelled", "skipped"} & verb.states for verb in VERBS.values())
