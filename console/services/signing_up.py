"""Signing up: the wish, the confirmation by mail, the number put right. Nothing upstream happens before the confirmation."""

from __future__ import annotations

from dataclasses import dataclass, field

from console import clock, log
from console.errors import Refused
from console.models import EmailToken, Job, JobEvent, User, insert_once, transaction
from console.services import mailing
from console.services.upstreams import Policy
from console.vault import hash_password, password_matches

CONFIRM_S = 48 * 3600
PURPOSE = "confirm"
_CORRECTED = "number_corrected"


@dataclass(frozen=True)
class Wish:
    """What the form brought, checked and in plain form."""

    email: str
    password: str = field(repr=False)
    sf_number: str
    first_name: str
    last_name: str
    phone: str = ""


@dataclass(frozen=True)
class Confirmed:
    """Who is confirmed now, and the jobs to ring."""

    user: User
    job_ids: list[int]


def sign_up(policy: Policy, wish: Wish) -> None:
    """Leave an unconfirmed person and a mail. Whatever is known of the e-mail, the answer and the work are the same."""
    hashed = hash_password(wish.password)
    with transaction():
        known = User.by_email(wish.email)
        if known and known.confirmed:
            # once an hour: the form is no way to fill somebody's mailbox
            mailing.leave(policy, "already_registered", known.id, f"{known.id}:{clock.now():%Y%m%d%H}")
        else:
            _start_over(policy, wish, hashed, known)


def _start_over(policy: Policy, wish: Wish, hashed: str, known: User | None) -> None:
    """A new row each time: an older link, and a mail that is still waiting, end with the older row."""
    if known:
        # unless it was confirmed this very moment: then the insert below finds the e-mail taken
        User.delete().where((User.id == known.id) & User.confirmed_at.is_null()).execute()
    values = {"sf_number": wish.sf_number, "first_name": wish.first_name, "last_name": wish.last_name, "phone": wish.phone}
    if not insert_once(User, email=wish.email, password_hash=hashed, accepted_terms_at=clock.now(), **values):
        return  # the same e-mail at the same moment: that one has its mail
    user = User.by_email(wish.email)
    assert user is not None  # noqa: S101  inserted just now
    token = EmailToken.create(user=user, purpose=PURPOSE, expires_at=clock.after(CONFIRM_S))
    mailing.leave(policy, "confirm", user.id, str(token.id), token_id=token.id)


def live_token(policy: Policy, token: str) -> EmailToken:
    """The row of a link that still works; Refused("token_unknown")."""
    row = EmailToken.live(token, PURPOSE)
    if row is None or not policy.vault.token_matches(token, PURPOSE, row.id, row.nonce):
        raise Refused("token_unknown")
    return row


def confirm(policy: Policy, token: str, password: str) -> Confirmed:
    """Link and password of the sign-up together make the account; Refused("token_unknown" | "wrong_password" | "too_many_tries")."""
    row = live_token(policy, token)
    if not row.count_try(policy.signup_tries):
        raise Refused("too_many_tries")
    user: User = row.user
    if not password_matches(user.password_hash, password):
        raise Refused("wrong_password")
    with transaction():
        if not row.use():
            raise Refused("token_unknown")
        user.confirmed_at = clock.now()
        user.save(only=[User.confirmed_at])
        job, _made = Job.make("signup", str(user.id), user=user.id, source="console", correlation_id=log.correlation_id())
    return Confirmed(user, [job.id])


def job_of(user: User) -> Job | None:
    """The job that makes this person's account."""
    return Job.keyed(f"signup:{user.id}")


def correct_number(policy: Policy, user: User, number: str) -> list[int]:
    """Another customer number after one that nobody has; the jobs to ring. Refused("not_waiting" | "too_many_numbers")."""
    with transaction():
        job = job_of(user)
        if job is None or _corrections(job) >= policy.signup_tries:
            raise Refused("too_many_numbers" if job else "not_waiting")
        User.update(sf_number=number).where(User.id == user.id).execute()
        JobEvent.note(job.id, f"user:{user.id}", _CORRECTED)
        rung = Job.wake(user.id, "customer_number")
        if not rung:
            raise Refused("not_waiting")
    return rung


def _corrections(job: Job) -> int:
    return int(JobEvent.select().where((JobEvent.job == job.id) & (JobEvent.what == _CORRECTED)).count())
