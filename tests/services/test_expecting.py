"""How long orders take: measured on those that ended well, told only while all is well, and honest once it takes longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from console import clock
from console.models import Job, JobEvent, JobStep, Order, Pace, User
from console.services import expecting
from console.services.explaining import OrderStatus, status_of
from tests.support import jobs
from tests.support.queries import counted

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def aiko(database: Database) -> User:
    return jobs.customer()


def done(user: User, *seconds: float, name: str = "SIM", **values: object) -> list[Job]:
    """Orders of that category that took so long."""
    made = []
    for took in seconds:
        order = jobs.order(user)
        Order.update(lines=[{**order.lines[0], "category": name}]).where(Order.id == order.id).execute()
        job = jobs.job(user, "succeeded", int(order.order_number), placed=False, **values)
        Job.update(created_at=clock.after(-took), finished_at=clock.now()).where(Job.id == job.id).execute()
        made.append(job)
    return made


def measured() -> dict[str, list[int]]:
    Pace.delete().execute()
    assert expecting.measure()
    return {kind: [round(figure) for figure in figures] for kind, figures in Pace.get().kinds.items()}


def waiting(user: User, state: str | None, **values: object) -> OrderStatus:
    """An order whose job is in that state."""
    order = jobs.order(user)
    if state:
        jobs.job(user, state, int(order.order_number), placed=False, **values)
    return status_of(order)


def test_it_takes_median_and_ninetieth_of_each_kind(aiko: User) -> None:
    done(aiko, *range(10, 110, 10))
    done(aiko, *[4000] * 10, name="Internet")
    assert measured() == {"SIM": [55, 90], "Internet": [4000, 4000]}


def test_it_says_nothing_of_a_kind_with_too_little_history(aiko: User) -> None:
    done(aiko, *[60] * (expecting.LEAST - 1))
    assert measured() == {}
    assert waiting(aiko, "running").expected == ""


def test_it_leaves_out_what_waited_for_a_person(aiko: User) -> None:
    for job in done(aiko, *[60] * expecting.LEAST, 9000, 9000)[-2:]:
        JobEvent.note(job.id, "worker", "needs_customer" if job.id % 2 else "needs_attention")
    assert measured() == {"SIM": [60, 60]}


def test_it_measures_once_in_a_while(aiko: User, database: Database) -> None:
    assert expecting.measure()
    with counted(database) as statements:
        assert not expecting.measure()
    assert len(statements) == 1
    Pace.update(measured_at=clock.after(-expecting.FRESH_S - 1)).execute()
    assert expecting.measure()


def test_it_reads_the_history_by_an_index(aiko: User, database: Database) -> None:
    done(aiko, *[60] * 3)
    with counted(database) as statements:
        expecting.measure()
    [(sql, params)] = [one for one in statements if "lines" in one[0]]
    if database.param == "?":  # SQLite; PostgreSQL reads a table of three rows as a whole
        plan = " ".join(str(row) for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        assert "job_state_created_at_id" in plan
        assert "SCAN" not in plan
    assert len(statements) <= 5


@pytest.mark.parametrize(
    ("took", "said"),
    [
        ([30] * 10, "Usually within 1 minute"), ([61] * 10, "Usually within 2 minutes"),
        ([60] * 5 + [600] * 5, "Usually within 6 minutes, nearly always within 10 minutes"), ([6000] * 10, "Usually within 2 hours"),
        ([86400 * 4] * 10, "Usually within 4 days"),
    ],
)  # fmt: skip
def test_it_says_it_in_round_words(aiko: User, took: list[float], said: str) -> None:
    done(aiko, *took)
    measured()
    assert waiting(aiko, "running").expected == said
    assert waiting(aiko, None).expected == f"{said} of the approval"


@pytest.mark.parametrize("state", ["held", "needs_customer", "needs_attention", "succeeded", "cancelled"])
def test_it_promises_nothing_once_something_is_in_the_way(aiko: User, state: str) -> None:
    done(aiko, *[60] * 10)
    measured()
    assert waiting(aiko, state).expected == ""


def test_it_says_so_when_it_takes_longer(aiko: User) -> None:
    done(aiko, *[120] * 10)
    measured()
    late = waiting(aiko, "running", created_at=clock.after(-121))
    assert late.expected == "Usually within 2 minutes; this time it takes longer."
    assert "taking longer than usual" in late.message
    assert late.until is not None
    assert late.until > clock.now(), "when the page asks less often: nothing else is to be said"


def test_the_customers_own_time_does_not_count(aiko: User) -> None:
    done(aiko, *[120] * 10)
    measured()
    order = jobs.order(aiko)
    job = jobs.job(aiko, "running", int(order.order_number), placed=False, created_at=clock.after(-9000))
    JobStep.put(job, "payment_method", "", state="done", finished_at=clock.now())
    status = status_of(order)
    assert status.expected == "Usually within 2 minutes"
    assert status.until
    assert abs(status.until - clock.now() - timedelta(seconds=120)) < timedelta(seconds=5)
