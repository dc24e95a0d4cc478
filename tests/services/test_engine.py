"""The engine: each effect once, whatever the call came to and wherever the last run ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console import clock
from console.errors import (
    Ambiguous,
    Contradiction,
    LeaseLost,
    Misconfigured,
    NeedsCustomer,
    NotYet,
    OutOfStock,
    Rejected,
    Stop,
    Throttled,
    Unavailable,
)
from console.models import Attempt, Job, JobEvent, JobStep
from console.services.provisioning import engine
from console.services.provisioning.plan import Done, Plan, Step
from console.services.retrying import retry
from console.wiring import Console
from tests.support.plans import OWNER, World, make_job, quick, run, step


def test_it_does_each_step_once_and_ends(console: Console) -> None:
    world, job = World(), make_job()
    done = run(console, job, world.plan())
    assert (done.state, world.made, world.ended) == ("succeeded", [job.dedupe_key], ["finished"])
    assert (step(job).state, step(job).upstream_ref) == ("done", "ref-1")


def test_it_runs_nothing_again_once_it_has_ended(console: Console) -> None:
    world, job = World(), make_job()
    run(console, job, world.plan())
    assert engine.run(job.id, world.plan(), console.upstreams, console.policy, OWNER) is None
    assert len(world.made) == 1


def test_it_is_quiet_when_another_worker_has_the_job(console: Console) -> None:
    world, job = World(), make_job()
    assert Job.claim(job.id, "worker:other", 60)
    assert engine.run(job.id, world.plan(), console.upstreams, console.policy, OWNER) is None
    assert world.made == []


def test_it_tries_again_what_was_surely_not_executed(console: Console) -> None:
    world, job = World(answers=[Unavailable("whmcs", "refused")]), make_job()
    waiting = run(console, job, world.plan())
    assert (waiting.state, waiting.attempt, waiting.error_code, step(job).state) == ("retry_wait", 1, "refused", "pending")
    assert run(console, job, world.plan()).state == "succeeded"
    assert (len(world.made), world.looked) == (1, 0)


def test_it_waits_as_long_as_a_throttle_asks(console: Console) -> None:
    world, job = World(answers=[Throttled("whmcs", "slow_down", retry_after=90)]), make_job()
    assert run(console, job, world.plan()).next_run_at > clock.after(80)


def test_it_gives_up_after_the_last_attempt(console: Console) -> None:
    console = quick(console, attempts=2)
    world, job = World(answers=[Unavailable("whmcs", "refused")] * 2), make_job()
    run(console, job, world.plan())
    assert (run(console, job, world.plan()).state, world.ended[-1]) == ("needs_attention", "needs_attention")


def test_it_adopts_what_a_lost_answer_left(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=0.0)
    world, job = World(answers=[Ambiguous("whmcs", "timeout")], late=True), make_job()
    unsure = run(console, job, world.plan())
    assert (unsure.state, unsure.attempt, unsure.ambiguous_count, step(job).state) == ("retry_wait", 0, 1, "started")
    assert run(console, job, world.plan()).state == "succeeded"
    assert (len(world.made), step(job).state, step(job).upstream_ref) == (1, "adopted", "ref-found")


def test_it_settles_before_it_looks(console: Console) -> None:
    console = quick(console, settle={"whmcs": 120.0})
    world, job = World(answers=[Ambiguous("whmcs", "timeout")], late=True), make_job()
    run(console, job, world.plan())
    settling = run(console, job, world.plan())
    assert (settling.state, world.looked) == ("waiting", 0)
    assert settling.next_run_at > clock.after(100)


def test_it_looks_twice_before_it_calls_again(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=0.0)
    world, job = World(answers=[Ambiguous("whmcs", "timeout")]), make_job()
    run(console, job, world.plan())
    assert run(console, job, world.plan()).state == "succeeded"
    assert (world.looked, len(world.made), step(job).sends) == (2, 1, 2)


def test_it_keeps_the_time_between_two_look_ups(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=60.0)
    world, job = World(answers=[Ambiguous("whmcs", "timeout")]), make_job()
    run(console, job, world.plan())
    waiting = run(console, job, world.plan())
    assert (waiting.state, world.looked, step(job).negatives) == ("waiting", 1, 1)
    assert run(console, job, world.plan()).state == "waiting"
    assert world.looked == 1


def test_it_repeats_at_most_twice_and_then_asks_a_person(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=0.0)
    world, job = World(answers=[Ambiguous("whmcs", "timeout")] * 9), make_job()
    for _ in range(6):
        last = run(console, job, world.plan())
    assert (last.state, last.error_code, step(job).sends) == ("needs_attention", "outcome_unknown", 3)


@pytest.mark.parametrize(("came", "made", "state"), [([], ["provision:test-0"], "done"), (["late"], ["late"], "adopted")])
def test_it_looks_anew_when_a_person_retries_and_goes_on(console: Console, came: list[str], made: list[str], state: str) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=0.0)
    world, job = World(answers=[Ambiguous("whmcs", "timeout")] * 3), make_job()
    while (last := run(console, job, world.plan())).state != "needs_attention":
        pass
    world.made += came
    retry(last, "user:7")
    assert (run(console, job, world.plan()).state, world.made, step(job).state) == ("succeeded", made, state)


def test_it_looks_first_where_the_last_run_died(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0}, look_again_s=0.0)
    world, job = World(made=["by the worker that died"]), make_job()
    died = Job.claim(job.id, "worker:dead", 60)
    assert died
    JobStep.put(died, "effect", "", state="started", started_at=clock.now(), sends=1)
    died.release("queued")
    assert run(console, job, world.plan()).state == "succeeded"
    assert (world.made, step(job).state) == (["by the worker that died"], "adopted")


def test_it_stays_unsure_when_the_look_up_fails(console: Console) -> None:
    console = quick(console, settle={"whmcs": 0.0})
    world, job = World(answers=[Ambiguous("whmcs", "timeout")], late=True), make_job()
    run(console, job, world.plan())

    def down(*_: object) -> Done | None:
        raise Unavailable("whmcs", "refused")

    broken = Plan((Step("effect", "whmcs", world.call, look_up=down),), lambda run: None, lambda run: None)
    assert run(console, job, broken).state == "retry_wait"
    assert (step(job).state, len(world.made)) == ("started", 1)


def test_it_takes_an_unknown_answer_of_a_read_as_not_done(console: Console) -> None:
    world, job = World(answers=[Ambiguous("whmcs", "html")]), make_job()
    assert (run(console, job, world.plan(effect=False)).error_class, run(console, job, world.plan(effect=False)).state) == (
        "retryable",
        "succeeded",
    )


def test_it_sleeps_short_waits_inside_the_lease(console: Console) -> None:
    world, job = World(answers=[NotYet("whmcs", "pending", poll_after=0.01)] * 3), make_job()
    assert run(console, job, world.plan(effect=False)).state == "succeeded"


def test_it_frees_the_thread_for_long_waits_and_counts_no_attempt(console: Console) -> None:
    world, job = World(answers=[NotYet("whmcs", "pending", poll_after=30)]), make_job()
    waiting = run(console, job, world.plan(effect=False))
    assert (waiting.state, waiting.attempt) == ("waiting", 0)


def test_it_calls_a_person_when_a_wait_never_ends(console: Console) -> None:
    world, job = World(answers=[NotYet("whmcs", "pending", poll_after=30)] * 2), make_job()
    run(console, job, world.plan(effect=False))
    Job.update(waiting_since=clock.after(-3600)).where(Job.id == job.id).execute()
    ended = run(console, job, world.plan(effect=False))
    assert (ended.state, ended.error_code) == ("needs_attention", "still_pending")


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (Rejected("whmcs", "client_not_found"), "needs_attention", "client_not_found"),
        (Misconfigured("whmcs", "invalid_ip"), "held", "invalid_ip"),
        (OutOfStock("mobile", "no_sim"), "held", "no_sim"),
        (Contradiction("two_matches", {"orders": [1, 2]}), "needs_attention", "two_matches"),
        (NeedsCustomer("payment_method"), "needs_customer", "payment_method"),
        (Stop("skipped", "not_activating"), "skipped", "not_activating"),
        (Stop("cancelled", "rejected"), "cancelled", "rejected"),
    ],
)
def test_it_goes_where_the_table_says(console: Console, error: Exception, state: str, code: str) -> None:
    world, job = World(answers=[error]), make_job()
    ended = run(console, job, world.plan(effect=False))
    assert (ended.state, ended.error_code, world.ended, ended.lease_owner) == (state, code, [state], "")
    assert Attempt.select().where(Attempt.job == job.id).count() == 1


def test_it_keeps_the_evidence_of_a_contradiction(console: Console) -> None:
    world, job = World(answers=[Contradiction("two_matches", {"orders": [1, 2]})]), make_job()
    assert run(console, job, world.plan()).evidence == {"orders": [1, 2]}


def test_it_gives_a_customer_two_weeks(console: Console) -> None:
    world, job = World(answers=[NeedsCustomer("payment_method")] * 2), make_job()
    run(console, job, world.plan(effect=False))
    Job.update(waiting_since=clock.now() - timedelta(days=15)).where(Job.id == job.id).execute()
    ended = run(console, job, world.plan(effect=False))
    assert (ended.state, ended.error_code) == ("needs_attention", "payment_expired")


def test_it_stops_one_job_at_a_defect_of_ours_and_says_so(console: Console) -> None:
    world, job = World(answers=[ValueError("a bug")]), make_job()
    broke = run(console, job, world.plan())
    assert (broke.state, broke.error_code, broke.error_text) == ("needs_attention", "internal_error", "ValueError")
    assert step(job).state == "started", "what a defect left is unknown, so it is looked up first"


def test_it_writes_nothing_once_another_run_has_taken_over(console: Console) -> None:
    job = make_job()

    def overtaken(this: engine.Run, _line: str) -> Done:
        Job.update(fence=Job.fence + 1).where(Job.id == job.id).execute()
        return Done("late")

    plan = Plan((Step("read", "whmcs", overtaken),), lambda run: None, lambda run: None)
    run(console, job, plan)
    assert JobStep.select().where(JobStep.job == job.id).count() == 0
    assert Job.get_by_id(job.id).state == "running", "it is the other run's to end"


def test_it_sends_nothing_when_the_lease_would_end_first(console: Console) -> None:
    world, job = World(), make_job()
    run(quick(console, lease_s=1.0), job, world.plan())
    assert world.made == []


def test_it_redacts_what_an_upstream_said(console: Console) -> None:
    world, job = World(answers=[Rejected("whmcs", "no", "refused for aiko.tanaka@example.com LPA:1$smdp.example$CODE-1")]), make_job()
    text = run(console, job, world.plan()).error_text
    assert "aiko" not in text
    assert "CODE-1" not in text


def test_it_notes_every_change_of_state(console: Console) -> None:
    world, job = World(answers=[Unavailable("whmcs", "refused")]), make_job()
    run(console, job, world.plan())
    run(console, job, world.plan())
    assert [row.what for row in JobEvent.select().where(JobEvent.job == job.id).order_by(JobEvent.id)] == [
        "created",
        "retry_wait",
        "succeeded",
    ]


def test_it_refuses_a_write_without_the_fence(console: Console) -> None:
    job = Job.claim(make_job().id, OWNER, 60)
    assert job
    Job.update(fence=Job.fence + 1).where(Job.id == job.id).execute()
    with pytest.raises(LeaseLost):
        job.write(current_step="x")


def test_it_forgets_crashes_once_a_step_is_done(console: Console) -> None:
    world, job = World(answers=[Unavailable("whmcs", "refused")]), make_job(crash_count=2)
    assert run(console, job, world.plan()).crash_count == 2
    assert run(console, job, world.plan()).crash_count == 0
