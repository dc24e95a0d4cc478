"""Away for longer than events are kept: the stream has forgotten them, the back-fill finds the orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console.models import Job
from console.services import reconciling
from console.wiring import Console
from tests.listener.hearing import Hearing, publish, recorded, settled
from tests.support import ordered
from tests.support import sandbox as sandboxes
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running

GAP_S = 73 * 3600


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for each test: its clock cannot be put back without traces."""
    running = sandboxes.start(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


def test_it_finds_the_orders_all_the_same(
    hears: Callable[..., Hearing], control: Control, sandbox: Running, console: Console, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    order = ordered.place(console, *ordered.customer(console, sandbox))
    hearing = hears()
    settled(hearing, control)
    hearing.stop()
    control.approve(order.sf_order_id)
    control.ask("POST", "clock", {"advance_s": GAP_S})
    again = hears().start()
    after = publish(control)
    eventually(lambda: after in recorded(), what="the stream again")
    assert len(told("stream_position_lost")) == 1
    assert Job.of_order(order.sf_order_id) is None, "the stream does not know it any more"
    assert "reconcile" in again.rung()
    reconciling.reconcile(console.upstreams, ordered.at_once(console.policy))
    job = Job.of_order(order.sf_order_id)
    assert job
    assert (job.state, job.source) == ("queued", "backfill")
