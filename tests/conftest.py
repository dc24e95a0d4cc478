"""What every test may ask for: a database (SQLite and PostgreSQL), settings, a sandbox, a wired console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from config import Settings
from console import models, wiring
from console.models import migrating
from tests.support import network, postgres
from tests.support import redis as redises
from tests.support import sandbox as sandboxes
from tests.support import settings as settings_for
from tests.support.absent import absent

network.stay_home()

# rooms whose tests run on both databases; pages and the rest only on the default
_BOTH = {"models", "services", "listener", "tasks"}
# of these the rooms where PostgreSQL has its turn in the long run; what only it has is marked `postgres` and runs always
_BOTH_LONG = {"services", "listener", "tasks"}
# rooms whose tests start processes: begun first, so that no worker is left alone with one of them at the end
_SLOW = {"tasks", "proving", "journeys", "listener", "deploy"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    marked = [name for name in ("sqlite", "postgres") if metafunc.definition.get_closest_marker(name)]
    rooms = set(metafunc.definition.path.parts)
    second = pytest.param("postgres", marks=pytest.mark.long if _BOTH_LONG & rooms else ())
    metafunc.parametrize("database", marked or ["sqlite", *([second] if _BOTH & rooms else [])], indirect=True, scope="function")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in _SLOW)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this worker: database files, secrets, queue."""
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    try:
        with postgres.server() as address:
            yield address
    except postgres.Missing as missing:
        absent(str(missing))


@pytest.fixture(scope="session")
def _databases(folder: Path) -> Iterator[dict[str, tuple[str, Database]]]:
    """Those opened so far, by name: address and the open database."""
    opened: dict[str, tuple[str, Database]] = {}
    yield opened
    for _url, database in opened.values():
        database.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, folder: Path, _databases: dict[str, tuple[str, Database]]) -> Iterator[Database]:
    """Migrated and empty, bound to the models; each test runs on every database of its room."""
    name = request.param
    if name not in _databases:
        _databases[name] = _opened(_address(request, name, folder), folder)
    _url, opened = _databases[name]
    models.database.initialize(opened)
    opened.connect(reuse_if_open=True)
    yield opened
    if models.database.obj is not opened:  # a wiring of the test's own
        models.database.close()
        models.database.initialize(opened)
    _empty(opened)


def _address(request: pytest.FixtureRequest, name: str, folder: Path) -> str:
    if name == "sqlite":
        return f"sqlite:///{folder / 'test.db'}"
    return postgres.make_database(request.getfixturevalue("_postgres"), f"console_{os.getpid()}")


def _opened(url: str, folder: Path) -> tuple[str, Database]:
    database = wiring.open_database(settings_for.without_upstreams(folder, url))
    migrating.upgrade(database)
    return url, database


def _empty(database: Database) -> None:
    while database.in_transaction():
        database.rollback()
    with database.atomic():
        for table in reversed(models.TABLES):
            table.delete().execute()
    models.RestoreMark.forget()


@pytest.fixture
def database_url(database: Database, _databases: dict[str, tuple[str, Database]]) -> str:
    """The address of the test's database, for processes that the test starts."""
    return next(url for url, opened in _databases.values() if opened is database)


@pytest.fixture
def redis() -> Iterator[redises.Server]:
    """A Redis of the test's own, to be mistreated."""
    with redises.server() as running:
        yield running


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Running]:
    running = sandboxes.start(tmp_path_factory.mktemp("sandbox"))
    running.remember()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sandbox(_world: sandboxes.Running) -> Iterator[sandboxes.Running]:
    """The upstream world as a process; the tests of each file find it as on its first day."""
    yield _world
    _world.recall()


@pytest.fixture
def control(sandbox: sandboxes.Running) -> Iterator[sandboxes.Control]:
    """The sandbox's control door; faults that a test set are gone after it."""
    yield sandbox.control
    sandbox.control.clear_faults()


@pytest.fixture
def settings(folder: Path, database_url: str, request: pytest.FixtureRequest) -> Settings:
    """Of a console whose upstreams are the sandbox if the test asks for one, else down."""
    if "sandbox" in request.fixturenames:
        return settings_for.with_sandbox(request.getfixturevalue("sandbox").info, folder, database_url)
    return settings_for.without_upstreams(folder, database_url)


@pytest.fixture
def console(settings: Settings, database: Database) -> wiring.Console:
    """Wired: settings, database, the upstreams' clients, the policy."""
    return wiring.Console(settings, database, wiring.upstreams(settings), wiring.policy(settings))


@pytest.fixture
def environment(sandbox: sandboxes.Running, folder: Path, database_url: str) -> dict[str, Any]:
    """Environment variables for a process of the console that the test starts against the sandbox."""
    return {**os.environ, **settings_for.variables(sandbox.info, folder, database_url)}
