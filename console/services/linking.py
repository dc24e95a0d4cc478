"""Whose a customer number is: staff verify an unverified link, reject it, or put the number right; each with its reason in the audit."""

from __future__ import annotations

from console import clock, log
from console.errors import Refused
from console.models import AuditEntry, CustomerLink, Job, JobEvent, JobStep, User, transaction
from console.services import mailing
from console.services.provisioning.borrowed import FRESH
from console.services.upstreams import Policy

REASON_LENGTH = 300
CORRECTED = "number_corrected"  # as the job's events name it
LOOKED_UP = ("account", "link")  # the steps of the sign-up that go by the number
_STILL = ("succeeded", "needs_attention", "needs_customer", "retry_wait", "waiting", "queued")


def verify(policy: Policy, link: CustomerLink, *, actor: str, reason: str, moving_from: int | None = None) -> None:
    """The person is the Account's. `moving_from`: the link that may lose the number for it, as the asker has seen it.

    Refused("reason_needed" | "link_settled" | "held_by_another").
    """
    why = _reason(reason)
    with transaction():
        holder = CustomerLink.holder_of(link.sf_account_id)
        if link.verified:
            raise Refused("link_settled")
        if (holder.id if holder else None) != moving_from:
            raise Refused("held_by_another")
        if not link.take_number(holder):
            raise Refused("link_settled")
        _note(actor, "verify_link", link.user_id, why)
        _tell(policy, "link_verified", link)
        if holder is not None:
            _note(actor, "move_link", holder.user_id, why)
            _tell(policy, "link_moved", holder)


def reject(policy: Policy, link: CustomerLink, *, actor: str, reason: str) -> None:
    """The person is not the Account's: nothing can be ordered until another number stands. Refused("reason_needed" | "link_settled")."""
    why = _reason(reason)
    with transaction():
        if not link.reject():
            raise Refused("link_settled")
        _note(actor, "reject_link", link.user_id, why)
        _tell(policy, "link_rejected", link)


def renumber(user: User, number: str, *, actor: str, reason: str) -> list[int]:
    """Staff put a customer's number right; the sign-up job to ring. Refused("reason_needed" | "link_settled" | "not_waiting")."""
    why = _reason(reason)
    with transaction():
        rung = look_again(user, number, actor)
        _note(actor, "correct_number", user.id, why)
    return rung


def look_again(user: User, number: str, actor: str) -> list[int]:
    """Have the sign-up find Account and link by another number, in the caller's transaction; the job to ring.

    What was made in billing stays. Refused("link_settled") for a verified link, ("not_waiting") while the job is at work.
    """
    link, job = CustomerLink.of(user.id), Job.keyed(f"signup:{user.id}")
    if link is not None and link.verified:
        raise Refused("link_settled")
    again = {**FRESH, "next_run_at": clock.now(), "last_rung_at": None, "finished_at": None}
    if job is None or not job.move("queued", _STILL, actor, **again):
        raise Refused("not_waiting")
    User.update(sf_number=number).where(User.id == user.id).execute()
    JobStep.update(state="undone").where((JobStep.job == job.id) & JobStep.name.in_(LOOKED_UP)).execute()
    JobEvent.note(job.id, actor, CORRECTED)
    return [job.id]


def _reason(text: str) -> str:
    why = " ".join(text.split())
    if not why or len(why) > REASON_LENGTH:
        raise Refused("reason_needed")
    return log.redact(why)


def _note(actor: str, verb: str, user_id: int, reason: str) -> None:
    AuditEntry.note(actor, verb, f"user:{user_id}", reason, log.correlation_id())


def _tell(policy: Policy, template: str, link: CustomerLink) -> None:
    """Once per change: the same link may be moved to and fro."""
    mailing.leave(policy, template, link.user_id, f"{link.id}:{clock.now():%Y%m%d%H%M%S%f}")
