"""Carries orders in this process as listener and worker do, and keeps or replays what goes over the wire meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import requests
from requests import PreparedRequest
from urllib3.connection import HTTPConnection

from bench.world import World
from console.clients.deadline import DeadlineAdapter
from console.clients.pubsub import Batch, Event
from console.models import Job
from console.services.provisioning import engine
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import receive

CHANNEL = "/event/OrderProvisionRequested__e"
_positions = count(1)


def event(order_id: str) -> Event:
    """As the stream brings it."""
    fields: dict[str, object] = {"OrderId__c": order_id, "IdemKey__c": order_id}
    return Event(str(uuid4()), b"", "schema", b"", fields, "")


def record(order_ids: Sequence[str]) -> tuple[int, ...]:
    """T1 for the events of these orders; the jobs to ring."""
    batch = Batch(tuple(map(event, order_ids)), next(_positions).to_bytes(10, "big"))
    return receive(CHANNEL, batch, fence=1).jobs


def carry(world: World, job_id: int) -> Job:
    """The job from its first step to its last, in this thread."""
    job = engine.run(job_id, PLANS["provision"], world.console.upstreams, world.console.policy, "worker:bench")
    assert job is not None
    assert job.state == "succeeded", f"{job.state} at {job.current_step}: {job.error_code}"
    return job


def run(world: World, order_ids: Sequence[str]) -> None:
    """Approved, recorded, provisioned."""
    world.approve(order_ids)
    for job_id in record(order_ids):
        carry(world, job_id)


@contextmanager
def recorded() -> Iterator[list[PreparedRequest]]:
    """The requests that our clients send inside."""
    sent: list[PreparedRequest] = []
    original = DeadlineAdapter.send

    def noted(self: DeadlineAdapter, request: PreparedRequest, **more: Any) -> requests.Response:
        sent.append(request)
        return original(self, request, **more)

    with patch.object(DeadlineAdapter, "send", noted):
        yield sent


class Replay:
    """The same requests on one bare Session, as the shortest script would make them."""

    def __init__(self, sent: Sequence[PreparedRequest], ca_file: str) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file
        self._calls = [(one.method, one.url, {**one.headers}, one.body) for one in sent]

    def __call__(self) -> None:
        for method, url, headers, body in self._calls:
            answer = self._session.request(str(method), str(url), headers=headers, data=body, timeout=60)
            assert answer.content, url


@contextmanager
def connecting() -> Iterator[list[str]]:
    """Hosts to which a new connection is made inside, by anybody in this process."""
    made: list[str] = []
    original = HTTPConnection._new_conn  # type: ignore[attr-defined]

    def noted(self: Any) -> Any:
        made.append(f"{self.host}:{self.port}")
        return original(self)

    with patch.object(HTTPConnection, "_new_conn", noted):
        yield made


def spent(act: Any) -> float:
    """Milliseconds of CPU that this thread spends on it."""
    began = time.thread_time()
    act()
    return (time.thread_time() - began) * 1000
