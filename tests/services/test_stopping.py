"""A worker that is told to stop: the step under way comes to its end, the rest is handed back, and nothing counts as a crash."""

from __future__ import annotations

from itertools import chain, repeat

from console import clock
from console.errors import NotYet
from console.models import Job
from console.services.provisioning import engine
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.wiring import Console
from tests.support.plans import OWNER, World, make_job, run, step


def stopped_after(console: Console, job: Job, plan: Plan, steps: int) -> Job:
    """A run in a process that is told to stop once so many steps have begun."""
    asked = chain(repeat(False, steps), repeat(True))
    engine.run(job.id, plan, console.upstreams, console.policy, OWNER, lambda: next(asked))
    return Job.get_by_id(job.id)


def second(world: World) -> Step:
    def call(_run: Run, _line: str) -> Done:
        world.made.append("second")
        return Done()

    return Step("second", "whmcs", call, look_up=lambda _run, _line: None)


def test_it_hands_the_rest_back(console: Console) -> None:
    world, job = World(), make_job()
    plan = world.plan(True, second(world))
    left = stopped_after(console, job, plan, 1)
    assert (left.state, left.lease_owner, left.attempt, left.crash_count) == ("queued", "", 0, 0)
    assert (step(job).state, world.made) == ("done", [job.dedupe_key])
    assert Job.due(30) == [job.id]
    assert run(console, job, plan).state == "succeeded"
    assert (world.made, world.looked) == ([job.dedupe_key, "second"], 0)


def test_it_begins_nothing(console: Console) -> None:
    world, job = World(), make_job()
    assert stopped_after(console, job, world.plan(), 0).state == "queued"
    assert world.made == []


def test_it_ends_what_was_at_its_last_step(console: Console) -> None:
    world, job = World(), make_job()
    assert stopped_after(console, job, world.plan(), 1).state == "succeeded"


def test_it_does_not_wait_for_an_upstream_at_work(console: Console) -> None:
    world, job = World(answers=[NotYet("whmcs", "at_work", poll_after=0.01)] * 99), make_job()
    left = stopped_after(console, job, world.plan(effect=False), 1)
    assert (left.state, left.attempt, len(world.answers)) == ("waiting", 0, 98)
    assert left.next_run_at <= clock.after(5)
