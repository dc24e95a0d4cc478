"""An authenticator app in a test: it shows the code of a secret at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyotp import TOTP

from console import clock
from console.models import User
from console.services import two_step
from console.services.upstreams import Policy


def code(secret: str, at: datetime | None = None) -> str:
    """What the app shows now, or at that moment."""
    return TOTP(secret.replace(" ", "")).at(at or clock.now())


def enrolled(policy: Policy, user: User) -> tuple[str, list[str]]:
    """Two-step sign-in is on, with a code of a minute ago; the secret and the recovery codes."""
    shown = two_step.begin(policy, user)
    codes = two_step.enrol(policy, user, shown.sealed, code(shown.secret, clock.now() - timedelta(seconds=30)))
    fresh = User.get_by_id(user.id)
    user.totp_at, user.totp_secret, user.totp_step = fresh.totp_at, fresh.totp_secret, fresh.totp_step
    return shown.secret, codes
