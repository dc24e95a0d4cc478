"""What billing knows of a customer: the address and whether there is a way to pay; all of it lives in WHMCS."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from console import clock, log
from console.clients.whmcs import Address
from console.errors import Refused, Rejected, UpstreamError
from console.models import BillingChange, CustomerLink, Job
from console.services.upstreams import Policy, Upstreams

__all__ = [
    "Address",
    "Details",
    "Summary",
    "address",
    "came_back",
    "details",
    "invoice_link",
    "payment_link",
    "payment_method",
    "payment_summary",
    "seen",
]

_log = log.logger(__name__)
FIELDS = frozenset(field.name for field in fields(Address))
BELIEVED = timedelta(seconds=30)  # how long a yes is not asked about again; a no may end at any moment


@dataclass(frozen=True)
class Details:
    """Name and address as they will be, and whether billing has all of it already: synced | pending."""

    address: Address
    sync: str


@dataclass(frozen=True)
class Summary:
    """Whether there is a payment method that counts, and when we looked; `stale`: billing does not answer, this was so then."""

    has: bool
    checked_at: datetime
    stale: bool = False


def details(upstreams: Upstreams, link: CustomerLink | None) -> Details:
    """As billing has them, with what it has not taken yet laid over it. Refused("account_not_ready")."""
    link = _ready(link)
    change = BillingChange.of(link.user_id)
    if change is None:
        return Details(_known(upstreams, link), "synced")
    if set(change.fields) == FIELDS:
        return Details(Address(**change.fields), "pending")
    return Details(replace(_known(upstreams, link), **change.fields), "pending")


def _known(upstreams: Upstreams, link: CustomerLink) -> Address:
    client = upstreams.whmcs.client(link.whmcs_client_id)
    if client is None:
        raise Rejected("whmcs", "client_not_found")
    return client.address


def address(upstreams: Upstreams, link: CustomerLink | None) -> Address:
    """Name and address, wherever they are."""
    return details(upstreams, link).address


def seen(link: CustomerLink) -> None:
    """The customer saw the address page and skipped it: it is not put before them again."""
    link.user.address_seen = link.user.address_skipped = True
    link.user.save(only=["address_seen", "address_skipped"])


def payment_method(upstreams: Upstreams, link: CustomerLink | None) -> Summary:
    """Ask WHMCS now; one that has expired does not count."""
    link, now = _ready(link), clock.now()
    has = any(method.valid_on(now.date()) for method in upstreams.whmcs.pay_methods(link.whmcs_client_id))
    link.payment_seen_at, link.payment_checked_at = (link.payment_seen_at or now) if has else None, now
    CustomerLink.change(link.user_id, payment_seen_at=link.payment_seen_at, payment_checked_at=now)
    return Summary(has, now)


def payment_summary(upstreams: Upstreams, link: CustomerLink | None) -> Summary:
    """As of the last seconds; while billing does not answer, what was last known; an UpstreamError where nothing ever was."""
    link = _ready(link)
    if link.payment_seen_at and link.payment_checked_at and clock.now() - link.payment_checked_at < BELIEVED:
        return Summary(has=True, checked_at=link.payment_checked_at)
    try:
        return payment_method(upstreams, link)
    except UpstreamError as error:
        if link.payment_checked_at is None:
            raise
        _log.warning("payment_method_unread", error_class=type(error).__name__, code=error.code)
        return Summary(link.payment_seen_at is not None, link.payment_checked_at, stale=True)


def came_back(upstreams: Upstreams, link: CustomerLink | None) -> tuple[Summary, list[int]]:
    """The customer says that a method was added: look, and wake what waited for it; the jobs to ring."""
    link = _ready(link)
    summary = payment_method(upstreams, link)
    return summary, Job.wake(link.user_id, "payment_method") if summary.has else []


def payment_link(upstreams: Upstreams, policy: Policy, link: CustomerLink | None) -> str:
    """An address that logs the customer in at the payment methods page: single use, one minute. A secret: never logged or stored."""
    return _sign_on(upstreams, link, policy.sso_payment_path)


def invoice_link(upstreams: Upstreams, policy: Policy, link: CustomerLink | None, invoice_id: int) -> str:
    """The same, at one invoice; billing shows a person their own invoices only."""
    return _sign_on(upstreams, link, policy.sso_invoice_path.format(invoice_id=invoice_id))


def _sign_on(upstreams: Upstreams, link: CustomerLink | None, path: str) -> str:
    link = _ready(link)
    return upstreams.whmcs.sso_url(link.whmcs_client_id, link.whmcs_user_id, path)


def _ready(link: CustomerLink | None) -> CustomerLink:
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    return link
