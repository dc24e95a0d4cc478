"""The worker as a process: its queue may lose everything, bring rubbish or ring too often; the order is provisioned once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from huey import Huey
from peewee import Database

from config import Settings
from console import clock, wiring
from console.models import Attempt, Heartbeat, Job, JobStep
from console.services.provisioning.receiving import ensure_jobs
from console.wiring import Console
from tasks import Bell
from tests.support import ordered
from tests.support.postgres import cut_off_others
from tests.support.processes import WORKER, eventually, running
from tests.support.sandbox import Control, Running

OFTEN = {"PROVISION_SWEEP_S": "0.1", "PROVISION_RING_AGAIN_S": "0.3"}


@pytest.fixture
def queue_file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def brief(environment: dict[str, Any], queue_file: Path) -> dict[str, Any]:
    """The environment of a test's workers: a queue of their own, and a sweeper that soon looks again."""
    return environment | OFTEN | {"QUEUE_FILE": str(queue_file)}


@pytest.fixture
def queue(settings: Settings, queue_file: Path) -> Huey:
    """The workers' queue, as the listener has it."""
    return wiring.queue(settings.model_copy(update={"queue_file": queue_file}))


@pytest.fixture
def bell(queue: Huey) -> Bell:
    return Bell(queue)


@pytest.fixture
def due(console: Console, sandbox: Running, control: Control) -> Job:
    """The job of an approved order, not yet rung."""
    order = ordered.place(console, *ordered.customer(console, sandbox))
    return job_of(control, order.sf_order_id)


def job_of(control: Control, order_id: str) -> Job:
    control.approve(order_id)
    [job_id] = ensure_jobs([order_id], "stream")
    return Job.get_by_id(job_id)


def await_end(control: Control, job: Job) -> None:
    """Until the job's row says so too: a worker that is killed before that is another story."""
    ordered.await_activated(control, job.sf_order_id)
    eventually(lambda: Job.get_by_id(job.id).state == "succeeded", what="the job's end")


def assert_provisioned_once(control: Control, job: Job) -> None:
    """Each step in one try, by nobody who crashed."""
    ordered.assert_exactly_once(control, job.sf_order_id)
    # the order is looked at by each run
    tries = Counter((row.step, row.line) for row in Attempt.select().where((Attempt.job == job.id) & (Attempt.step != "guard")))
    assert (set(tries.values()), Job.get_by_id(job.id).crash_count) == ({1}, 0)


@pytest.mark.sqlite
def test_it_needs_no_queue_to_know_what_is_due(
    control: Control, brief: dict[str, Any], tmp_path: Path, due: Job, bell: Bell, queue: Huey, queue_file: Path
) -> None:
    bell.jobs([due.id])
    queue.storage.close()
    for file in tmp_path.glob(f"{queue_file.name}*"):
        file.unlink()
    with running(WORKER, brief, tmp_path):
        await_end(control, due)
    assert_provisioned_once(control, due)


def gone() -> None:
    """A task that this version does not have."""


@pytest.mark.sqlite
def test_it_outlives_messages_that_it_cannot_use(
    control: Control, brief: dict[str, Any], tmp_path: Path, due: Job, bell: Bell, queue: Huey
) -> None:
    queue.task(name="of_another_version")(gone)()
    queue.storage.enqueue(b"no message at all")
    bell.jobs([999_999])
    stale = bell._job.s(due.id, expires=clock.now().replace(tzinfo=None) - timedelta(hours=1))  # type: ignore[attr-defined]
    queue.enqueue(stale)
    with running(WORKER, brief, tmp_path) as worker:
        await_end(control, due)
        eventually(lambda: queue.storage.queue_size() == 0, what="an empty queue")
        assert worker.terminate() == 0
    assert_provisioned_once(control, due)


@pytest.mark.sqlite
def test_it_leaves_nothing_half_done_when_it_is_told_to_stop(
    control: Control, brief: dict[str, Any], tmp_path: Path, due: Job, bell: Bell
) -> None:
    control.latency("whmcs", 100)
    with running(WORKER, brief, tmp_path) as worker:
        bell.jobs([due.id])
        eventually(lambda: Job.get_by_id(due.id).state == "running", what="the run")
        assert worker.terminate(20) == 0
    control.latency("whmcs", 0)
    stopped = Job.get_by_id(due.id)
    assert stopped.state in {"succeeded", "queued"}, "ended, or handed on to the next worker"
    assert (stopped.crash_count, stopped.lease_owner, JobStep.select().where(JobStep.state == "started").count()) == (0, "", 0)
    with running(WORKER, brief, tmp_path):
        await_end(control, due)
    assert_provisioned_once(control, due)


def test_it_runs_a_job_once_however_often_two_workers_hear_of_it(
    console: Console, sandbox: Running, control: Control, brief: dict[str, Any], tmp_path: Path, bell: Bell
) -> None:
    aiko = ordered.customer(console, sandbox)
    jobs = [job_of(control, ordered.place(console, *aiko).sf_order_id) for _ in range(3)]
    for _ in range(4):
        bell.jobs(job.id for job in jobs)
    (tmp_path / "second").mkdir()
    with running(WORKER, brief, tmp_path), running(WORKER, brief, tmp_path / "second"):
        for job in jobs:
            await_end(control, job)
        eventually(lambda: Heartbeat.select().where(Heartbeat.role == "worker").count() == 2, what="both workers")
    for job in jobs:
        assert_provisioned_once(control, job)
        assert Job.get_by_id(job.id).fence == 1, "claimed once"


@pytest.mark.postgres
def test_it_outlives_a_lost_database_connection(
    console: Console, sandbox: Running, control: Control, brief: dict[str, Any], tmp_path: Path, database: Database
) -> None:
    aiko = ordered.customer(console, sandbox)
    with running(WORKER, brief, tmp_path):
        for _ in range(2):  # first it gets its connections, then it has lost them; nothing rings but its own sweeper
            job = job_of(control, ordered.place(console, *aiko).sf_order_id)
            await_end(control, job)
            cut_off_others(database)
