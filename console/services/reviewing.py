"""The review before an order: what it comes to, where the bill goes, and whether anything is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from console import log
from console.errors import UpstreamError
from console.models import CustomerLink, Order, User
from console.services import billing
from console.services.billing import Address
from console.services.choosing import Basket
from console.services.ordering import of_checkout
from console.services.quoting import Quote
from console.services.upstreams import Upstreams

_log = log.logger(__name__)


@dataclass(frozen=True)
class Review:
    """`address` None: billing could not be asked; `paying` yes | no | unknown; `before`: the order that this checkout became already."""

    basket: Basket
    address: Address | None
    paying: str
    verified: bool
    before: Order | None

    @property
    def quote(self) -> Quote:
        return self.basket.quote

    @property
    def lacks_address(self) -> bool:
        return self.address is not None and not (self.address.address1 and self.address.postcode)


def review(upstreams: Upstreams, user: User, link: CustomerLink, basket: Basket) -> Review:
    """The facts of the page."""
    before = of_checkout(user, basket.checkout_id) if basket.order_state else None
    address = _address(upstreams, link)
    pays = paying(upstreams, link) if address else "unknown"  # billing that has just not answered is not waited for twice
    return Review(basket, address, pays, link.verified, before)


def paying(upstreams: Upstreams, link: CustomerLink) -> str:
    """Whether there is a payment method that counts: yes, no, or unknown while billing does not answer."""
    try:
        summary = billing.payment_summary(upstreams, link)
    except UpstreamError as error:
        _log.warning("payment_method_unread", error_class=type(error).__name__, code=error.code)
        return "unknown"
    return "unknown" if summary.stale else "yes" if summary.has else "no"


def _address(upstreams: Upstreams, link: CustomerLink) -> Address | None:
    try:
        return billing.address(upstreams, link)
    except UpstreamError as error:
        _log.warning("address_unread", error_class=type(error).__name__, code=error.code)
        return None
