"""A new password: by a link in a mail when the old one is forgotten, or in place of the present one."""

from __future__ import annotations

import secrets

from console.errors import Refused
from console.models import EmailToken, User, transaction
from console.services import logging_in, mail_links, mailing
from console.services.upstreams import Policy
from console.vault import hash_password, password_matches

PURPOSE = "reset"
LIFE_S = 3600


def forgot(policy: Policy, email: str) -> None:
    """Leave a mail with a link, if somebody has this address. Whether or not, the caller sees the same."""
    user = User.by_email(email)
    if user is not None and user.confirmed:
        with transaction():
            token = mail_links.make(user, PURPOSE, LIFE_S)
            mailing.leave(policy, "reset", user.id, str(token.id), token_id=token.id)


def reset(policy: Policy, token: str, password: str) -> None:
    """The new password by a mail's link; every login ends. Refused("token_unknown")."""
    row = mail_links.live(policy, token, PURPOSE)
    hashed = hash_password(password)
    with transaction():
        if not row.use():
            raise Refused("token_unknown")
        _set(policy, row.user, hashed, stays="")


def change(policy: Policy, user: User, present: str, new: str, *, stays: str) -> None:
    """Another password; every login but the one whose opaque id `stays` ends. Refused("wrong_password")."""
    if not password_matches(user.password_hash, present):
        raise Refused("wrong_password")
    hashed = hash_password(new)
    with transaction():
        _set(policy, user, hashed, stays=stays)


def _set(policy: Policy, user: User, hashed: str, *, stays: str) -> None:
    User.update(password_hash=hashed).where(User.id == user.id).execute()
    EmailToken.retire(user.id, PURPOSE, "email")
    logging_in.end_all(user, but=stays)
    mailing.leave(policy, "password_changed", user.id, f"{user.id}:{secrets.token_hex(8)}")
