"""What is known about a job beside its story: whose it is, what was ordered, and its ids in every system."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.i18n import gettext as _
from console.models import CustomerLink, Job, JobStep, Order, Subscription, User
from console.services.finding_jobs import approved, order_number, product


@dataclass(frozen=True)
class Facts:
    """Names are empty where they may not be seen; `ids` are (name, value) in the order of the work."""

    order_number: str
    product: str
    customer: str
    ids: tuple[tuple[str, str], ...]


def gather(job: Job, personal: bool) -> Facts:
    """Five small reads by index."""
    order = Order.at(job.sf_order_id) if job.sf_order_id else None
    user = User.get_or_none(User.id == job.user_id) if job.user_id else None
    lines = order.lines if order else approved(job.snapshot).get("lines")
    return Facts(
        order_number=order_number(order.order_number if order else "", job.snapshot), product=product(lines),
        customer=user.name if user and personal else "", ids=tuple((name, value) for name, value in _ids(job, user) if value),
    )  # fmt: skip


def _ids(job: Job, user: User | None) -> Iterator[tuple[str, str]]:
    link = CustomerLink.of(user.id) if user else None
    yield _("Customer number"), link.sf_number if link else user.sf_number if user else ""
    yield _("Salesforce order"), job.sf_order_id or ""
    yield _("Salesforce account"), link.sf_account_id if link else approved(job.snapshot).get("account_id", "")
    yield _("Link"), _link(link) if link else ""
    yield _("WHMCS client"), str(link.whmcs_client_id or "") if link else ""
    yield from _made(job)
    yield _("Correlation"), job.correlation_id


def _link(link: CustomerLink) -> str:
    """Whether the person is surely the Account's, and the Case that asks."""
    return _("verified") if link.verified else _("not verified · Case %(number)s", number=link.case_number or "–")


def _made(job: Job) -> Iterator[tuple[str, str]]:
    """What exists upstream because of this job."""
    refs = {(step.name, step.line): step for step in JobStep.select().where(JobStep.job == job.id) if step.finished}
    yield _("WHMCS order"), refs["add_order", ""].upstream_ref if ("add_order", "") in refs else ""
    yield _("WHMCS services"), ", ".join(step.upstream_ref for (name, _line), step in refs.items() if name == "service_fields")
    yield _("Mobile"), ", ".join(step.upstream_ref for (name, _line), step in refs.items() if name == "esim")
    subscriptions = Subscription.select().where(Subscription.sf_order_id == job.sf_order_id) if job.sf_order_id else []
    yield "ICCID", ", ".join(row.iccid for row in subscriptions if row.iccid)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The names of the staff behind `user:<id>`."""
    ids = {int(actor.removeprefix("user:")) for actor in actors if re.fullmatch(r"user:[0-9]{1,9}", actor)}
    return {f"user:{user.id}": user.name for user in User.select().where(User.id.in_(ids))} if ids else {}
