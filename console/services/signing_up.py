"""Signing up: the wish, the confirmation by mail, the number put right. Nothing upstream happens before the confirmation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from console import clock, log
from console.errors import Refused
from console.models import CustomerLink, EmailToken, Job, JobEvent, User, insert_once, transaction
from console.services import linking, mail_links, mailing
from console.services.upstreams import Policy
from console.vault import hash_password, password_matches

CONFIRM_S = 48 * 3600
AGAIN_S = 600  # one mail to a mailbox in this time
PURPOSE = "confirm"


@dataclass(frozen=True)
class Wish:
    """What the form brought, checked and in plain form."""

    email: str
    password: str = field(repr=False)
    sf_number: str
    first_name: str
    last_name: str
    phone: str = ""
    language: str = "en"


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
            _has_account(policy, known)
        else:
            _start_over(policy, wish, hashed, known)


def _start_over(policy: Policy, wish: Wish, hashed: str, known: User | None) -> None:
    """A new row each time: an older link, and a mail that is still waiting, end with the older row."""
    if known:
        # unless it was confirmed this very moment: then the insert below finds the e-mail taken
        User.delete().where((User.id == known.id) & User.confirmed_at.is_null()).execute()
    values = {name: value for name, value in asdict(wish).items() if name != "password"}
    if not insert_once(User, password_hash=hashed, accepted_terms_at=clock.now(), **values):
        return  # the same e-mail at the same moment: that one has its mail
    user = User.by_email(wish.email)
    assert user is not None  # noqa: S101  inserted just now
    token = EmailToken.create(user=user, purpose=PURPOSE, expires_at=clock.after(CONFIRM_S))
    mailing.leave(policy, "confirm", user.id, str(token.id), token_id=token.id)


def send_again(policy: Policy, email: str) -> None:
    """The mail of a sign-up once more, with the link that it has, or with a new one where that has ended; the same for all who ask.

    Tries that were spent stay spent: a link that was closed by wrong passwords is not opened again by asking.
    """
    user = User.by_email(email)
    if user is None:
        return
    with transaction():
        if user.confirmed:
            _has_account(policy, user)
            return
        row = EmailToken.newest(user.id, PURPOSE)
        if row is None or row.expires_at <= clock.now():
            spent, row = row.tries if row else 0, mail_links.make(user, PURPOSE, CONFIRM_S)
            EmailToken.update(tries=spent).where(EmailToken.id == row.id).execute()
        moment = int(clock.now().timestamp() // AGAIN_S)
        mailing.leave(policy, "confirm", user.id, f"{row.id}:{moment}", token_id=row.id)


def _has_account(policy: Policy, user: User) -> None:
    """Once an hour: the form is no way to fill somebody's mailbox."""
    mailing.leave(policy, "already_registered", user.id, f"{user.id}:{clock.now():%Y%m%d%H}")


def live_token(policy: Policy, token: str) -> EmailToken:
    """The row of a link that still works; Refused("token_used" | "token_ended" | "token_unknown")."""
    row = EmailToken.named(token, PURPOSE)
    if row is None or not policy.vault.token_matches(token, PURPOSE, row.id, row.nonce):
        raise Refused("token_unknown")
    if row.used_at or row.expires_at <= clock.now():
        raise Refused("token_used" if row.user.confirmed else "token_ended")  # one that a newer link replaced has ended too
    return row


def confirm(policy: Policy, token: str, password: str) -> Confirmed:
    """Link and password of the sign-up together make the account; Refused: as live_token, wrong_password, too_many_tries."""
    row = live_token(policy, token)
    if not row.count_try(policy.signup_tries):
        raise Refused("too_many_tries")
    user: User = row.user
    if not password_matches(user.password_hash, password):
        raise Refused("wrong_password")
    with transaction():
        if not row.use():
            raise Refused("token_used")
        user.confirmed_at = clock.now()
        user.save(only=[User.confirmed_at])
        job, _made = Job.make("signup", str(user.id), user=user.id, source="console", correlation_id=log.correlation_id())
    return Confirmed(user, [job.id])


def job_of(user: User) -> Job | None:
    """The job that makes this person's account."""
    return Job.keyed(f"signup:{user.id}")


def correct_number(policy: Policy, user: User, number: str) -> list[int]:
    """Another customer number after one that nobody has, or that staff refused; the jobs to ring.

    Refused("not_waiting" | "too_many_numbers" | "number_refused").
    """
    with transaction():
        job, link = job_of(user), CustomerLink.of(user.id)
        if job is None:
            raise Refused("not_waiting")
        if not may_correct(policy, job):
            raise Refused("too_many_numbers")
        if link is not None and link.rejected_at:
            if number == link.sf_number:
                raise Refused("number_refused")
            return linking.look_again(user, number, f"user:{user.id}")
        if not (rung := Job.wake(user.id, "customer_number")):
            raise Refused("not_waiting")
        User.update(sf_number=number).where(User.id == user.id).execute()
        JobEvent.note(job.id, f"user:{user.id}", linking.CORRECTED)
    return rung


def may_correct(policy: Policy, job: Job) -> bool:
    """Whether the person has tries left; what staff corrected does not count."""
    return _corrections(job) < policy.signup_tries


def _corrections(job: Job) -> int:
    by_themselves = (JobEvent.what == linking.CORRECTED) & (JobEvent.actor == f"user:{job.user_id}")
    return int(JobEvent.select().where((JobEvent.job == job.id) & by_themselves).count())
