"""The catalogue: Salesforce's products as last read, kept in one row for all workers and shown with its age."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from console import clock, log
from console.clients.salesforce import Product
from console.errors import Refused, UpstreamError
from console.i18n import gettext as _
from console.i18n import language
from console.models import CatalogueSnapshot, Lease, insert_once
from console.money import whole
from console.services.product_options import BadOptions, Option, parse
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)
FRESH_S = 300
# After a failed refresh nobody asks again for a moment: each page view would wait for the same time-out.
AGAIN_S = 15
TOKYO = ZoneInfo("Asia/Tokyo")
SOLD = ("Service", "Other")
ORDER = ("SIM", "Internet", "VPN")
# Reasons that somebody set on purpose; any other is a fault of the product's data.
DELIBERATE = frozenset({"", "not_accessible", "not_yet", "no_longer"})


@dataclass(frozen=True)
class Item:
    """A product as a person sees it; `price` in yen, tax included. `reason` "" means that it may be ordered."""

    sku: str
    name: str
    description: str
    category: str
    item_class: str
    billing_cycle: str
    price: int
    auto_add: bool
    mobile: bool
    options: tuple[Option, ...]
    pricebook_id: str
    pricebook_entry_id: str
    reason: str

    @property
    def orderable(self) -> bool:
        return not self.reason

    @property
    def why(self) -> str:
        """The reason in a customer's words."""
        return {
            "not_accessible": _("Not available for ordering here. Ask our support team about it."),
            "not_yet": _("Not available yet."),
            "no_longer": _("No longer available."),
        }.get(self.reason, _("Not available at the moment. We are working on it."))


@dataclass(frozen=True)
class Catalogue:
    """What is listed, in catalogue order, as read at `read_at`."""

    items: tuple[Item, ...]
    read_at: datetime

    @property
    def stale(self) -> bool:
        return clock.now() - self.read_at > timedelta(seconds=FRESH_S)

    def item(self, sku: str) -> Item | None:
        return next((item for item in self.items if item.sku == sku), None)

    def offered(self, sku: str) -> Item | None:
        """The product, if it is one that is listed by itself."""
        item = self.item(sku)
        return item if item is not None and item.item_class in SOLD else None

    def sold(self, category: str) -> list[Item]:
        """What a category's page lists: services, not their fees and extras."""
        return [item for item in self.items if item.category == category and item.item_class in SOLD]

    @property
    def categories(self) -> list[str]:
        found = {item.category for item in self.items if item.item_class in SOLD}
        return [name for name in ORDER if name in found] + sorted(found.difference(ORDER))

    def fees(self, item: Item) -> list[Item]:
        """What is added once for each line of this item."""
        return [fee for fee in self._extras(item, "Activation") if fee.auto_add]

    def installations(self, item: Item) -> list[Item]:
        """Of these the customer chooses exactly one; none for categories without."""
        return self._extras(item, "Installation")

    def _extras(self, item: Item, item_class: str) -> list[Item]:
        if item.item_class != "Service":
            return []
        return [extra for extra in self.items if (extra.category, extra.item_class) == (item.category, item_class) and extra.orderable]


def today() -> date:
    """The day in Tokyo, where the products are sold."""
    return clock.now().astimezone(TOKYO).date()


def catalogue(upstreams: Upstreams, policy: Policy) -> Catalogue:
    """The kept catalogue, read anew by one process when it is older than five minutes; Refused `catalogue_unavailable` without any."""
    row = _kept()
    if row is None:
        return _first(upstreams)
    if row.stale_at <= clock.now():
        row = _refreshed(upstreams, policy) or row
    return of(row.items, row.read_at)


def of(packed: Iterable[Mapping[str, Any]], read_at: datetime) -> Catalogue:
    """The catalogue of products as the row keeps them."""
    return Catalogue(_items(packed), read_at)


def fresh(upstreams: Upstreams) -> Catalogue:
    """Read from Salesforce now, and kept; its error when it cannot be read. For prices at placement."""
    products, now = [_packed(product) for product in upstreams.salesforce.catalogue()], clock.now()
    values = {"items": products, "read_at": now, "stale_at": clock.after(FRESH_S)}
    if not insert_once(CatalogueSnapshot, id=1, **values):
        CatalogueSnapshot.update(**values).where(CatalogueSnapshot.id == 1).execute()
    return of(products, now)


