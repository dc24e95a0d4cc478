"""The files that hold rows and rings are their owner's alone from the moment they are there, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import OperationalError
from pydantic import SecretStr

from config import QueueSettings
from console import wiring
from console.models import copying, migrating
from tasks import Bell


@pytest.fixture(autouse=True)
def _everybody_may() -> Iterator[None]:
    """The most careless umask."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}


def test_the_database_and_its_backup(tmp_path: Path) -> None:
    with closing(wiring.database_at(f"sqlite:///{tmp_path}/console.db")) as database:
        migrating.upgrade(database)
        copying.back_up(database, tmp_path / "backup.db")
        assert modes(tmp_path) == dict.fromkeys(
            ["console.db", "console.db-wal", "console.db-shm", "console.db.migrating", "backup.db"], "0o600"
        )


def test_the_queue(tmp_path: Path) -> None:
    queue = wiring.queue(QueueSettings(queue_file=tmp_path / "queue.db", secret_key=SecretStr("k" * 40)))
    Bell(queue).jobs([1])
    assert modes(tmp_path) == dict.fromkeys(["queue.db", "queue.db-wal", "queue.db-shm"], "0o600")
    queue.storage.close()


def test_a_file_that_was_shared_stays_so(tmp_path: Path) -> None:
    """Whoever runs the console may have given it to a group."""
    (tmp_path / "console.db").touch(0o660)
    with closing(wiring.database_at(f"sqlite:///{tmp_path}/console.db")) as database:
        migrating.upgrade(database)
        assert {modes(tmp_path)[name] for name in ("console.db", "console.db-wal", "console.db-shm")} == {"0o660"}


def test_a_file_that_is_only_read_is_not_made(tmp_path: Path) -> None:
    database = wiring.database_at(f"sqlite:///{tmp_path}/none.db", read_only=True)
    with pytest.raises(OperationalError, match="unable to open"):
        database.connect()
    assert modes(tmp_path) == {}
