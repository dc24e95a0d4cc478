"""Migrations on PostgreSQL: the same tables, under a lock of the database, since its processes are on many hosts."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from peewee import Database
from playhouse.schema_diff import diff_models

from console import wiring
from console.models import TABLES, migrating
from tests.support import postgres
from tests.support import settings as settings_for

pytestmark = pytest.mark.postgres


def test_it_ends_with_the_tables_of_the_models(database: Database) -> None:
    assert not (difference := diff_models(database, list(TABLES))), f"a migration is missing or wrong:\n{difference}"
    assert migrating.pending(database) == []


def test_it_lets_only_one_process_migrate(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = postgres.make_database(request.getfixturevalue("_postgres"), f"migrating_{os.getpid()}")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        applied = pool.starmap(_upgrade, [(url, tmp_path / str(n)) for n in range(2)])
    assert sorted(map(bool, applied)) == [False, True]


def _upgrade(url: str, folder: Path) -> list[str]:
    folder.mkdir()
    return migrating.upgrade(wiring.open_database(settings_for.without_upstreams(folder, url)))
