"""Another e-mail address: a link proves it first, then a job tells billing and Salesforce, and it becomes the person's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from console import clock, log
from console.errors import Refused
from console.models import CustomerLink, EmailToken, Job, OutboxMessage, User, transaction
from console.models.job import ENDED
from console.services import mail_links, mailing
from console.services.upstreams import Policy
from console.vault import password_matches

PURPOSE = "email"
LIFE_S = 48 * 3600
TOLD = timedelta(days=7)  # how long the security page tells how the last change ended


@dataclass(frozen=True)
class Standing:
    """How the change is going, for its page: none | link_sent | working | taken | done; `address` is the one asked for."""

    state: str
    address: str = ""


def ask(policy: Policy, user: User, address: str) -> None:
    """Leave a mail with a link for the new address, whoever has it. "same_email" | "email_change_running" | "account_not_ready"."""
    if address == user.email:
        raise Refused("same_email")
    _free_to_change(user)
    holder = User.by_email(address)
    with transaction():
        User.update(new_email=address).where(User.id == user.id).execute()
        token = mail_links.make(user, PURPOSE, LIFE_S)
        if holder is not None and holder.confirmed:
            # once an hour: the form is no way to fill somebody's mailbox
            mailing.leave(policy, "already_registered", holder.id, f"{holder.id}:{clock.now():%Y%m%d%H}")
        else:
            mailing.leave(policy, "email_confirm", user.id, str(token.id), token_id=token.id)


def _free_to_change(user: User) -> None:
    """Staff have no account elsewhere; a customer's has to be finished, and one change is carried at a time, its mails with it.

    Else whoever changes the address twice keeps the first owner from being told: only one former address is kept.
    """
    link = CustomerLink.of(user.id)
    if not user.is_staff and (link is None or not link.ready):
        raise Refused("account_not_ready")
    job = last_job(user)
    if (job is not None and job.state not in ENDED) or OutboxMessage.waiting("email_changed_former", user.id):
        raise Refused("email_change_running")


def confirm(policy: Policy, token: str, password: str) -> list[int]:
    """The new address is theirs; the jobs to ring.

    The password is asked too, since a typing error may have sent the link to a stranger. Refused("token_unknown" | "wrong_password" |
    "too_many_tries" | "email_change_running" | "account_not_ready" | "email_taken").
    """
    row = mail_links.live(policy, token, PURPOSE)
    if not row.count_try(policy.signup_tries):
        raise Refused("too_many_tries")
    user: User = row.user
    if not password_matches(user.password_hash, password):
        raise Refused("wrong_password")
    with transaction():
        _free_to_change(user)
        if not row.use():
            raise Refused("token_unknown")
        EmailToken.retire(user.id, "reset")  # links in the old mailbox
        if user.is_staff:
            _at_once(policy, user, str(row.id))
            return []
        job, _made = Job.make("email", str(row.id), user=user.id, source="console", correlation_id=log.correlation_id())
    return [job.id]


def _at_once(policy: Policy, user: User, key: str) -> None:
    if not user.take_new_email():
        raise Refused("email_taken")
    User.update(new_email="").where(User.id == user.id).execute()
    tell(policy, user, key)


def tell(policy: Policy, user: User, key: str) -> None:
    """Both addresses are told."""
    for template in ("email_changed", "email_changed_former"):
        mailing.leave(policy, template, user.id, key)


def standing(user: User) -> Standing:
    """How far the last wish is."""
    job = last_job(user)
    if job is not None and job.state not in ENDED:
        return Standing("working", user.new_email or user.email)
    if user.new_email:
        return Standing("link_sent", user.new_email) if EmailToken.waiting(user.id, PURPOSE) else Standing("none")
    if job is None or clock.now() - (job.finished_at or job.updated_at) > TOLD:
        return Standing("none")
    return Standing("done" if job.state == "succeeded" else "taken")


def last_job(user: User) -> Job | None:
    """The newest job that changes this person's address."""
    rows = Job.select().where((Job.user == user.id) & (Job.kind == PURPOSE))
    return rows.order_by(Job.id.desc()).first()  # type: ignore[no-any-return]
