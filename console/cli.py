"""The command line of the portal: `flask --app console.app` with the groups db, staff and jobs.

Exit codes: 0 done, 2 wrong use, 3 refused by the present state, 4 not found.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from console import clock
from console.cli_database import db
from console.cli_jobs import jobs
from console.models import AuditEntry, User, insert_once, transaction
from console.models.user import ROLES, STAFF
from console.services import two_step
from console.vault import hash_password
from console.web.forms.typed import is_common

REFUSED, NOT_FOUND = 3, 4
PASSWORD_LENGTH = range(8, 257)

staff = AppGroup("staff", help="People who work here.")


def init_app(app: Flask) -> None:
    """Hang the groups into the application's command line."""
    for group in (db, staff, jobs):
        app.cli.add_command(group)


@staff.command("create")
@click.option("--email", required=True)
@click.option("--role", required=True, type=click.Choice([role for role in ROLES if role in STAFF]))
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password's line from standard input.")
def create(email: str, role: str, first_name: str, last_name: str, password_stdin: bool) -> None:
    """Make a staff account; exit 3 when the address is taken."""
    email, password = _address(email), _password()
    with transaction():
        made = insert_once(
            User, email=email, password_hash=hash_password(password), role=role, first_name=first_name, last_name=last_name,
            confirmed_at=clock.now(), created_at=clock.now(),
        )  # fmt: skip
        if made:
            AuditEntry.note("cli", "create_staff", f"user:{_user_id(email)}", role)
    if not made:
        _leave(REFUSED, "There is an account with this address already.")
    click.echo(f"created: {role}")
    if current_app.config["STAFF_TOTP"] == "required":
        click.echo("two-step sign-in is set up at the first log-in", err=True)


@staff.command("reset-two-step")
@click.option("--email", required=True)
def reset_two_step(email: str) -> None:
    """Turn two-step sign-in off for somebody, customer or staff, who lost app and recovery codes; exit 4 for nobody, 3 when it is off."""
    user = User.by_email(email)
    if user is None:
        _leave(NOT_FOUND, "There is no account with this address.")
    policy = current_app.extensions["console"].policy
    if not two_step.reset(policy, user, "cli"):
        _leave(REFUSED, "Two-step sign-in is off already.")
    click.echo("off: every device is logged out and a mail is on its way")


def _address(email: str) -> str:
    name, at, domain = email.strip().lower().partition("@")
    if not (name and at and "." in domain) or not email.isprintable() or " " in email.strip() or len(email) > 254:
        raise click.BadParameter("not an e-mail address", param_hint="--email")
    return f"{name}@{domain}"


def _password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) not in PASSWORD_LENGTH:
        raise click.BadParameter("the password must have 8 to 256 characters", param_hint="--password-stdin")
    if is_common(password):
        raise click.BadParameter("this is one of the most used passwords", param_hint="--password-stdin")
    return password


def _user_id(email: str) -> int:
    user = User.by_email(email)
    return int(user.id) if user else 0


def _leave(code: int, message: str = "") -> NoReturn:
    if message:
        click.echo(message, err=True)
    raise SystemExit(code)
