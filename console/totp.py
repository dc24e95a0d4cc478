"""Codes of an authenticator app (RFC 6238: six digits, thirty seconds): secrets, the address for the app, whose time a code is of."""

from __future__ import annotations

import hmac
from datetime import datetime

from pyotp import TOTP, random_base32

DIGITS, STEP_S = 6, 30


def new_secret() -> str:
    """160 random bits in base32."""
    return random_base32()


def address(secret: str, name: str, issuer: str) -> str:
    """What the app reads from the QR code."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is: the present one, or one beside it for clocks that differ; None for no such."""
    if len(code) != DIGITS:
        return None
    now, made = int(at.timestamp()) // STEP_S, TOTP(secret)
    fitting = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(made.generate_otp(step), code)]
    return max(fitting, default=None)
