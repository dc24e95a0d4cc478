"""The command line's group `db`: migrations, the move to another database, backup and restore.

Exit codes: 0 done, 1 the database does not answer, 2 wrong use, 3 refused by the present state.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from flask import current_app
from flask.cli import AppGroup

from config import BadSettings
from console import wiring
from console.models import AuditEntry, Heartbeat, RestoreMark, copying, database, migrating, transaction
from console.models.base import DatabaseTrouble, on_postgres

if TYPE_CHECKING:
    from peewee import Database

TROUBLE, WRONG, REFUSED = 1, 2, 3
ALIVE_S = 60

db = AppGroup("db", help="The database's tables.")


@db.command("upgrade")
def upgrade() -> None:
    """Apply pending migrations. Safe to run from several places at once."""
    applied = migrating.upgrade(database.obj)
    click.echo("\n".join(applied) if applied else "nothing to do")


@db.command("status")
def status() -> None:
    """List pending migrations; exit 3 when there are any."""
    pending = migrating.pending(database.obj)
    click.echo("\n".join(f"pending: {name}" for name in pending) if pending else "up to date")
    if pending:
        leave(REFUSED)


@db.command("copy")
@click.option("--to", "url", required=True, help="sqlite:///file or postgresql://…; migrated or new, and without rows.")
@click.option("--force", is_flag=True, help="Although workers or listeners are alive.")
def copy(url: str, force: bool) -> None:
    """Copy every row to another database, ids kept, all or nothing. This one is only read. Stop web, worker and listener first."""
    if pending := migrating.pending(database.obj):
        leave(REFUSED, f"refused: this database is not up to date ({', '.join(pending)}); run `db upgrade` first")
    if not force and (alive := Heartbeat.alive(ALIVE_S)):
        leave(REFUSED, f"refused: {', '.join(alive)} gave a sign of life within {ALIVE_S} s; stop it first, or say --force")
    try:
        copied = _copy(url)
    except (copying.NotCopied, BadSettings) as error:
        leave(REFUSED, f"refused: {error}")
    except DatabaseTrouble as error:
        leave(TROUBLE, f"nothing was copied: {error}")
    for name, count in copied.items():
        click.echo(f"{count:>10}  {name}")
    click.echo(f"{sum(copied.values()):>10}  rows copied and counted again. Set DATABASE_URL to the new database, then start.")


def _copy(url: str) -> dict[str, int]:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise click.BadParameter("must begin with sqlite:/// or postgresql://", param_hint="--to")
    source, target = _source(), wiring.database_at(url)
    try:
        return copying.copy(source, target)
    finally:
        source.close()
        target.close()


def _source() -> Database:
    return wiring.database_at(current_app.extensions["console"].settings.database_url, read_only=True)


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a consistent copy of a SQLite database while it is in use. For PostgreSQL: tells pg_dump's words, exit 2."""
    if on_postgres():
        leave(WRONG, f'PostgreSQL is backed up by its own tool:\n  pg_dump --format=custom --file={file} --dbname="$DATABASE_URL"')
    source = _source()
    try:
        size = copying.back_up(source, file)
    except FileExistsError:
        leave(REFUSED, f"refused: {file} exists")
    except (OSError, copying.Failed) as error:
        leave(TROUBLE, f"no backup was written: {error}")
    finally:
        source.close()
    click.echo(f"{file}: {size} bytes. The ENCRYPTION_KEYS are not in it: keep them elsewhere.")


@db.command("mark-restored")
def mark_restored() -> None:
    """After a restore and before anything starts: what this database does not know of is looked up before it is done again."""
    with transaction():
        moment = RestoreMark.mark()
        AuditEntry.note("cli", "mark_restored", "database")
    click.echo(f"restored as of {moment:%Y-%m-%dT%H:%M:%SZ}: steps of orders changed before are looked up before they are called")


def leave(code: int, message: str = "") -> NoReturn:
    """End the command with this exit code, its reason on standard error."""
    if message:
        click.echo(message, err=True)
    raise SystemExit(code)
