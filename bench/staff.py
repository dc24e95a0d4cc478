"""The staff's list of jobs with many rows against few: the first page with its counts, a page deep inside, and a search."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from peewee import Database

from bench import world
from bench.lines import Asked, Line, interleaved
from console import clock
from console.models import CustomerLink, Job, Order, User, database, statements, transaction
from console.models.base import millis
from console.services.finding_jobs import Wanted, find
from tests.support import jobs, settings

FEW, MANY, QUICK = 10_000, 1_000_000, 100_000
EACH = 10  # orders of a customer
CHUNK = 1_000
LOOKS = 20  # in each round
STATES = ("succeeded",) * 94 + ("cancelled", "skipped", "needs_attention", "retry_wait", "held", "needs_customer")


def measure(folder: Path, asked: Asked) -> list[Line]:
    many = MANY if asked.full else QUICK
    few_rows, many_rows = _filled(folder / "few", FEW), _filled(folder / "many", many)
    lines = []
    for name, wanted in _looks().items():
        large, small = interleaved(asked.rounds, _cost(many_rows, wanted(many)), _cost(few_rows, wanted(FEW)))
        told = f"{large:.1f} ÷ {small:.1f} ms of CPU; {many:,} ÷ {FEW:,} jobs"
        lines.append(Line(f"staff: {name}, many ÷ few", large / small, "≤ 2", told))
    for one in (few_rows, many_rows):
        one.close()
    return lines


def _looks() -> dict[str, Callable[[int], Wanted]]:
    middle = millis(clock.now())
    return {
        "open jobs and counts": lambda _rows: Wanted("open"),
        "all, from the middle": lambda rows: Wanted("all", before=f"{middle - rows * 500}-{rows // 2}"),
        "search by order number": lambda rows: Wanted("all", text=f"{rows // 2:08d}"),
        "search by e-mail": lambda rows: Wanted("all", text=f"person{rows // EACH // 2}@example.com", personal=True),
    }


def _cost(rows: Database, wanted: Wanted) -> Callable[[], float]:
    """Milliseconds for one look."""

    def measured() -> float:
        database.initialize(rows)
        began = time.thread_time()
        for _ in range(LOOKS):
            assert find(wanted).rows, wanted
        return (time.thread_time() - began) * 1000 / LOOKS

    return measured


def _filled(folder: Path, number: int) -> Database:
    """A database of so many jobs, one a second until now, with their orders and customers."""
    folder.mkdir()
    with world.wired(settings.without_upstreams(folder, f"sqlite:///{folder / 'staff.db'}")) as console:
        for first in range(1, number + 1, CHUNK):
            with transaction():
                _fill(range(first, first + CHUNK), number)
        console.database.execute_sql("ANALYZE")
        return console.database


def _fill(numbers: range, last: int) -> None:
    now, people = millis(clock.now()), [n // EACH + 1 for n in numbers if n % EACH == 1]
    ids = {n: {"user": (n - 1) // EACH + 1, "sf_order_id": jobs.order_id(n)} for n in numbers}
    statements.insert(User, [{"id": n, "email": f"person{n}@example.com"} for n in people], password_hash="none")
    statements.insert(CustomerLink, [{"user": n, "sf_number": f"SF-{n}", "sf_account_id": f"001{n:015d}"} for n in people])
    orders = [{**one, "checkout_id": f"c{n}", "idem_key": f"k{n}", "order_number": f"{n:08d}"} for n, one in ids.items()]
    statements.insert(Order, orders, state="completed", request={}, lines=[], due_today=0, monthly=0)
    made = [
        {**one, "dedupe_key": f"provision:{one['sf_order_id']}", "state": STATES[n % len(STATES)], "created_at": now - (last - n) * 1000}
        for n, one in ids.items()
    ]
    statements.insert(Job, made, kind="provision", source="stream", snapshot=jobs.snapshot(numbers[0]))
