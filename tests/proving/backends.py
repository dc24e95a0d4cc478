"""The two installations that everything is proved on: SQLite with a queue file, PostgreSQL with Redis; own servers, free ports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support import postgres, redis
from tests.support.postgres import Missing

NAMES = ("sqlite", "postgres")


@contextmanager
def server(backend: str) -> Iterator[str]:
    """The address of what all consoles of a back end share, "" for nothing; Missing when this machine has it not."""
    if backend == "sqlite":
        yield ""
        return
    need_redis()
    with postgres.server() as address:
        yield address


def need_redis() -> None:
    if not shutil.which("redis-server") or find_spec("redis") is None:
        raise Missing("Redis is not installed (Debian: apt-get install redis-server; requirements-scale.txt)")


@contextmanager
def installed(shared: str, folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Settings of one console's new database and of a queue that nobody else uses, for the time of a block."""
    queue = {"QUEUE_FILE": str(folder / "queue.db")}
    if not shared:
        yield {"DATABASE_URL": f"sqlite:///{folder / 'console.db'}", **queue}
        return
    with redis.server() as own:
        yield {"DATABASE_URL": postgres.make_database(shared, name), "REDIS_URL": own.url, **queue}
