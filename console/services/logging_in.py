"""Logging in and out: the password, the code where one is asked, and the sessions that a login opens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from console import clock
from console.errors import Refused
from console.models import PendingLogin, User, UserSession
from console.services import two_step
from console.services.upstreams import Policy
from console.vault import fingerprint, password_matches

IDLE = {True: timedelta(hours=1), False: timedelta(hours=2)}  # by: is it staff
IDLE_REMEMBERED = timedelta(days=14)
ABSOLUTE_S, REMEMBERED_S = 24 * 3600, 30 * 86400
RECENT = timedelta(minutes=15)
PENDING_S, CODE_TRIES = 600, 5


@dataclass(frozen=True)
class Device:
    """What the browser says of itself, in two words; "" where it says nothing that we know."""

    browser: str = ""
    system: str = ""


@dataclass(frozen=True)
class Login:
    """An open session as its owner sees it."""

    number: int
    browser: str
    system: str
    since: datetime
    seen: datetime
    remembered: bool
    here: bool


def check(policy: Policy, email: str, password: str, totp: str | None = None) -> User:
    """Password and, where it is on, code in one go: "invalid_login", "totp_required" without a code, or what two_step.check refuses."""
    user = by_password(email, password)
    if user.two_step:
        if not totp:
            raise Refused("totp_required")
        two_step.check(policy, user, totp)
    return user


def by_password(email: str, password: str) -> User:
    """The person of that e-mail and password; Refused("invalid_login") alike for unknown, unconfirmed and wrong."""
    user = User.by_email(email)
    matches = password_matches(user.password_hash if user else None, password)
    if user is None or not matches or not user.confirmed:
        raise Refused("invalid_login")
    return user


def wait_for_code(user: User, *, remember: bool) -> str:
    """The password was right: an opaque id that is worth a few tries at the code, for minutes."""
    opaque = secrets.token_urlsafe(32)
    PendingLogin.delete().where(PendingLogin.expires_at <= clock.now()).execute()
    PendingLogin.create(fingerprint=fingerprint(opaque), user=user, remembered=remember, expires_at=clock.after(PENDING_S))
    return opaque


def pending(opaque: str) -> PendingLogin:
    """The login that waits for its code; Refused("login_over")."""
    live = (PendingLogin.fingerprint == fingerprint(opaque)) & (PendingLogin.expires_at > clock.now())
    row: PendingLogin | None = PendingLogin.get_or_none(live) if opaque else None
    if row is None:
        raise Refused("login_over")
    return row


def with_code(policy: Policy, opaque: str, code: str) -> tuple[User, bool]:
    """Who is logged in now, and whether to remember them; "login_over" after five tries, and what two_step.check refuses."""
    row = pending(opaque)
    if not row.count_try(CODE_TRIES):
        raise Refused("login_over")
    user: User = row.user
    two_step.check(policy, user, code)
    if not PendingLogin.delete().where(PendingLogin.id == row.id).execute():
        raise Refused("login_over")
    return user, bool(row.remembered)


def begin(user: User, device: Device | None = None, *, remember: bool = False) -> str:
    """Open a session; the opaque id for the cookie, which only its fingerprint keeps here. Staff are never remembered."""
    opaque, device = secrets.token_urlsafe(32), device or Device()
    kept = remember and not user.is_staff
    UserSession.delete().where(UserSession.expires_at <= clock.now()).execute()
    UserSession.create(
        fingerprint=fingerprint(opaque), user=user, expires_at=clock.after(REMEMBERED_S if kept else ABSOLUTE_S), remembered=kept,
        browser=device.browser, system=device.system,
    )  # fmt: skip
    return opaque


def whose(opaque: str, *, alive: bool) -> User | None:
    """The person of a session that is neither idle nor over; `alive`: they did something, the idle time begins anew."""
    session = _session(opaque)
    if session is None or not _live(session):
        return None
    if alive:
        session.touch()
    return session.user  # type: ignore[no-any-return]


def _session(opaque: str) -> UserSession | None:
    return UserSession.of(fingerprint(opaque)) if opaque else None


def _live(session: UserSession) -> bool:
    now = clock.now()
    idle = IDLE_REMEMBERED if session.remembered else IDLE[session.user.is_staff]
    return bool(now < session.expires_at and now - session.last_seen_at < idle)


def recent(opaque: str) -> bool:
    """Whether the password was given within the last minutes: asked before what costs money or opens another system."""
    session = _session(opaque)
    return session is not None and clock.now() - session.authenticated_at < RECENT


def again(opaque: str, password: str) -> None:
    """The password once more, in an open session; Refused("wrong_password")."""
    session = _session(opaque)
    if session is None or not password_matches(session.user.password_hash, password):
        raise Refused("wrong_password")
    session.authenticated_at = clock.now()
    session.save(only=[UserSession.authenticated_at])


def logins(user: User, opaque: str) -> list[Login]:
    """Where this person is logged in: here first, then the newest sign of life."""
    rows = UserSession.select(UserSession, User).join(User).where(UserSession.user == user.id).order_by(UserSession.last_seen_at.desc())
    here = fingerprint(opaque)
    found = [
        Login(row.id, row.browser, row.system, row.created_at, row.last_seen_at, row.remembered, row.fingerprint == here)
        for row in rows
        if _live(row)
    ]
    return sorted(found, key=lambda login: not login.here)


def end(opaque: str) -> None:
    """Log out on the server: the cookie is worth nothing afterwards."""
    UserSession.delete().where(UserSession.fingerprint == fingerprint(opaque)).execute()


def end_one(user: User, number: int) -> None:
    """Log one device of theirs out; Refused("no_such_login")."""
    if not UserSession.delete().where((UserSession.id == number) & (UserSession.user == user.id)).execute():
        raise Refused("no_such_login")


def end_all(user: User, *, but: str = "") -> None:
    """Log every device out, those that wait for a code too; `but`: the opaque id of the one that stays."""
    UserSession.delete().where((UserSession.user == user.id) & (UserSession.fingerprint != fingerprint(but))).execute()
    PendingLogin.delete().where(PendingLogin.user == user.id).execute()
