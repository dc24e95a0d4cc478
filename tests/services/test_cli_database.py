"""The commands `db copy`, `db backup` and `db mark-restored`: what an operator reads, and the exit code that a script sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from peewee import Database

from config import Settings
from console import models, wiring
from console.app import create_app
from console.models import AuditEntry, Heartbeat, RestoreMark, User, migrating
from tests.support import jobs

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, database: Database) -> Run:
    runner = create_app(settings).test_cli_runner()
    return lambda *words: runner.invoke(args=["db", *words])


def beside(folder: Path) -> str:
    return f"sqlite:///{folder}/beside.db"


def test_it_copies_and_counts(run: Run, tmp_path: Path) -> None:
    jobs.customer("愛子@example.com")
    done = run("copy", "--to", beside(tmp_path))
    assert done.exit_code == 0, done.output
    assert "         1  user\n" in done.stdout
    assert "         2  rows copied and counted again." in done.stdout
    copied = wiring.database_at(beside(tmp_path), read_only=True)
    with copied.bind_ctx([User]):
        assert User.get().email == "愛子@example.com"
    copied.close()


def test_it_refuses_while_somebody_works(run: Run, tmp_path: Path) -> None:
    Heartbeat.beat("worker", "worker:here:1")
    refused = run("copy", "--to", beside(tmp_path))
    assert (refused.exit_code, "refused: worker:here:1" in refused.stderr) == (3, True)
    assert list(tmp_path.iterdir()) == []
    assert run("copy", "--to", beside(tmp_path), "--force").exit_code == 0


def test_it_refuses_a_target_with_rows(run: Run, tmp_path: Path) -> None:
    jobs.customer()
    assert run("copy", "--to", beside(tmp_path)).exit_code == 0
    again = run("copy", "--to", beside(tmp_path))
    assert (again.exit_code, "The target is not empty: user, customer_link" in again.stderr) == (3, True)


@pytest.mark.parametrize(("url", "code", "words"), [
    ("mysql://x/y", 2, "must begin with sqlite:/// or postgresql://"),
    ("postgresql://nobody:secret@127.0.0.1:9/none", 1, "nothing was copied"),
])  # fmt: skip
@pytest.mark.sqlite
def test_it_says_why_a_target_cannot_be(run: Run, url: str, code: int, words: str) -> None:
    refused = run("copy", "--to", url)
    assert (refused.exit_code, words in refused.stderr, "secret" in refused.output) == (code, True, False)


@pytest.mark.sqlite
def test_it_backs_up_into_a_new_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    assert run("backup", str(file)).exit_code == 0
    assert file.stat().st_size > 100_000
    again = run("backup", str(file))
    assert (again.exit_code, again.stderr) == (3, f"refused: {file} exists\n")
    nowhere = run("backup", str(tmp_path / "no" / "backup.db"))
    assert (nowhere.exit_code, "no backup was written" in nowhere.stderr) == (1, True)


@pytest.mark.postgres
def test_it_leaves_the_backup_of_postgresql_to_its_own_tool(run: Run, tmp_path: Path) -> None:
    told = run("backup", str(tmp_path / "backup.dump"))
    assert (told.exit_code, "pg_dump --format=custom" in told.stderr, list(tmp_path.iterdir())) == (2, True, [])


def test_it_marks_a_restore(run: Run) -> None:
    assert run("mark-restored").exit_code == 0
    first = RestoreMark.moment()
    assert run("mark-restored").exit_code == 0
    assert RestoreMark.moment() > first
    assert [(row.actor, row.verb) for row in AuditEntry.select()] == [("cli", "mark_restored")] * 2


@pytest.mark.sqlite
def test_it_copies_no_database_of_an_older_version(settings: Settings, database: Database, tmp_path: Path) -> None:
    old = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/old.db"})
    refused = create_app(old).test_cli_runner().invoke(args=["db", "copy", "--to", beside(tmp_path)])
    assert (refused.exit_code, "run `db upgrade` first" in refused.stderr) == (3, True)
    models.database.close()
    assert migrating.pending(wiring.database_at(old.database_url))
