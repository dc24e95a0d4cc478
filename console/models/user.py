"""People: who may log in, with what role, and the tokens and sessions they hold."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, IntegrityError

from console import clock, zones
from console.i18n import full_name
from console.models import statements
from console.models.base import Moment, Row, transaction
from console.models.statements import insert_once

ROLES = ("customer", "viewer", "support", "ops", "admin")
STAFF = frozenset(ROLES[1:])


class User(Row):
    """A person. Names and e-mail live here and nowhere else; jobs and journals keep ids.

    `new_email`: the address that they asked for, until it is theirs; `former_email`: the one before, so that it can be told.
    `totp_secret`: sealed; `totp_at`: since when two-step sign-in is on; `totp_step`: the time step of the last code that was taken.
    """

    email = CharField(254, unique=True)
    password_hash = CharField(200)
    role = CharField(16, default="customer", index=True)
    first_name = CharField(80, default="", index=True)
    last_name = CharField(80, default="", index=True)
    phone = CharField(32, default="")
    language = CharField(8, default="en")
    zone = CharField(40, default=zones.HOME)
    sf_number = CharField(20, default="", index=True)
    address_seen = BooleanField(default=False)
    address_skipped = BooleanField(default=False)
    new_email = CharField(254, default="")
    former_email = CharField(254, default="")
    totp_secret = CharField(300, default="")
    totp_at = Moment(null=True)
    totp_step = IntegerField(default=0)
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
    def two_step(self) -> bool:
        """Whether a code is asked at the login."""
        return self.totp_at is not None

    @property
    def name(self) -> str:
        return full_name(self.first_name, self.last_name) or self.email

    @classmethod
    def by_email(cls, email: str) -> Self | None:
        return cls.get_or_none(cls.email == email.strip().lower())  # type: ignore[no-any-return]

    def spend_step(self, step: int) -> bool:
        """Take the code of this time step; False when it, or a later one, was taken before."""
        row = type(self)
        return bool(row.update(totp_step=step).where((row.id == self.id) & (row.totp_step < step)).execute())

    def take_new_email(self) -> bool:
        """The new address becomes theirs, a sign-up that nobody confirmed gives way; False when somebody else has it. Repeatable."""
        if self.email == self.new_email:
            return True
        row = type(self)
        try:
            with transaction():
                row.delete().where((row.email == self.new_email) & row.confirmed_at.is_null()).execute()
                row.update(email=self.new_email, former_email=self.email).where(row.id == self.id).execute()
        except IntegrityError:
            return False
        self.former_email, self.email = self.email, self.new_email
        return True


class EmailToken(Row):
    """A link in a mail: one purpose, an end, single use, a few tries. The token itself is not stored (see vault.Vault.token)."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    purpose = CharField(16)
    nonce = CharField(32, default=lambda: secrets.token_hex(16))
    tries = IntegerField(default=0)
    expires_at = Moment()
    used_at = Moment(null=True)

    @classmethod
    def retire(cls, user_id: int, *purposes: str) -> None:
        """Links of these purposes that are still open work no more."""
        cls.update(used_at=clock.now()).where((cls.user == user_id) & cls.purpose.in_(purposes) & cls.used_at.is_null()).execute()

    @classmethod
    def waiting(cls, user_id: int, purpose: str) -> bool:
        """Whether a link of theirs is still good."""
        open_one = (cls.user == user_id) & (cls.purpose == purpose) & cls.used_at.is_null() & (cls.expires_at > clock.now())
        return bool(cls.select().where(open_one).exists())

    @classmethod
    def newest(cls, user_id: int, purpose: str) -> Self | None:
        """Their last link of that purpose, still good or not."""
        rows = cls.select().where((cls.user == user_id) & (cls.purpose == purpose))
        return rows.order_by(cls.id.desc()).first()  # type: ignore[no-any-return]

    @classmethod
    def named(cls, token: str, purpose: str) -> Self | None:
        """The row that a token names, still good or not; whether the token is genuine is the vault's to say."""
        number, _, signature = token.partition(".")
        if not signature or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return cls.get_or_none((cls.id == int(number)) & (cls.purpose == purpose))  # type: ignore[no-any-return]

    @classmethod
    def live(cls, token: str, purpose: str) -> Self | None:
        """The same while it is unused and has not ended."""
        row = cls.named(token, purpose)
        return row if row and row.used_at is None and row.expires_at > clock.now() else None

    def count_try(self, limit: int) -> bool:
        """Spend a try; False when none was left."""
        row = type(self)
        return bool(row.update(tries=row.tries + 1).where((row.id == self.id) & (row.tries < limit)).execute())

    def use(self) -> bool:
        """Spend the token; False when another request was quicker."""
        row = type(self)
        return bool(row.update(used_at=clock.now()).where((row.id == self.id) & row.used_at.is_null()).execute())


class UserSession(Row):
    """A login. The cookie holds an opaque id, the database its fingerprint; deleting the row is the log-out.

    Of the device, browser and system are kept as two short words; the network address is not kept.
    """

    fingerprint = CharField(64, unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    created_at = Moment(default=clock.now)
    last_seen_at = Moment(default=clock.now)
    authenticated_at = Moment(default=clock.now)
    expires_at = Moment()
    remembered = BooleanField(default=False)
    browser = CharField(20, default="")
    system = CharField(20, default="")

    @classmethod
    def of(cls, fingerprint: str) -> Self | None:
        """The session with its person: one statement, at every request."""
        return statements.find_with(cls, "user", fingerprint=fingerprint)

    def touch(self) -> None:
        """Note that the person is here, at most once a minute."""
        if (clock.now() - self.last_seen_at).total_seconds() >= 60:
            row = type(self)
            row.update(last_seen_at=clock.now()).where(row.id == self.id).execute()


class PendingLogin(Row):
    """A login whose password was right and whose code is still to come; worth nothing but a few tries at the code."""

    fingerprint = CharField(64, unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    remembered = BooleanField(default=False)
    tries = IntegerField(default=0)
    expires_at = Moment(index=True)

    def count_try(self, limit: int) -> bool:
        """Spend a try; False when none was left."""
        row = type(self)
        return bool(row.update(tries=row.tries + 1).where((row.id == self.id) & (row.tries < limit)).execute())


class RecoveryCode(Row):
    """One of the codes for a lost second factor: its fingerprint, until it is used."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    fingerprint = CharField(64, unique=True)
    used_at = Moment(null=True)

    @classmethod
    def spend(cls, user_id: int, fingerprint: str) -> bool:
        """Use it up; False for one that is not theirs or was used."""
        mine = (cls.user == user_id) & (cls.fingerprint == fingerprint) & cls.used_at.is_null()
        return bool(cls.update(used_at=clock.now()).where(mine).execute())

    @classmethod
    def left(cls, user_id: int) -> int:
        """How many can still be used."""
        return int(cls.select().where((cls.user == user_id) & cls.used_at.is_null()).count())


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