def _first(upstreams: Upstreams) -> Catalogue:
    try:
        return fresh(upstreams)
    except UpstreamError as error:
        _log.warning("catalogue_unread", error_class=type(error).__name__, code=error.code)
        raise Refused("catalogue_unavailable") from error


def _refreshed(upstreams: Upstreams, policy: Policy) -> CatalogueSnapshot | None:
    """The row after a refresh, or None when another process is at it."""
    owner = str(uuid4())
    if Lease.take("catalogue", owner, policy.deadlines["salesforce"] * 2 + 5) is None:
        return None
    try:
        fresh(upstreams)
    except UpstreamError as error:
        _log.warning("catalogue_unread", error_class=type(error).__name__, code=error.code)
        CatalogueSnapshot.update(stale_at=clock.after(AGAIN_S)).where(CatalogueSnapshot.id == 1).execute()
    finally:
        Lease.give_back("catalogue", owner)
    return _kept()


def _kept() -> CatalogueSnapshot | None:
    """The row, unless another version of this code wrote products of another shape."""
    row = CatalogueSnapshot.get_or_none(CatalogueSnapshot.id == 1)
    known = {field.name for field in fields(Product)}
    return row if row is not None and all(set(packed) == known for packed in row.items) else None


def _packed(product: Product) -> dict[str, Any]:
    return asdict(product) | {"price": str(product.price)}


def _items(packed: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
    items = [_item(Product(**{**each, "price": Decimal(each["price"])})) for each in packed]
    # A service whose fee cannot be charged as it is set up is not sold without it.
    lacking = {item.category for item in items if item.auto_add and item.reason not in DELIBERATE}
    held = (replace(item, reason="fee_not_ready") if item.category in lacking and item.item_class == "Service" else item for item in items)
    return tuple(sorted(held, key=lambda item: _rank(item.category)))


def _rank(category: str) -> int:
    return ORDER.index(category) if category in ORDER else len(ORDER)


def _item(product: Product) -> Item:
    options, reason = _options(product)
    words = _labels(product)
    return Item(
        sku=product.sku, name=words.get("name") or product.name, description=words.get("description") or product.description,
        category=product.category or "Other", item_class=product.item_class, billing_cycle=product.billing_cycle,
        price=whole(product.price) or 0, auto_add=product.auto_add, mobile=bool(product.mobile_plan_id), options=options,
        pricebook_id=product.pricebook_id, pricebook_entry_id=product.pricebook_entry_id, reason=_reason(product) or reason,
    )  # fmt: skip


def _options(product: Product) -> tuple[tuple[Option, ...], str]:
    try:
        return parse(product.options_json), ""
    except BadOptions as error:
        _log.warning("bad_options", sku=product.sku, reason=str(error))
        return (), "bad_options"


def _labels(product: Product) -> Mapping[str, str]:
    """Name and description in the person's language; a product without is called as Salesforce calls it."""
    try:
        words = json.loads(product.labels_json or "{}").get(language(), {})
        return {key: str(words[key]) for key in ("name", "description") if words.get(key)}
    except (ValueError, AttributeError, TypeError):
        return {}


def _reason(product: Product) -> str:
    """Why it may not be ordered, "" when it may."""
    day = today().isoformat()
    checks = (
        (not product.accessible, "not_accessible"),
        (product.valid_from and day < product.valid_from, "not_yet"),
        (product.valid_until and day > product.valid_until, "no_longer"),
        (whole(product.price) is None or product.price < 0, "bad_price"),
        (product.billing_cycle not in {"Monthly", "Annually", "Onetime"}, "bad_cycle"),
        (product.whmcs_product_id is None, "no_billing_product"),
        (product.category == "SIM" and product.item_class == "Service" and not product.mobile_plan_id, "no_mobile_plan"),
    )
    return next((code for wrong, code in checks if wrong), "")
