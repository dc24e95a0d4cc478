"""Everything moves between SQLite and PostgreSQL, or nothing does; a backup is whole while others write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database, OperationalError

from console import clock, models, wiring
from console.models import TABLES, CatalogueSnapshot, EsimSecret, InboxEvent, Job, StreamCursor, User, copying, migrating
from console.models.lease import Lease
from tests.support import jobs


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """A new SQLite database beside the test's."""
    made = wiring.database_at(f"sqlite:///{tmp_path}/beside.db")
    yield made
    made.close()


@pytest.fixture
def filled(file: Database, database: Database) -> Iterator[Database]:
    """The SQLite file with a customer's rows of every kind that the databases keep differently."""
    migrating.upgrade(file)
    models.database.initialize(file)
    fill()
    models.database.initialize(database)
    return file


def fill() -> None:
    aiko = jobs.customer("愛子@example.com", first_name="愛子")
    job = jobs.job(aiko, "needs_attention", evidence={"found": ["ё", None, 1.5]}, lease_until=clock.now())
    jobs.stepped(job, "esim", "sub_1")
    jobs.arrived(job)
    service = jobs.subscribed(job, "8981000000000000001", 7, "sub_1")
    EsimSecret.create(subscription=service, sealed="sealed")
    StreamCursor.move("/event/E", bytes(range(256)), 3)
    Lease.take("listener", "a", 60)
    CatalogueSnapshot.create(items=[{"sku": "a"}])
    User.delete().where(User.id == jobs.customer().id).execute()  # an id that was given once


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.bind_ctx(TABLES):
        return {
            table._meta.table_name: [_plain(row) for row in table.select().order_by(table._meta.primary_key).tuples()] for table in TABLES
        }


def _plain(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def test_it_takes_every_row_as_it_is(filled: Database, database: Database) -> None:
    before = contents(filled)
    counts = copying.copy(filled, database)
    assert contents(database) == before
    assert counts == {name: len(rows) for name, rows in before.items()}
    assert min(counts[name] for name in ("job", "job_step", "inbox_event", "esim_secret", "stream_cursor", "lease")) == 1


def test_it_goes_back_again(database: Database, file: Database) -> None:
    fill()
    copying.copy(database, file)
    assert contents(file) == contents(database)


def test_it_goes_on_with_the_next_id(filled: Database, database: Database) -> None:
    copying.copy(filled, database)
    last = User.select().order_by(User.id.desc()).get().id
    assert jobs.customer().id > last
    assert Job.make("signup", "new")[0].id == 2


def test_it_takes_more_than_one_handful(file: Database, database: Database) -> None:
    migrating.upgrade(file)
    with file.bind_ctx([InboxEvent]):
        InboxEvent.insert_many({"event_uuid": f"uuid-{n}", "state": "recorded", "payload": b"\0"} for n in range(1201)).execute()
    assert copying.copy(file, database)["inbox_event"] == 1201
    assert InboxEvent.select().count() == 1201


def test_it_refuses_a_target_with_rows(filled: Database, database: Database) -> None:
    jobs.customer()
    with pytest.raises(copying.NotCopied, match="not empty: user, customer_link"):
        copying.copy(filled, database)
    assert User.select().count() == 1


def test_it_refuses_a_source_of_another_version(file: Database, database: Database) -> None:
    with pytest.raises(copying.NotCopied, match="not up to date"):
        copying.copy(file, database)


@pytest.mark.postgres
def test_it_leaves_nothing_when_a_row_does_not_fit(filled: Database, database: Database) -> None:
    filled.execute_sql("UPDATE job SET error_code = ?", ("x" * 61,))  # SQLite keeps what is too long
    with pytest.raises(copying.NotCopied, match="job: the target refused a row: value too long"):
        copying.copy(filled, database)
    assert User.select().count() == 0


@pytest.mark.sqlite
def test_it_knows_every_table(database: Database) -> None:
    assert {table._meta.table_name for table in TABLES} == set(database.get_tables()) - {"schema_migration"}


def test_it_can_only_read_the_source(database: Database, tmp_path: Path) -> None:
    url = database.database if "://" in database.database else f"sqlite:///{database.database}"
    source = wiring.database_at(url, read_only=True)
    with pytest.raises(Exception, match="(?i)read-?only"):
        source.execute_sql("DELETE FROM heartbeat")
    source.close()


@pytest.mark.sqlite
def test_it_backs_up_what_is_committed(database: Database, tmp_path: Path) -> None:
    fill()
    before = contents(database)
    source = wiring.database_at(f"sqlite:///{database.database}", read_only=True)
    with models.transaction():
        jobs.customer()
        assert copying.back_up(source, tmp_path / "whole.db") > 100_000
    source.close()
    saved = wiring.database_at(f"sqlite:///{tmp_path}/whole.db", read_only=True)
    assert contents(saved) == before
    assert (tmp_path / "whole.db").stat().st_mode & 0o777 == 0o600
    saved.close()


@pytest.mark.sqlite
def test_it_never_replaces_a_file(database: Database, tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_text("kept")
    with pytest.raises(FileExistsError):
        copying.back_up(database, tmp_path / "kept.db")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db"]


@pytest.mark.sqlite
def test_it_leaves_no_half_backup(database: Database, tmp_path: Path) -> None:
    closed = wiring.database_at(f"sqlite:///{tmp_path}/nothing.db", read_only=True)
    with pytest.raises(OperationalError):
        copying.back_up(closed, tmp_path / "half.db")
    assert list(tmp_path.iterdir()) == []
