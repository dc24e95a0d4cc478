"""Two-step sign-in: codes of an authenticator app, each good once, and recovery codes for when the app is lost."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field

from console import clock, log, totp
from console.errors import Refused
from console.models import AuditEntry, PendingLogin, RecoveryCode, Throttle, User, UserSession, transaction
from console.services import mailing
from console.services.upstreams import Policy
from console.vault import KeyLost, fingerprint

ISSUER = "Portal"
CODES, CODE_LENGTH = 10, 16
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # five bits each; none that is read as another
WRONG, WINDOW_S = 20, 3600  # wrong codes of an account in an hour; a recovery code is taken in any case
_log = log.logger(__name__)


@dataclass(frozen=True)
class Enrolment:
    """A secret that is shown and not yet theirs: `sealed` goes through the form, nothing is stored before a right code."""

    sealed: str = field(repr=False)
    secret: str = field(repr=False)
    address: str = field(repr=False)

    @property
    def typed(self) -> str:
        """The secret in groups, for typing."""
        return grouped(self.secret)


def begin(policy: Policy, user: User) -> Enrolment:
    """A new secret to show."""
    return _enrolment(policy, user, totp.new_secret())


def again(policy: Policy, user: User, sealed: str) -> Enrolment:
    """The secret that was shown to this person; Refused("enrolment_unknown")."""
    try:
        owner, _, secret = policy.vault.open(sealed).partition("|")
    except KeyLost:
        raise Refused("enrolment_unknown") from None
    if owner != _owner(user):
        raise Refused("enrolment_unknown")
    return _enrolment(policy, user, secret, sealed)


def _enrolment(policy: Policy, user: User, secret: str, sealed: str = "") -> Enrolment:
    return Enrolment(sealed or policy.vault.seal(f"{_owner(user)}|{secret}"), secret, totp.address(secret, user.email, ISSUER))


def _owner(user: User) -> str:
    return f"totp:{user.id}"


def enrol(policy: Policy, user: User, sealed: str, code: str) -> list[str]:
    """On from now; the recovery codes, to be shown once. Refused("enrolment_unknown" | "two_step_on" | "wrong_code")."""
    secret = again(policy, user, sealed).secret
    step = totp.step_of(secret, _plain(code), clock.now())
    if step is None:
        raise Refused("wrong_code")
    with transaction():
        off = (User.id == user.id) & User.totp_at.is_null()
        values = {"totp_secret": policy.vault.seal(secret), "totp_at": clock.now(), "totp_step": step}
        if not User.update(**values).where(off).execute():
            raise Refused("two_step_on")
        codes = _new_codes(user)
        _tell(policy, user, "two_step_on")
    return codes


def check(policy: Policy, user: User, given: str) -> None:
    """A code of the app, or a recovery code: taken, and never again. Refused("wrong_code" | "too_many_codes", retry_after=seconds)."""
    code = _plain(given)
    if len(code) == CODE_LENGTH:
        _spend_recovery(policy, user, code)
        return
    key = f"codes:{user.id}"
    wrong, ends_at = Throttle.state(key)
    if wrong >= WRONG and ends_at is not None:
        raise Refused("too_many_codes", retry_after=max(1, round((ends_at - clock.now()).total_seconds())))
    step = _step(policy, user, code)
    if step is None or not user.spend_step(step):
        Throttle.hit(key, WINDOW_S)
        raise Refused("wrong_code")


def _spend_recovery(policy: Policy, user: User, code: str) -> None:
    with transaction():
        if not RecoveryCode.spend(user.id, _kept(user, code)):
            raise Refused("wrong_code")
        _tell(policy, user, "recovery_used")


def _step(policy: Policy, user: User, code: str) -> int | None:
    try:
        return totp.step_of(policy.vault.open(user.totp_secret), code, clock.now())
    except KeyLost:  # no code is right then; a recovery code still is
        _log.error("totp_key_lost", user_id=user.id)
        return None


def _plain(given: str) -> str:
    """As people type it: full width, with spaces and dashes, in small letters."""
    normal = unicodedata.normalize("NFKC", given).upper()
    return "".join(char for char in normal if char.isascii() and char.isalnum())


def renew_codes(policy: Policy, user: User) -> list[str]:
    """New recovery codes in place of the old ones; Refused("two_step_off")."""
    if not user.two_step:
        raise Refused("two_step_off")
    with transaction():
        codes = _new_codes(user)
        _tell(policy, user, "recovery_renewed")
    return codes


def _new_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
    RecoveryCode.insert_many([{"user": user.id, "fingerprint": _kept(user, code)} for code in codes]).execute()
    return [grouped(code) for code in codes]


def _kept(user: User, code: str) -> str:
    """80 random bits need no slow hash."""
    return fingerprint(f"{user.id}:{code}")


def remove(policy: Policy, user: User, code: str) -> None:
    """Off, with one last code; Refused("two_step_off") and what `check` refuses."""
    if not user.two_step:
        raise Refused("two_step_off")
    check(policy, user, code)
    with transaction():
        _off(policy, user)


def reset(policy: Policy, user: User, actor: str) -> bool:
    """Off by hand, for somebody who lost app and recovery codes; every login ends. Whether it was on."""
    with transaction():
        if not user.two_step:
            return False
        _off(policy, user)
        UserSession.delete().where(UserSession.user == user.id).execute()
        AuditEntry.note(actor, "reset_two_step", f"user:{user.id}")
    return True


def _off(policy: Policy, user: User) -> None:
    User.update(totp_secret="", totp_at=None).where(User.id == user.id).execute()
    RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
    PendingLogin.delete().where(PendingLogin.user == user.id).execute()
    _tell(policy, user, "two_step_off")


def _tell(policy: Policy, user: User, template: str) -> None:
    mailing.leave(policy, template, user.id, f"{user.id}:{secrets.token_hex(8)}")


def grouped(code: str) -> str:
    """In fours, as people read it."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))
