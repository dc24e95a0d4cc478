"""The review before an order: what it comes to, where the bill goes, and whether anything is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from console import log
from console.errors import UpstreamError
from console.models import Cart, CustomerLink, Order, User
from console.services import billing
from console.services.billing import Address
from console.services.catalog import Catalogue
from console.services.ordering import of_checkout
from console.services.quoting import Quote, quote
from console.services.upstreams import Upstreams

_log = log.logger(__name__)


@dataclass(frozen=True)
class Review:
    """`address` None: billing could not be asked; `paying` yes | no | unknown; `before`: the order that this checkout became already."""

    cart: Cart
    quote: Quote
    address: Address | None
    paying: str
    before: Order | None

    @property
    def lacks_address(self) -> bool:
        return self.address is not None and not (self.address.address1 and self.address.postcode)


def review(upstreams: Upstreams, user: User, link: CustomerLink, cart: Cart, shelf: Catalogue) -> Review:
    """The facts of the page; Refused as `quote`."""
    priced = quote(shelf, cart.lines)
    return Review(cart, priced, _address(upstreams, link), paying(upstreams, link), of_checkout(user, cart.checkout_id))


def paying(upstreams: Upstreams, link: CustomerLink) -> str:
    """Whether there is a payment method that counts: yes, no, or unknown while billing does not answer."""
    try:
        return "yes" if billing.payment_method(upstreams, link).has else "no"
    except UpstreamError as error:
        _log.warning("payment_method_unread", error_class=type(error).__name__, code=error.code)
        return "unknown"


def _address(upstreams: Upstreams, link: CustomerLink) -> Address | None:
    try:
        return billing.address(upstreams, link)
    except UpstreamError as error:
        _log.warning("address_unread", error_class=type(error).__name__, code=error.code)
        return None
