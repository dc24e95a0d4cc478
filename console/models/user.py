"""People: who may log in, with what role, and the tokens and sessions they hold."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models.base import Moment, Row, insert_once

ROLES = ("customer", "viewer", "support", "ops", "admin")
STAFF = frozenset(ROLES[1:])


class User(Row):
    """A person. Names and e-mail live here and nowhere else; jobs and journals keep ids."""

    email = CharField(254, unique=True)
    password_hash = CharField(200)
    role = CharField(16, default="customer", index=True)
    first_name = CharField(80, default="")
    last_name = CharField(80, default="")
    phone = CharField(32, default="")
    language = CharField(8, default="en")
    sf_number = CharField(20, default="", index=True)
    address_seen = BooleanField(default=False)
    accepted_terms_at = Moment(null=True)
    confirmed_at = Moment(null=True)
    created_at = Moment(default=clock.now)

    @property
    def confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @classmethod
    def by_email(cls, email: str) -> Self | None:
        return cls.get_or_none(cls.email == email.strip().lower())  # type: ignore[no-any-return]


class EmailToken(Row):
    """A link in a mail: one purpose, an end, single use, a few tries. The token itself is not stored (see vault.Vault.token)."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    purpose = CharField(16)
    nonce = CharField(32, default=lambda: secrets.token_hex(16))
    tries = IntegerField(default=0)
    expires_at = Moment()
    used_at = Moment(null=True)

    @classmethod
    def live(cls, token: str, purpose: str) -> Self | None:
        """The unused, unexpired row that a token names; whether the token is genuine is the vault's to say."""
        number, _, signature = token.partition(".")
        if not signature or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return cls.get_or_none((cls.id == int(number)) & (cls.purpose == purpose) & cls.used_at.is_null() & (cls.expires_at > clock.now()))  # type: ignore[no-any-return]

    def count_try(self, limit: int) -> bool:
        """Spend a try; False when none was left."""
        row = type(self)
        return bool(row.update(tries=row.tries + 1).where((row.id == self.id) & (row.tries < limit)).execute())

    def use(self) -> bool:
        """Spend the token; False when another request was quicker."""
        row = type(self)
        return bool(row.update(used_at=clock.now()).where((row.id == self.id) & row.used_at.is_null()).execute())


class UserSession(Row):
    """A login. The cookie holds an opaque id, the database its fingerprint; deleting the row is the log-out."""

    fingerprint = CharField(64, unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    created_at = Moment(default=clock.now)
    last_seen_at = Moment(default=clock.now)
    authenticated_at = Moment(default=clock.now)
    expires_at = Moment()

    def touch(self) -> None:
        """Note that the person is here, at most once a minute."""
        if (clock.now() - self.last_seen_at).total_seconds() >= 60:
            row = type(self)
            row.update(last_seen_at=clock.now()).where(row.id == self.id).execute()


class Throttle(Row):
    """A counted window for a key (an account or an address, hashed): shared by all web processes."""

    key = CharField(80, primary_key=True)
    hits = IntegerField(default=0)
    ends_at = Moment(index=True)

    @classmethod
    def hit(cls, key: str, window_s: float, amount: int = 1) -> int:
        """Count; the number in the present window."""
        insert_once(cls, key=key, hits=0, ends_at=clock.after(window_s))
        cls.update(hits=0, ends_at=clock.after(window_s)).where((cls.key == key) & (cls.ends_at <= clock.now())).execute()
        cls.update(hits=cls.hits + amount).where(cls.key == key).execute()
        return int(cls.get_by_id(key).hits)

    @classmethod
    def state(cls, key: str) -> tuple[int, datetime | None]:
        """Hits in the present window and when it ends."""
        row = cls.get_or_none((cls.key == key) & (cls.ends_at > clock.now()))
        return (int(row.hits), row.ends_at) if row else (0, None)
