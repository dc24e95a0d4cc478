"""Migrations while programs run: several may begin at once, and whoever is at work goes on with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from console import models, wiring
from console.models import AuditEntry, Job, migrating
from tests.support import ordered, postgres
from tests.support import settings as settings_for
from tests.support.processes import LISTENER, ROOT, WORKER, eventually, running
from tests.support.sandbox import Control, Running

UPGRADE = [sys.executable, "-m", "flask", "--app", "console.app", "db", "upgrade"]
NEXT = """
from peewee import CharField, IntegerField, Model, SQL


def up(migrator, db):
    class Added(Model):
        class Meta:
            database = db
            table_name = "added_by_the_next"

    db.create_tables([Added])
    for table in ("job", "job_step", "attempt", "outbox_message", "inbox_event", "lease"):
        migrator.migrate(
            migrator.add_column(table, "next_one", IntegerField(default=0, constraints=[SQL("DEFAULT 0")])),
            migrator.add_column(table, "next_two", CharField(max_length=40, null=True)),
            migrator.add_index(table, ("next_one",)),
        )
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own, not yet migrated."""
    before = models.database.obj
    if request.param == "postgres":
        yield postgres.make_database(request.getfixturevalue("_postgres"), f"at_work_{os.getpid()}")
    else:
        yield f"sqlite:///{tmp_path}/console.db"
    models.database.close()
    models.database.initialize(before)


def test_programs_that_begin_at_once_migrate_an_old_database_once(url: str, tmp_path: Path) -> None:
    settings = settings_for.without_upstreams(tmp_path, url)
    database = wiring.open_database(settings)
    runner = Runner(database, str(migrating._FOLDER))
    first, *others = [migration.name for migration in runner.migrations()]
    runner.up(first)
    AuditEntry.note("test", "before", "database")
    variables = os.environ | settings_for.cut_off(tmp_path, url)
    options = {"cwd": ROOT, "env": variables, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    at_once = [subprocess.Popen(UPGRADE, **options) for _ in range(3)]
    said = sorted(process.communicate(timeout=60)[0].split("\n") for process in at_once)
    assert [process.returncode for process in at_once] == [0, 0, 0]
    assert said == sorted([[*others, ""], ["nothing to do", ""], ["nothing to do", ""]])
    assert (migrating.pending(database), [row.verb for row in AuditEntry.select()]) == ([], ["before"])


def test_who_is_at_work_goes_on_while_the_next_migration_is_applied(
    url: str, sandbox: Running, control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"QUEUE_FILE": str(tmp_path / "queue.db"), "PROVISION_SWEEP_S": "0.2"}
    console = wiring.build(settings_for.with_sandbox(sandbox.info, tmp_path, url, **changes))
    migrating.upgrade(console.database)
    variables = os.environ | settings_for.variables(sandbox.info, tmp_path, url, **changes)
    aiko = ordered.customer(console, sandbox)
    orders = [str(ordered.place(console, *aiko).sf_order_id) for _ in range(4)]
    control.latency("whmcs", 50)
    with running(WORKER, variables, tmp_path) as worker, running(LISTENER, variables, tmp_path) as listener:
        for order_id in orders[:2]:
            control.approve(order_id)
        eventually(lambda: Job.select().where(Job.state == "running").count() == 2, what="two runs")
        assert _upgrade(url, tmp_path / "migrations", monkeypatch) == ["9999_next"]
        for order_id in orders[2:]:
            control.approve(order_id)
        for order_id in orders:
            ordered.await_activated(control, order_id)
            ordered.assert_exactly_once(control, order_id)
        eventually(lambda: Job.select().where(Job.state == "succeeded").count() == 4, what="the jobs' ends")
        assert [worker.terminate(20), listener.terminate()] == [0, 0]
    assert '"level": "error"' not in worker.log.read_text() + listener.log.read_text()


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_migration_gives_way_to_a_transaction_that_wants_what_it_holds(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would wait for each other, and PostgreSQL would end one of them."""
    database = wiring.open_database(settings_for.without_upstreams(tmp_path, url))
    migrating.upgrade(database)
    with ThreadPoolExecutor(1) as beside:
        with models.transaction():
            database.execute_sql("UPDATE job_step SET name = name")
            migration = beside.submit(_upgrade, url, tmp_path / "migrations", monkeypatch)
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = %s)"
            eventually(lambda: database.execute_sql(waits, (database.database.rpartition("/")[2],)).fetchone()[0], what="its wait")
            database.execute_sql("UPDATE job SET kind = kind")
        assert migration.result(20) == ["9999_next"]


def _upgrade(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As a program of the next version does it, on a connection of its own."""
    shutil.copytree(migrating._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "9999_next.py").write_text(NEXT)
    monkeypatch.setattr(migrating, "_FOLDER", folder)
    database = wiring.database_at(url)
    try:
        return migrating.upgrade(database)
    finally:
        database.close()
