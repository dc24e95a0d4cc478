"""The doorbell: a Huey of short tasks that carry an id each. The rows are the truth; losing the whole queue loses nothing."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache

from config import BadSettings, QueueSettings, Settings
from console import crash, log, wiring
from console.doorbell import Away, Doorbell
from console.models import Heartbeat, Job, Lease, Order, OutboxMessage, clock_back
from console.models.base import DatabaseTrouble, database
from console.services import catalog, eligibility, expecting, mailing, ordering, reconciling
from console.services.provisioning import engine, write_back
from console.services.provisioning.plans import PLANS
from console.services.provisioning.sweeping import sweep

_log = log.logger(__name__)
EXPIRES_S = 60  # a ring that nobody heard for so long is stale: the sweeper rings again


class Bell:
    """Rings the tasks of one queue. A ring that fails is only logged, since the sweeper rings what is due."""

    def __init__(self, queue: Doorbell) -> None:
        def task(name: str, function: Callable[..., None]) -> Callable[..., object]:
            return queue.task(name=name, retries=0, expires=EXPIRES_S)(function)  # type: ignore[no-any-return]

        self._job = task("run_job", run_job)
        self._message = task("send_message", send_message)
        self._order = task("place_order", place_order)
        self._reconcile = task("reconcile", reconcile)
        self._catalogue = task("refresh_catalogue", refresh_catalogue)
        self._eligibility = task("refresh_eligibility", refresh_eligibility)

    def jobs(self, ids: Iterable[int]) -> None:
        """Have these jobs run."""
        self._ring(self._job, ids)

    def messages(self, ids: Iterable[int]) -> None:
        """Have these outbox messages sent."""
        self._ring(self._message, ids)

    def orders(self, ids: Iterable[int]) -> None:
        """Have these orders' placing finished."""
        self._ring(self._order, ids)

    def outbox(self) -> None:
        """Have whatever is due in the outbox sent."""
        try:
            self.messages(OutboxMessage.due(EXPIRES_S))
        except DatabaseTrouble:
            _log.exception("ring_failed")

    def reconcile(self) -> None:
        """Have the back-fill and the watch look."""
        self._ring(self._reconcile, [None])

    def catalogue(self) -> None:
        """Have the catalogue read anew."""
        self._ring(self._catalogue, [None])

    def eligibility(self, link_id: int) -> None:
        """Have what this customer's Account may order read anew."""
        self._ring(self._eligibility, [link_id])

    def _ring(self, task: Callable[..., object], ids: Iterable[int | None]) -> None:
        for number in ids:
            try:
                task() if number is None else task(number)
            except Away:
                _log.warning("ring_failed", job_id=number)  # nor would the others be heard: the sweeper rings them
                return
            except Exception:  # the boundary between the row that stands and the bell that may fail
                _log.exception("ring_failed", job_id=number)


@cache
def _console() -> wiring.Console:
    """This worker's wiring, made once at its first task."""
    return wiring.build(Settings.read())


def run_job(job_id: int) -> None:
    """Carry one job as far as it goes now."""
    crash.point("dequeued")
    console = _console()
    job = Job.get_or_none(Job.id == job_id)
    if job is not None and _run(job, console) is not None:
        bell.outbox()


def _run(job: Job, console: wiring.Console) -> Job | None:
    return engine.run(job.id, PLANS[job.kind], console.upstreams, console.policy, _owner(), huey.stopping)


def send_message(message_id: int) -> None:
    """Send one mail, or one status to Salesforce."""
    console = _console()
    message = OutboxMessage.get_or_none(OutboxMessage.id == message_id)
    if message is not None and message.kind == "mail":
        mailing.deliver(message_id, console.upstreams, console.policy)
    elif message is not None:
        bell.jobs(write_back.send_status(message_id, console.upstreams, console.policy, _owner()))


def place_order(order_id: int) -> None:
    """Finish placing an order whose answer was lost."""
    console = _console()
    order = Order.get_or_none(Order.id == order_id)
    if order is not None and ordering.finish_placing(console.upstreams, console.policy, order):
        bell.outbox()


def reconcile() -> None:
    """Back-fill and watch, one at a time in the whole installation."""
    console = _console()
    if Lease.take("reconcile", _owner(), console.policy.deadlines["salesforce"] * 3) is None:
        return
    try:
        expecting.measure()
        bell.jobs(reconciling.reconcile(console.upstreams, console.policy))
        bell.outbox()
    finally:
        Lease.give_back("reconcile", _owner())


def refresh_catalogue() -> None:
    """Read the catalogue anew, while pages show the old one."""
    console = _console()
    catalog.refresh(console.upstreams, console.policy)


def refresh_eligibility(link_id: int) -> None:
    """Read anew what an Account may order."""
    eligibility.refresh(_console().upstreams, link_id)


def _owner() -> str:
    return f"{wiring.process_name('worker')}:{threading.get_ident()}"


huey = wiring.queue(QueueSettings.read())
bell = Bell(huey)
register = Bell
_starting, _stopping = threading.Lock(), threading.Event()


@huey.on_startup()  # type: ignore[untyped-decorator]
def start() -> None:
    """Huey calls it in every worker thread: the first one wires the process and starts the sweeper, the others wait for that."""
    with _starting:
        if not _console.cache_info().currsize:
            try:
                _console()
            except BadSettings as error:
                print(error, file=sys.stderr, flush=True)  # noqa: T201
                os._exit(78)  # Huey would go on without it: a thread cannot end the process in another way
            _sweeper.start()


@huey.on_shutdown()  # type: ignore[untyped-decorator]
def stop() -> None:
    """Huey calls it in every worker thread as that ends: the sweep goes to another worker at once."""
    _stopping.set()
    _sweeper.join(timeout=5)


def _sweep_until_stopped() -> None:
    policy, name = _console().policy, wiring.process_name("worker")
    looked = float("-inf")
    while not _stopping.is_set():
        try:
            clock_back.mend()
            Heartbeat.beat("worker", name)
            if Lease.take("sweeper", name, max(2.0, policy.sweep_s * 3)) is not None:
                due = sweep(policy)
                bell.jobs(due.jobs)
                bell.messages(due.messages)
                bell.orders(due.orders)
                if time.monotonic() - looked >= policy.watch_s:
                    looked = time.monotonic()
                    threading.Thread(target=_look, name="look", daemon=False).start()
        except Exception:  # the outermost boundary: a sweep that fails is tried again, the worker goes on
            _log.exception("sweep_failed")
        _stopping.wait(policy.sweep_s)
    _hand_over(name)


def _look() -> None:
    """Back-fill and watch, beside the queue: behind a long backlog their ring would be stale before a worker came to it.

    The process waits for it at its end, as for a task: each of its calls has a deadline.
    """
    try:
        reconcile()
    except Exception:  # the outermost boundary of a thread: the next look is soon
        _log.exception("look_failed")
    finally:
        database.close()


def _hand_over(name: str) -> None:
    try:
        Lease.give_back("sweeper", name)
        Heartbeat.end(name)
    except DatabaseTrouble:
        _log.exception("sweep_not_handed_over")  # the lease ends by itself


_sweeper = threading.Thread(target=_sweep_until_stopped, name="sweeper", daemon=True)
