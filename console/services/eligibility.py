"""What an Account may order: kept on the customer's link with its age, and put on the catalogue as reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console import clock, log
from console.clients.salesforce import Account
from console.errors import UpstreamError
from console.models import CustomerLink
from console.services.catalog import Catalogue, Item
from console.services.upstreams import Upstreams

_log = log.logger(__name__)
FRESH_S = 300
# For so long nobody else asks: neither while one does, nor right after it failed.
AGAIN_S = 60
NOWHERE = "Not available"


def columns(account: Account) -> dict[str, Any]:
    """What the link keeps of an Account that was read just now."""
    return {
        "internet_eligibility": account.internet_eligibility[:40],
        "sim_eligible": account.sim_eligible, "vpn_eligible": account.vpn_eligible,
        "eligibility_read_at": clock.now(), "eligibility_due_at": clock.after(FRESH_S),
    }  # fmt: skip


def due(link: CustomerLink | None) -> bool:
    """Whether the caller is the one to ring for a refresh. Of an unverified link nothing is asked: it may be somebody else's Account."""
    return link is not None and link.verified and link.claim_eligibility(AGAIN_S)


def refresh(upstreams: Upstreams, link_id: int) -> bool:
    """Read the Account anew; one that cannot be read leaves what is known."""
    link = CustomerLink.get_or_none(CustomerLink.id == link_id)
    if link is None or not link.verified:
        return False
    try:
        found = upstreams.salesforce.account(link.sf_account_id)
    except UpstreamError as error:
        _log.warning("account_unread", upstream=error.upstream, error_class=type(error).__name__, code=error.code)
        return False
    if found is None:
        _log.warning("account_gone", user_id=link.user_id)
        return False
    same = (CustomerLink.id == link_id) & (CustomerLink.sf_account_id == link.sf_account_id)  # staff may have moved it meanwhile
    return bool(CustomerLink.update(**columns(found)).where(same).execute())


def personal(shelf: Catalogue, link: CustomerLink | None) -> Catalogue:
    """The catalogue for this customer; the general one for a stranger and while the link is not verified."""
    if link is None or not link.verified:
        return shelf
    return replace(shelf, items=tuple(_judged(item, link) for item in shelf.items), personal=True)


def _judged(item: Item, link: CustomerLink) -> Item:
    reason = "" if item.reason else _reason(item, link)
    return replace(item, reason=reason, detail=link.internet_eligibility if item.category == "Internet" else "") if reason else item


def _reason(item: Item, link: CustomerLink) -> str:
    if item.item_class != "Service":
        return ""
    if item.category == "Internet":
        return _of_the_address(item, link.internet_eligibility)
    barred = (item.category == "SIM" and not link.sim_eligible) or (item.category == "VPN" and not link.vpn_eligible)
    return "not_eligible" if barred else ""


def _of_the_address(item: Item, found: str) -> str:
    if not found:
        return "not_checked"
    if found == NOWHERE:
        return "not_available"
    return "" if item.offering == found else "other_offering"
