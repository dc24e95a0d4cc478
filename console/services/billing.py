"""What billing knows of a customer: the address and whether there is a way to pay; all of it lives in WHMCS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console import clock
from console.clients.whmcs import Address
from console.errors import Refused, Rejected
from console.models import CustomerLink, Job
from console.services.upstreams import Policy, Upstreams

__all__ = ["Address", "Summary", "address", "came_back", "change_address", "payment_link", "payment_method"]


@dataclass(frozen=True)
class Summary:
    """Whether there is a payment method that counts, and when we looked."""

    has: bool
    checked_at: datetime


def address(upstreams: Upstreams, link: CustomerLink) -> Address:
    """Name and address as billing has them."""
    client_id, _user_id = _ids(link)
    client = upstreams.whmcs.client(client_id)
    if client is None:
        raise Rejected("whmcs", "client_not_found")
    return client.address


def change_address(upstreams: Upstreams, link: CustomerLink, new: Address) -> None:
    """Write it; the customer's own row notes that the address page was used."""
    client_id, _user_id = _ids(link)
    upstreams.whmcs.update_address(client_id, new)
    seen(link)


def seen(link: CustomerLink) -> None:
    """The customer saw the address page, filled in or skipped: it is not put before them again."""
    link.user.address_seen = True
    link.user.save(only=["address_seen"])


def payment_method(upstreams: Upstreams, link: CustomerLink) -> Summary:
    """Ask WHMCS now; one that has expired does not count."""
    client_id, _user_id = _ids(link)
    now = clock.now()
    has = any(method.valid_on(now.date()) for method in upstreams.whmcs.pay_methods(client_id))
    _remember(link, has, now)
    return Summary(has, now)


def _remember(link: CustomerLink, has: bool, now: datetime) -> None:
    """For the banner of the home page, which asks no upstream."""
    if has != (link.payment_seen_at is not None):
        link.payment_seen_at = now if has else None
        link.save(only=["payment_seen_at"])


def came_back(upstreams: Upstreams, link: CustomerLink) -> tuple[Summary, list[int]]:
    """The customer says that a method was added: look, and wake what waited for it; the jobs to ring."""
    summary = payment_method(upstreams, link)
    return summary, Job.wake(link.user_id, "payment_method") if summary.has else []


def payment_link(upstreams: Upstreams, policy: Policy, link: CustomerLink) -> str:
    """An address that logs the customer in at the payment methods page: single use, one minute. A secret: never logged or stored."""
    client_id, user_id = _ids(link)
    return upstreams.whmcs.sso_url(client_id, user_id, policy.sso_payment_path)


def _ids(link: CustomerLink | None) -> tuple[int, int]:
    if link is None or link.whmcs_client_id is None or link.whmcs_user_id is None:
        raise Refused("account_not_ready")
    return link.whmcs_client_id, link.whmcs_user_id
