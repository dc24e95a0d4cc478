"""One correlation id from the customer's click through every upstream to the mail."""

from __future__ import annotations

from uuid import uuid4

import pytest

from console import log
from console.models import Job, OutboxMessage
from console.services import mailing
from console.services.provisioning import engine, write_back
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.wiring import Console
from tests.support import ordered
from tests.support.sandbox import Control, Running

pytestmark = pytest.mark.sqlite


def test_it_goes_with_an_order_through_every_call(console: Console, sandbox: Running, control: Control) -> None:
    aiko = ordered.customer(console, sandbox)
    control.clear_calls()
    click = str(uuid4())
    with log.correlated(click):
        order = ordered.place(console, *aiko)
    control.approve(order.sf_order_id)
    [job_id] = ensure_jobs([order.sf_order_id], "stream")  # from here on without the click's context
    engine.run(job_id, PLANS["provision"], console.upstreams, console.policy, "worker:test")
    OutboxMessage.want_status(order.sf_order_id, Job.get_by_id(job_id).correlation_id)
    for message in OutboxMessage.select():
        if message.kind == "mail":
            mailing.deliver(message.id, console.upstreams, console.policy)
        else:
            write_back.send_status(message.id, console.upstreams, console.policy, "worker:test")
    calls = control.calls()
    assert {call["upstream"] for call in calls} == {"salesforce", "whmcs", "mobile", "mail"}
    assert [call for call in calls if call["correlation_id"] != click] == []
