"""What somebody else puts into the queue: it runs nothing, ends nothing, and is told of; what was rung under a former key is heard."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config import QueueSettings
from console import log, wiring
from console.doorbell import Doorbell, Forged, Signed
from console.models import Heartbeat
from tasks import Bell
from tests.support import settings as settings_for
from tests.support.processes import WORKER, eventually, running

PRESENT, FORMER, FOREIGN = "present-" * 5, "former-" * 5, "foreign-" * 5


class Trap:
    """A message that runs a command in whoever opens it."""

    def __init__(self, file: Path) -> None:
        self._command = f"touch {file}"

    def __reduce__(self) -> Any:
        return os.system, (self._command,)


@pytest.fixture(autouse=True)
def _logs() -> None:
    log.configure()


@pytest.fixture(params=["SqliteHuey", "Redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings that tell where the queue is."""
    redis = {"redis_url": request.getfixturevalue("redis").url} if request.param == "Redis" else {}
    return {"queue_file": tmp_path / "queue.db"} | redis


def doorbell(where: dict[str, Any], key: str, *former: str) -> Doorbell:
    return wiring.queue(QueueSettings(**where, secret_key=SecretStr(key), secret_key_fallbacks=SecretStr(",".join(former))))


def ring(queue: Doorbell) -> None:
    Bell(queue).jobs([4711])


def heard(queue: Doorbell) -> Any:
    """What that end hears next."""
    Bell(queue)  # it knows the tasks
    return queue.dequeue()


def test_it_hears_what_was_rung_under_a_former_key(where: dict[str, Any]) -> None:
    ring(doorbell(where, FORMER))
    ring(doorbell(where, PRESENT, FORMER))
    queue = doorbell(where, PRESENT, FORMER)
    Bell(queue)
    assert [queue.dequeue().args, queue.dequeue().args, queue.dequeue()] == [(4711,), (4711,), None]


def test_it_does_not_hear_a_foreign_ring(where: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    ring(doorbell(where, FOREIGN))
    assert heard(doorbell(where, PRESENT, FORMER)) is None
    assert (caplog.text.count("queue_message_refused"), "Traceback" in caplog.text) == (1, False)


@pytest.mark.parametrize("message", ["text", 7, b"no signature", b"a wrong one:" + b"0" * 40], ids=str)
def test_it_opens_nothing_that_is_not_signed(message: object) -> None:
    with pytest.raises(Forged):
        Signed([PRESENT, FORMER]).deserialize(message)


def test_an_import_without_settings_has_a_key_that_nobody_knows(where: dict[str, Any]) -> None:
    ring(doorbell(where, ""))
    assert heard(doorbell(where, "")) is None


def test_a_message_of_somebody_elses_runs_nothing_and_ends_nothing(
    where: dict[str, Any], database: Any, database_url: str, tmp_path: Path
) -> None:
    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    variables = os.environ | settings_for.cut_off(tmp_path, database_url, **{name.upper(): str(value) for name, value in where.items()})
    queue = doorbell(where, variables["SECRET_KEY"])
    for message in (trap, trap + b":" + b"0" * 40, b"", b":"):
        queue.storage.enqueue(message)
    ring(doorbell(where, FOREIGN))
    with running(WORKER, variables, tmp_path) as worker:
        eventually(lambda: queue.storage.queue_size() == 0, what="an empty queue")
        ring(queue)  # for a job that does not exist
        eventually(lambda: queue.storage.queue_size() == 0, what="an empty queue")
        eventually(lambda: Heartbeat.alive(60), what="the worker's sign of life")
        assert worker.terminate() == 0
    told = worker.log.read_text()
    assert (told.count("queue_message_refused"), "Traceback" in told, (tmp_path / "sprung").exists()) == (5, False, False)
