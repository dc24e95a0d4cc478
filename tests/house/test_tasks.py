"""Every task of the queue has a fixed name, is documented, and leaves retrying to the rows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import Settings
from console import wiring
from tasks import register

ROOT = Path(__file__).resolve().parents[2]
_TASK = re.compile(r"^\| `(tasks\.\w+)` \|", re.M)


@pytest.fixture
def tasks(settings: Settings) -> dict[str, type]:
    """By the name that a message in the queue carries."""
    queue = wiring.queue(settings)
    register(queue)
    return dict(queue._registry._registry)


def test_it_documents_every_task(tasks: dict[str, type]) -> None:
    assert set(_TASK.findall((ROOT / "docs/architecture.md").read_text())) == set(tasks)


def test_it_never_lets_the_queue_retry(tasks: dict[str, type]) -> None:
    assert {name: task.default_retries for name, task in tasks.items() if task.default_retries} == {}


def test_it_lets_every_ring_expire(tasks: dict[str, type]) -> None:
    assert all(task.default_expires for task in tasks.values())


def test_it_registers_the_same_names_in_every_process(tasks: dict[str, type], tmp_path: Path) -> None:
    # a message whose name the consumer does not know is destroyed
    code = "import tasks; print(*sorted(tasks.huey._registry._registry))"
    variables = {"ENVIRONMENT": "test", "QUEUE_FILE": str(tmp_path / "queue.db"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(tasks)
