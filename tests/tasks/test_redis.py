"""The doorbell in Redis: a Redis that is down, frozen, emptied or restarted costs a moment, never a page, a task or an order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from huey.storage import RedisExpireStorage
from peewee import Database

from config import BadSettings, QueueSettings
from console import clock, doorbell, log, wiring
from console.doorbell import Doorbell
from console.models import Heartbeat, Job, OutboxMessage
from console.wiring import Console
from tasks import Bell
from tests.support import jobs, ordered
from tests.support.processes import LISTENER, WORKER, eventually, running
from tests.support.redis import Server
from tests.support.sandbox import Control, Running


@pytest.fixture(autouse=True)
def _logs() -> None:
    log.configure()


@pytest.fixture
def queue(redis: Server) -> Doorbell:
    return wiring.queue(QueueSettings(redis_url=redis.url))


@pytest.fixture
def bell(queue: Doorbell) -> Bell:
    return Bell(queue)


def waiting(redis: Server) -> int:
    return int(redis.ask("LLEN", "huey.redis.console"))


def test_it_keeps_no_results(queue: Doorbell, redis: Server) -> None:
    assert isinstance(queue.storage, RedisExpireStorage)
    queue.task(name="quick")(lambda: 7)()
    task = queue.dequeue()
    queue.execute(task)
    assert redis.ask("KEYS", "*") == []


def test_it_carries_an_id_and_nothing_else(bell: Bell, redis: Server) -> None:
    bell.jobs([4711])
    message = redis.ask("LRANGE", "huey.redis.console", "0", "-1")[0]
    assert b"run_job" in message
    assert len(message) < 250


@pytest.mark.sqlite
@pytest.mark.parametrize("trouble", ["stop", "freeze"])
def test_it_never_fails_a_page(bell: Bell, redis: Server, trouble: str, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    getattr(redis, trouble)()
    bell.jobs([1, 2, 3])
    bell.outbox()
    bell.reconcile()
    redis.thaw()
    assert caplog.text.count("queue_unreachable") == 1, "one short wait, then it is left alone"
    assert caplog.text.count("ring_failed") == 2, "the first of three, and the one after"


def test_it_rings_again_after_a_restart(bell: Bell, redis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bell.jobs([1])
    redis.stop()
    redis.start()
    bell.jobs([2])  # on a connection that idled through it
    assert waiting(redis) == 1
    monkeypatch.setattr(doorbell, "QUIET_S", 0.0)
    redis.stop()
    bell.jobs([3])
    redis.start()
    bell.jobs([4])
    assert waiting(redis) == 1


@pytest.fixture
def rings(queue: Doorbell) -> Iterator[tuple[Callable[[int], object], list[int]]]:
    """What rings, and what a consumer in this process was rung for."""
    ids: list[int] = []
    ring = queue.task(name="hear")(ids.append)
    consumer = queue.create_consumer(workers=2, max_delay=0.05, periodic=False)
    for _, thread in consumer.worker_threads:
        thread.start()
    yield ring, ids
    consumer.stop_flag.set()
    for _, thread in consumer.worker_threads:
        thread.join(5)


def test_a_worker_outlives_what_happens_to_redis(
    rings: tuple[Callable[[int], object], list[int]], redis: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ring, heard = rings
    monkeypatch.setattr(doorbell, "QUIET_S", 0.0)
    redis.ask("FLUSHALL")
    ring(1)
    eventually(lambda: heard == [1], 5, "the first ring")
    redis.stop()
    time.sleep(0.5)
    redis.start()
    ring(2)
    eventually(lambda: heard == [1, 2], 5, "the second ring")
    assert (caplog.text.count("queue_unreachable"), caplog.text.count("queue_reachable"), "Traceback" in caplog.text) == (1, 1, False)


def test_it_knows_when_its_process_is_to_stop(queue: Doorbell) -> None:
    assert not queue.stopping()
    consumer = queue.create_consumer(workers=1)
    assert not queue.stopping()
    consumer.stop_flag.set()
    assert queue.stopping()


def test_it_covers_a_ring_that_was_lost(bell: Bell, redis: Server, database: Database) -> None:
    """The row stays due: the sweeper rings it again."""
    job = jobs.job()
    assert Job.due(30) == [job.id]
    redis.ask("FLUSHALL")
    assert Job.due(30) == []
    Job.update(last_rung_at=clock.now() - timedelta(seconds=31)).execute()
    assert Job.due(30) == [job.id]


def test_it_names_a_setting_that_cannot_be() -> None:
    with pytest.raises(BadSettings, match="REDIS_URL: .*must begin with redis://"):
        QueueSettings.read(redis_url="http://:secret@redis")


@pytest.mark.postgres
def test_it_provisions_an_order_though_redis_is_lost_twice(
    console: Console, sandbox: Running, control: Control, environment: dict[str, Any], redis: Server, tmp_path: Path
) -> None:
    brief = environment | {"REDIS_URL": redis.url, "PROVISION_SWEEP_S": "0.2", "PROVISION_RING_AGAIN_S": "0.5"}
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(LISTENER, brief, tmp_path), running(WORKER, brief, tmp_path) as worker:
        redis.stop()
        control.approve(order.sf_order_id)
        eventually(lambda: Job.of_order(order.sf_order_id), what="a job")
        redis.start()
        redis.ask("FLUSHALL")
        ordered.await_activated(control, order.sf_order_id)
        eventually(lambda: not OutboxMessage.select().where(OutboxMessage.state == "due").exists(), what="all mails")
        assert worker.terminate() == 0
    ordered.assert_exactly_once(control, order.sf_order_id)


@pytest.mark.postgres
def test_it_finds_what_was_left_behind_though_no_ring_is_heard(
    console: Console, sandbox: Running, control: Control, environment: dict[str, Any], redis: Server, tmp_path: Path
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    with running(WORKER, environment | {"REDIS_URL": redis.url}, tmp_path):
        eventually(lambda: Heartbeat.alive(5), what="a worker")
        redis.stop()
        control.approve(order.sf_order_id)
        found = eventually(lambda: Job.of_order(order.sf_order_id), what="a job")
    assert found.source == "backfill"
