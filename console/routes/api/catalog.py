"""The catalogue, in JSON: what everybody sees, what this customer may have, and the fees and extras of a category."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from flask import Response, abort
from pydantic import Field

from console.i18n import language
from console.routes.api.doors import ANYBODY, Money, Shape, answer, noun
from console.services.catalog import LONGEST_SEARCH, Catalogue, Item
from console.services.product_options import Choice, Option, said
from console.web import shopping
from console.web.auth import customer, public
from console.web.gate import my_link

blueprint = noun("api_catalog")


class Search(Shape):
    category: str = Field("", max_length=40)
    q: str = Field("", max_length=LONGEST_SEARCH)


class OfferedChoice(Shape):
    value: str
    label: str
    price: Money


class OfferedOption(Shape):
    """`price`: in all for a text, for each of a quantity; a choice has its own."""

    key: str
    label: str
    type: Literal["choice", "quantity", "text"]
    required: bool
    choices: list[OfferedChoice]
    min: int | None
    max: int | None
    pattern: str | None
    price: Money


class Offer(Shape):
    """`reason` tells in a word why it is not orderable, null when it is; `price` is per billing cycle, tax included."""

    sku: str
    name: str
    description: str
    category: str
    item_class: str
    billing_cycle: str
    price: Money
    orderable: bool
    reason: str | None
    options: list[OfferedOption]


class Listing(Shape):
    """`stale`: older than five minutes, since Salesforce does not answer or a refresh is under way."""

    as_of: datetime
    stale: bool
    items: list[Offer]


def listing(shelf: Catalogue, items: Sequence[Item]) -> Response:
    return answer(Listing(as_of=shelf.read_at, stale=shelf.stale, items=[_offer(item) for item in items]))


def general(category: str, text: str) -> Response:
    """What everybody may see."""
    shelf = shopping.shelf(None)
    return listing(shelf, shelf.sold(category, text))


def one(sku: str) -> Response:
    """A product as this visitor may have it."""
    return answer(_offer(shopping.shelf(my_link()).offered(sku) or abort(404)))


@blueprint.get("/catalog", security=ANYBODY, responses={200: Listing})
@public
def index(query: Search) -> Response:
    """What is sold, for everybody; `q` is sought in name, description and sku."""
    return general(query.category, query.q)


@blueprint.get("/catalog/personalized", responses={200: Listing})
@customer
def personalized(query: Search) -> Response:
    """What this customer may order: by the Account's eligibility once the link is verified, before that what everybody may."""
    shelf = shopping.shelf(my_link())
    return listing(shelf, [item for item in shelf.sold(query.category, query.q) if item.orderable])


@blueprint.get("/catalog/sim/activation-fees", security=ANYBODY, responses={200: Listing})
@public
def sim_fees() -> Response:
    """What is added once for each eSIM."""
    shelf = shopping.shelf(None)
    return listing(shelf, shelf.fees("SIM"))


@blueprint.get("/catalog/vpn/activation-fees", security=ANYBODY, responses={200: Listing})
@public
def vpn_fees() -> Response:
    """What is added once for each VPN."""
    shelf = shopping.shelf(None)
    return listing(shelf, shelf.fees("VPN"))


@blueprint.get("/catalog/sim/addons", security=ANYBODY, responses={200: Listing})
@public
def sim_addons() -> Response:
    """What may be ordered together with an eSIM."""
    shelf = shopping.shelf(None)
    return listing(shelf, shelf.addons("SIM"))


@blueprint.get("/catalog/internet/installations", security=ANYBODY, responses={200: Listing})
@public
def installations() -> Response:
    """Of these an Internet service needs exactly one."""
    shelf = shopping.shelf(None)
    return listing(shelf, shelf.installations("Internet"))


def _offer(item: Item) -> Offer:
    return Offer(
        sku=item.sku, name=item.name, description=item.description, category=item.category, item_class=item.item_class,
        billing_cycle=item.billing_cycle, price=Money(amount=item.price), orderable=item.orderable, reason=item.reason or None,
        options=[_option(option) for option in item.options],
    )  # fmt: skip


def _option(option: Option) -> OfferedOption:
    counted = option.kind == "quantity"
    return OfferedOption(
        key=option.key, label=said(option.label, language()), type=option.kind, required=option.required,
        choices=[_choice(choice) for choice in option.choices], min=option.least if counted else None, max=option.most if counted else None,
        pattern=option.pattern or None, price=Money(amount=option.price),
    )  # fmt: skip


def _choice(choice: Choice) -> OfferedChoice:
    return OfferedChoice(value=choice.value, label=said(choice.label, language()), price=Money(amount=choice.price))
