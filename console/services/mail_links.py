"""Links in mails: made for one purpose, good until they end or are used, and only the newest of a person's."""

from __future__ import annotations

from console import clock
from console.errors import Refused
from console.models import EmailToken, User
from console.services.upstreams import Policy


def make(user: User, purpose: str, life_s: float) -> EmailToken:
    """A new link in place of the older ones of that purpose."""
    EmailToken.retire(user.id, purpose)
    return EmailToken.create(user=user, purpose=purpose, expires_at=clock.after(life_s))  # type: ignore[no-any-return]


def live(policy: Policy, token: str, purpose: str) -> EmailToken:
    """The row of a link that still works; Refused("token_unknown")."""
    row = EmailToken.live(token, purpose)
    if row is None or not policy.vault.token_matches(token, purpose, row.id, row.nonce):
        raise Refused("token_unknown")
    return row
