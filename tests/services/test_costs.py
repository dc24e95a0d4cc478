"""What an order costs, counted: statements, commits, calls of each upstream, connections. Times are the bench's business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from peewee import Database
from urllib3.connection import HTTPConnection

from console import log
from console.clients.pubsub import Batch, Event
from console.clients.salesforce_ids import canonical_id
from console.models import CustomerLink, Job, Order, User
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs, receive
from console.wiring import Console
from tests.support import ordered
from tests.support.queries import counted
from tests.support.sandbox import Control, Running

pytestmark = pytest.mark.sqlite
VPN = {"sku": "VPN-JP", "quantity": 1, "options": {}}


@contextmanager
def commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """One entry for each commit inside, those of statements outside of a transaction included."""
    seen: list[str] = []
    execute, commit = database.execute_sql, database.commit

    def executed(sql: str, *given: Any) -> Any:
        if not database.in_transaction() and not sql.startswith("SELECT"):
            seen.append(sql)
        return execute(sql, *given)

    with monkeypatch.context() as patched:
        patched.setattr(database, "commit", lambda: (seen.append("commit"), commit()))
        patched.setattr(database, "execute_sql", executed)
        yield seen


@pytest.fixture
def aiko(console: Console, sandbox: Running) -> tuple[User, CustomerLink]:
    return ordered.customer(console, sandbox)


def approved(console: Console, control: Control, who: tuple[User, CustomerLink], *lines: dict[str, Any]) -> Order:
    with log.correlated(str(uuid4())):
        order = ordered.place(console, *who, *lines)
    control.approve(order.sf_order_id)
    control.clear_calls()
    return order


def run(console: Console, order: Order) -> Job:
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    job = engine.run(job_id, PLANS["provision"], console.upstreams, console.policy, "worker:test")
    assert job is not None
    assert job.state == "succeeded"
    return job


def calls(control: Control) -> Counter[str]:
    return Counter(call["upstream"] for call in control.calls() if call["operation"] not in {"token", "GetProducts"})


def test_it_calls_each_upstream_as_often_as_promised(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = approved(console, control, aiko)
    run(console, order)
    # a line and its activation fee: two services, of which one is the seventh call
    assert calls(control) == {"salesforce": 2, "whmcs": 7, "mobile": 5}


def test_it_calls_whmcs_once_more_for_a_further_service(console: Console, control: Control, aiko: tuple[User, CustomerLink]) -> None:
    order = approved(console, control, aiko, *ordered.ESIM, VPN)
    run(console, order)
    services = len(ordered.truth(control, order.sf_order_id)["whmcs"][0]["services"])
    assert (services > 2, calls(control)["whmcs"], calls(control)["mobile"]) == (True, 5 + services, 5)


def test_it_keeps_its_connections(
    console: Console, control: Control, aiko: tuple[User, CustomerLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(console, approved(console, control, aiko))
    order = approved(console, control, aiko)
    made: list[str] = []
    connect = HTTPConnection._new_conn  # type: ignore[attr-defined]
    monkeypatch.setattr(HTTPConnection, "_new_conn", lambda self: (made.append(self.host), connect(self))[1])
    run(console, order)
    assert made == []


def test_it_commits_once_a_step_and_once_more_for_each_effect(
    console: Console, control: Control, aiko: tuple[User, CustomerLink], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = approved(console, control, aiko)
    [job_id] = ensure_jobs([order.sf_order_id], "stream")
    with commits(database, monkeypatch) as made, counted(database) as statements:
        engine.run(job_id, PLANS["provision"], console.upstreams, console.policy, "worker:test")
    # claim, eleven steps (a line of the fields each), three intents, end
    assert (Job.get_by_id(job_id).state, len(made)) == ("succeeded", 16)
    assert len(statements) <= 59


def event(number: int) -> Event:
    fields: dict[str, object] = {"OrderId__c": canonical_id(f"801C0{number:010d}"), "IdemKey__c": f"key-{number}"}
    return Event(f"costs-{number}", b"\x01", "s", b"", fields, "")


@pytest.mark.parametrize("numbers", [range(1), range(100)])
def test_it_records_a_response_in_one_commit_whatever_its_size(
    numbers: Sequence[int], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with commits(database, monkeypatch) as made, counted(database) as statements:
        received = receive("/event/Costs__e", Batch(tuple(map(event, numbers)), b"\x09"), fence=1)
    assert (len(received.jobs), made) == (len(numbers), ["commit"])
    assert len(statements) <= 6
