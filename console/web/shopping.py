"""The catalogue as this visitor may see it, and the count of their cart that stands in the navigation."""

from __future__ import annotations

from flask import Flask, session

from console.models import CustomerLink
from console.services import catalog, choosing, eligibility
from console.services.catalog import Catalogue
from console.services.choosing import Basket
from console.web.auth import me
from console.web.wired import bell, policy, upstreams

_KEY = "cart"


def init_app(app: Flask) -> None:
    # Kept in the login's cookie by the pages that read the cart: no page asks the database for a number in its navigation.
    app.context_processor(lambda: {"cart_count": int(session.get(_KEY, 0))})


def shelf(link: CustomerLink | None) -> Catalogue:
    """The kept catalogue with what this customer's Account may order. What is old is shown, and rung for."""
    found = catalog.catalogue(upstreams(), policy())
    if catalog.due(found):
        bell().catalogue()
    if link is not None and eligibility.due(link):
        bell().eligibility(link.id)
    return eligibility.personal(found, link)


def basket(shelf: Catalogue) -> Basket:
    """My cart as things are now."""
    found = choosing.basket(me(), shelf)
    if session.get(_KEY, 0) != found.count:
        session[_KEY] = found.count
    return found


def forget() -> None:
    """What was in the cart is ordered."""
    session.pop(_KEY, None)
