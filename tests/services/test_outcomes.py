"""How long is waited after what: the one retry policy."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from peewee import Database

from console import clock
from console.errors import NeedsCustomer, Throttled, Unavailable
from console.services.provisioning.outcomes import backoff, verdict
from console.services.upstreams import Policy
from console.wiring import Console
from tests.support.plans import make_job, quick

MINUTE = 60.0


@pytest.fixture
def policy(console: Console) -> Policy:
    """As in production."""
    checks = (5 * MINUTE, 15 * MINUTE, 60 * MINUTE)
    return quick(console, backoff_base_s=5.0, backoff_cap_s=900.0, attempts=12, customer_checks_s=checks).policy


@pytest.mark.parametrize(("attempt", "most"), [(1, 10), (2, 20), (5, 160), (8, 900), (60, 900)])
def test_it_backs_off_with_full_jitter_under_a_cap(policy: Policy, monkeypatch: pytest.MonkeyPatch, attempt: int, most: float) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: (low, high))
    assert backoff(attempt, policy) == (0, most)


def test_it_never_comes_back_sooner_than_it_was_asked_to(policy: Policy, database: Database) -> None:
    told = verdict(make_job(), Throttled("whmcs", "slow_down", retry_after=3600), effect=True, policy=policy)
    assert told.next_run_at > clock.after(3590)


def test_it_counts_only_what_was_surely_not_executed_as_an_attempt(policy: Policy, database: Database) -> None:
    told = verdict(make_job(attempt=10), Unavailable("whmcs", "refused"), effect=True, policy=policy)
    assert (told.state, told.attempt) == ("retry_wait", 11)
    assert verdict(make_job(attempt=11), Unavailable("whmcs", "refused"), effect=True, policy=policy).state == "needs_attention"


def test_it_looks_at_5_15_and_60_minutes_and_then_hourly(policy: Policy, database: Database) -> None:
    waited, looks = timedelta(0), []
    for _ in range(5):
        job = make_job(waiting_since=clock.now() - waited)
        told = verdict(job, NeedsCustomer("payment_method"), effect=False, policy=policy)
        waited += told.next_run_at - clock.now()
        looks.append(round(waited.total_seconds() / MINUTE))
    assert looks == [5, 15, 60, 120, 180]
