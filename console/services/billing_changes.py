"""Changing name and address: kept here first, then written to billing, at once where it answers, else as soon as it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console import clock, log
from console.errors import Refused
from console.models import BillingChange, CustomerLink, Job, User, transaction
from console.models.job import DUE, ENDED
from console.services.billing import FIELDS
from console.services.provisioning import engine
from console.services.provisioning.addressing import BILLING
from console.services.provisioning.borrowed import FRESH
from console.services.upstreams import Policy, Upstreams

NAMES = frozenset({"first_name", "last_name", "phone"})  # which the portal keeps too
_AGAIN = (*DUE, *ENDED, "needs_attention")


def change(upstreams: Upstreams, policy: Policy, link: CustomerLink | None, changed: Mapping[str, str]) -> str:
    """Keep it, then try to write it: "synced", or "pending" while billing has not taken it. Refused("account_not_ready")."""
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    if changed:
        job_id = keep(link, changed)
        engine.run(job_id, BILLING, upstreams, policy, "web")
    return sync(link)


def sync(link: CustomerLink) -> str:
    """Whether billing has all of it: synced | pending."""
    return "pending" if BillingChange.of(link.user_id) else "synced"


def keep(link: CustomerLink, changed: Mapping[str, str]) -> int:
    """The change, on disk, and its job, due; one change of a person after the other. The job to run."""
    if unknown := set(changed) - FIELDS:
        raise ValueError(f"not of an address: {sorted(unknown)}")
    with transaction():
        job, made = Job.make("billing", str(link.user_id), user=link.user_id, source="console", correlation_id=log.correlation_id())
        if not made:
            Job.update(last_rung_at=None).where(Job.id == job.id).execute()  # takes the row's lock
            _again(Job.get_by_id(job.id), _AGAIN, f"user:{link.user_id}")
        BillingChange.put(link.user_id, changed)
        _own_row(link, changed)
    return int(job.id)


def open_jobs(link: CustomerLink) -> list[int]:
    """The job that is to write what billing has not taken yet, to be rung."""
    job = Job.keyed(f"billing:{link.user_id}")
    return [job.id] if job and job.open else []


def _again(job: Job, only_from: Iterable[str], actor: str) -> None:
    job.move("queued", only_from, actor, **FRESH, next_run_at=clock.now(), last_rung_at=None, finished_at=None)


def _own_row(link: CustomerLink, changed: Mapping[str, str]) -> None:
    """The names here follow; who gave an address is not asked for it again."""
    own: dict[str, object] = {name: value for name, value in changed.items() if name in NAMES}
    if "address1" in changed:
        own |= {"address_seen": True, "address_skipped": False}
    if own:
        User.update(own).where(User.id == link.user_id).execute()


def requeue_stranded() -> None:
    """A change that came at the very moment in which its job ended: the job runs once more."""
    for job in BillingChange.stranded():
        _again(job, ENDED, "sweeper")
