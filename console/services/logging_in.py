"""Logging in and out: the password, and the sessions that a login opens."""

from __future__ import annotations

import secrets
from datetime import timedelta

from console import clock
from console.errors import Refused
from console.models import User, UserSession
from console.vault import fingerprint, password_matches

IDLE = {True: timedelta(hours=1), False: timedelta(hours=2)}  # by: is it staff
ABSOLUTE_S = 24 * 3600
RECENT = timedelta(minutes=15)


def check(email: str, password: str, *, staff_totp: bool) -> User:
    """The person of that e-mail and password; Refused("invalid_login") alike for unknown, unconfirmed and wrong."""
    user = User.by_email(email)
    matches = password_matches(user.password_hash if user else None, password)
    if user is None or not matches or not user.confirmed:
        raise Refused("invalid_login")
    if user.is_staff and staff_totp:
        raise Refused("staff_totp_required")
    return user


def begin(user: User) -> str:
    """Open a session; the opaque id for the cookie, which only its fingerprint keeps here."""
    opaque = secrets.token_urlsafe(32)
    UserSession.delete().where(UserSession.expires_at <= clock.now()).execute()
    UserSession.create(fingerprint=fingerprint(opaque), user=user, expires_at=clock.after(ABSOLUTE_S))
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
    if not opaque:
        return None
    rows = UserSession.select(UserSession, User).join(User).where(UserSession.fingerprint == fingerprint(opaque))
    return rows.first()  # type: ignore[no-any-return]


def _live(session: UserSession) -> bool:
    now = clock.now()
    return bool(now < session.expires_at and now - session.last_seen_at < IDLE[session.user.is_staff])


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


def end(opaque: str) -> None:
    """Log out on the server: the cookie is worth nothing afterwards."""
    UserSession.delete().where(UserSession.fingerprint == fingerprint(opaque)).execute()
