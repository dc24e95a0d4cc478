"""The numbered migrations make exactly the tables that the models describe."""

import multiprocessing
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from console.models import TABLES, migrating

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(str(tmp_path / "fresh.db"))


def test_it_ends_with_the_tables_of_the_models(database: Database) -> None:
    assert not (difference := diff_models(database, list(TABLES))), f"a migration is missing or wrong:\n{difference}"


def test_it_keeps_the_columns_as_the_models_declare_them(database: Database, tmp_path: Path) -> None:
    # diff_models compares names only; SQLite's own words for both tell type, null and default too
    assert _columns(database) == _columns(_made_by_models(tmp_path))


def test_code_from_before_goes_on_writing(empty: SqliteDatabase) -> None:
    """A deploy migrates while old processes run: a column that they do not know has a default of the database's, or may be null."""
    runner = Runner(empty, str(ROOT / "console/models/migrations"))
    runner.up(runner.migrations()[0].name)
    before = {name: {row[1] for row in rows} for name, rows in _told(empty).items()}
    migrating.upgrade(empty)
    after = _told(empty)
    assert set(before) <= set(after)
    missed = [
        (name, row[1]) for name, columns in before.items() for row in after[name] if row[1] not in columns and row[3] and row[4] is None
    ]
    assert missed == []
    assert [(name, column) for name, columns in before.items() for column in columns - {row[1] for row in after[name]}] == []


def _told(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """SQLite's own words for each column: cid, name, type, not null, default, key."""
    return {name: database.execute_sql(f'PRAGMA table_info("{name}")').fetchall() for name in database.get_tables()}


def test_it_applies_each_once(empty: SqliteDatabase) -> None:
    assert migrating.upgrade(empty)
    assert migrating.upgrade(empty) == []
    assert migrating.pending(empty) == []


def test_it_lets_only_one_process_migrate(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        applied = pool.map(_upgrade, [str(tmp_path / "shared.db")] * 4)
    assert sorted(map(bool, applied)) == [False, False, False, True]


def _upgrade(path: str) -> list[str]:
    return migrating.upgrade(SqliteDatabase(path, timeout=20))


def _made_by_models(folder: Path) -> SqliteDatabase:
    made = SqliteDatabase(str(folder / "models.db"))
    with made.bind_ctx(TABLES):
        made.create_tables(TABLES)
    return made


def _columns(database: Database) -> dict[str, list[tuple[object, ...]]]:
    names = [table._meta.table_name for table in TABLES]
    rows = {name: database.execute_sql(f'PRAGMA table_info("{name}")').fetchall() for name in names}
    # cid is the order of declaration, dflt_value is Peewee's business in Python
    return {name: sorted((row[1], row[2], row[3], row[5]) for row in found) for name, found in rows.items()}
