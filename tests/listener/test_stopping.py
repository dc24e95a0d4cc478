"""SIGTERM ends the process within five seconds, whatever it is at, with code 0 and its lease given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.models import Heartbeat, Lease
from console.wiring import Console
from tests.listener.hearing import publish, subscribers, terminated
from tests.support.processes import LISTENER, Process, eventually, running
from tests.support.sandbox import Control

# what a signal meets does not depend on the database
pytestmark = pytest.mark.sqlite
LEASE = "listener:/event/OrderProvisionRequested__e"
Own = dict[str, Any]


def logged(listener: Process, event: str) -> None:
    eventually(lambda: event in listener.log.read_text(), what=event)


def beating(state: str) -> Callable[[], bool]:
    return lambda: [row.detail["state"] for row in Heartbeat.select()] == [state]


def test_while_it_listens(console: Console, control: Control, own: Own, tmp_path: Path) -> None:
    with running(LISTENER, own, tmp_path) as listener:
        eventually(lambda: subscribers(control) == 1, what="a subscription")
        assert terminated(listener)
    assert subscribers(control) == 0


def test_while_it_stands_by(console: Console, own: Own, tmp_path: Path) -> None:
    assert Lease.take(LEASE, "another", 60)
    with running(LISTENER, own, tmp_path) as listener:
        eventually(beating("standby"), what="a stand-by")
        assert terminated(listener)
    assert Lease.get_by_id(LEASE).owner == "another"


def test_while_it_is_switched_off(console: Console, own: Own, tmp_path: Path) -> None:
    with running(LISTENER, own | {"SF_EVENTS_ENABLED": "false"}, tmp_path) as listener:
        eventually(beating("disabled"), what="a sign of life")
        assert terminated(listener)


def test_while_it_waits_for_an_hour(console: Console, control: Control, own: Own, tmp_path: Path) -> None:
    control.fault("pubsub", "Subscribe", "delivery_limit")
    with running(LISTENER, own, tmp_path) as listener:
        logged(listener, "stream_throttled")
        assert terminated(listener)


def test_while_nobody_lets_it_in(console: Console, control: Control, own: Own, tmp_path: Path) -> None:
    with running(LISTENER, own | {"SF_PUBSUB_ENDPOINT": "localhost:9"}, tmp_path) as listener:
        logged(listener, "stream_lost")
        assert terminated(listener)


def test_while_the_stream_is_silent(console: Console, control: Control, own: Own, tmp_path: Path) -> None:
    control.fault("pubsub", "Subscribe", "silent", count=1)
    with running(LISTENER, own, tmp_path) as listener:
        eventually(lambda: control.faults()[0]["fired"], what="the silence")
        assert terminated(listener)


@pytest.mark.parametrize(("upstream", "call"), [("salesforce", "token"), ("pubsub", "GetSchema"), ("pubsub", "Subscribe")])
def test_while_a_call_hangs(console: Console, control: Control, own: Own, tmp_path: Path, upstream: str, call: str) -> None:
    """The log-in, the opening of the stream, or the fetch of a schema: none of them is waited for."""
    control.fault(upstream, call, "timeout_before", count=1, delay_ms=9_000)
    with running(LISTENER, own | {"SF_EVENTS_REPLAY": "EARLIEST"}, tmp_path) as listener:
        publish(control)
        eventually(lambda: control.faults()[0]["fired"], what="the call")
        assert terminated(listener)
