"""Held, not burnt: an upstream that is down holds jobs without spending attempts, as one incident, and lets them go by itself."""

from __future__ import annotations

import pytest

from console import clock
from console.errors import Misconfigured, OutOfStock, Unavailable
from console.models import Attempt, Incident, Job, UpstreamState
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.services.provisioning.sweeping import sweep
from console.wiring import Console
from tests.support.plans import World, make_job, quick, run


@pytest.fixture
def patient(console: Console) -> Console:
    return quick(console, breaker_failures=2, probe_s=60.0)


def probe_due() -> None:
    UpstreamState.update(probe_at=clock.after(-1)).execute()


def test_it_opens_after_some_failures_and_burns_no_attempt_then(patient: Console) -> None:
    first, second, world = make_job(), make_job(), World(answers=[Unavailable("whmcs", "refused")] * 2)
    assert (run(patient, first, world.plan()).state, Job.get_by_id(first.id).attempt) == ("retry_wait", 1)
    held = run(patient, second, world.plan())
    assert (held.state, held.attempt, held.held_by) == ("held", 0, "whmcs")
    assert [(row.kind, row.code, row.held, row.ended_at) for row in Incident.select()] == [("down", "refused", 1, None)]


def test_it_calls_nothing_while_it_is_open(patient: Console) -> None:
    UpstreamState.trip("whmcs", "down", "refused", 60)
    world, job = World(), make_job()
    assert (run(patient, job, world.plan()).state, world.made) == ("held", [])
    assert Attempt.select().count() == 0


def test_it_lets_others_upstreams_be(patient: Console) -> None:
    UpstreamState.trip("mobile", "down", "refused", 60)
    assert run(patient, make_job(), World().plan()).state == "succeeded"


def test_it_probes_with_one_job_and_releases_all_when_that_succeeds(patient: Console) -> None:
    UpstreamState.trip("whmcs", "down", "refused", 60)
    jobs, world = [make_job() for _ in range(3)], World()
    for job in jobs:
        run(patient, job, world.plan())
    assert sweep(patient.policy).jobs == []
    probe_due()
    [probe] = sweep(patient.policy).jobs
    assert run(patient, Job.get_by_id(probe), world.plan()).state == "succeeded"
    assert {Job.get_by_id(job.id).state for job in jobs if job.id != probe} == {"queued"}
    assert Incident.get().ended_at is not None


def test_it_stays_open_when_the_probe_fails(patient: Console) -> None:
    UpstreamState.trip("whmcs", "down", "refused", 60)
    world, job = World(answers=[Unavailable("whmcs", "refused")]), make_job()
    run(patient, job, world.plan())
    probe_due()
    sweep(patient.policy)
    failed = run(patient, job, world.plan())
    assert (failed.state, failed.attempt, Incident.select().count()) == ("held", 0, 1)
    assert UpstreamState.probe_due() == []


def test_it_opens_at_once_when_our_access_is_refused(patient: Console) -> None:
    world, job = World(answers=[Misconfigured("whmcs", "invalid_ip")]), make_job()
    held = run(patient, job, world.plan())
    assert (held.state, held.error_class, Incident.get().kind) == ("held", "config", "config")


def test_it_holds_by_product_when_the_stock_is_empty(patient: Console) -> None:
    empty = Plan((_takes("pln_5", OutOfStock("mobile", "no_sim")),), lambda run: None, lambda run: None)
    full = Plan((_takes("pln_20", None),), lambda run: None, lambda run: None)
    assert (run(patient, make_job(), empty).held_by, run(patient, make_job(), full).state) == ("stock:pln_5", "succeeded")
    assert Incident.get().kind == "stock"


def _takes(plan: str, error: Exception | None) -> Step:
    def call(_run: Run, _line: str) -> Done:
        if error:
            raise error
        return Done("sub")

    return Step("esim", "mobile", call, look_up=lambda run, line: None, stock=lambda run, line: plan)


def test_it_leaves_nobody_held_by_a_closed_breaker(patient: Console) -> None:
    job = make_job(state="held", held_by="whmcs")
    assert sweep(patient.policy).jobs == [job.id]


def test_it_lets_staffs_own_hold_be(patient: Console) -> None:
    make_job(state="held", held_by="staff")
    assert sweep(patient.policy).jobs == []
