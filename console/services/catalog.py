"""The catalogue: Salesforce's products as last read, kept in one row for all workers and shown with its age."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from console import clock, log
from console.clients.salesforce import Product
from console.errors import Refused, UpstreamError
from console.models import CatalogueSnapshot, Lease, insert_once
from console.services.products import DELIBERATE, SOLD, Item, item, today
from console.services.upstreams import Policy, Upstreams

__all__ = ["SOLD", "Catalogue", "Item", "catalogue", "due", "fresh", "of", "refresh", "searched", "today"]

_log = log.logger(__name__)
FRESH_S = 300
# For so long nobody else asks: neither while one does, nor right after it failed.
AGAIN_S = 15
_LOOK_S = 0.1
LONGEST_SEARCH = 100
ORDER = ("SIM", "Internet", "VPN")


@dataclass(frozen=True)
class Catalogue:
    """What is listed, in catalogue order, as read at `read_at`; `personal` when an Account's eligibility is in its reasons."""

    items: tuple[Item, ...]
    read_at: datetime
    personal: bool = False

    @property
    def stale(self) -> bool:
        return clock.now() - self.read_at > timedelta(seconds=FRESH_S)

    def item(self, sku: str) -> Item | None:
        return next((item for item in self.items if item.sku == sku), None)

    def offered(self, sku: str) -> Item | None:
        """The product, if it has a page of its own: what is listed, and extras that go with it."""
        item = self.item(sku)
        return item if item is not None and (item.item_class in SOLD or (item.item_class == "Add-on" and not item.top_up)) else None

    def sold(self, category: str = "", text: str = "") -> list[Item]:
        """What may be chosen by itself, of a category or of all, with this text in name, description or sku."""
        wanted = category.casefold()
        found = [item for item in self.items if item.item_class in SOLD and wanted in ("", item.category.casefold())]
        words = searched(text[:LONGEST_SEARCH]).split()
        return [item for item in found if all(word in _sought(item) for word in words)]

    @property
    def categories(self) -> list[str]:
        found = {item.category for item in self.items if item.item_class in SOLD}
        return [name for name in ORDER if name in found] + sorted(found.difference(ORDER))

    def fees(self, category: str) -> list[Item]:
        """What is added once for each Service line of the category."""
        return [fee for fee in self._of("Activation", category) if fee.auto_add]

    def installations(self, category: str) -> list[Item]:
        """Of these a Service line needs exactly one; none for categories without."""
        return self._of("Installation", category)

    def addons(self, category: str) -> list[Item]:
        """What may be ordered together with a Service of the category; top-ups are sold on a subscription's own page."""
        return [extra for extra in self._of("Add-on", category) if not extra.top_up]

    def fees_of(self, item: Item) -> list[Item]:
        return self.fees(item.category) if item.item_class == "Service" else []

    def installations_of(self, item: Item) -> list[Item]:
        return self.installations(item.category) if item.item_class == "Service" else []

    def _of(self, item_class: str, category: str) -> list[Item]:
        return [extra for extra in self.items if (extra.category, extra.item_class) == (category, item_class) and extra.orderable]


def searched(text: str) -> str:
    """A text as it is compared: width and case of letters do not matter, nor whether kana are Hiragana or Katakana."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)


def _sought(item: Item) -> str:
    """What a search looks at: as it is written, and without blanks, since many type 5GB for 5 GB."""
    text = searched(f"{item.name} {item.description} {item.sku}")
    return f"{text}\n{''.join(text.split())}"


_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def catalogue(upstreams: Upstreams, policy: Policy) -> Catalogue:
    """The kept catalogue, however old; read now when there is none, by one process. Refused `catalogue_unavailable` without any.

    Who shows it asks `due` and rings for a `refresh`: nobody waits for one.
    """
    row = _kept() or _first(upstreams, policy)
    return of(row.items, row.read_at)


def of(packed: Iterable[Mapping[str, Any]], read_at: datetime) -> Catalogue:
    """The catalogue of products as the row keeps them."""
    return Catalogue(_items(packed), read_at)


def due(shelf: Catalogue) -> bool:
    """Whether the caller is the one to ring for a refresh."""
    return shelf.stale and CatalogueSnapshot.claim(AGAIN_S)


def refresh(upstreams: Upstreams, policy: Policy) -> bool:
    """Read it anew unless another process is at it; a Salesforce that does not answer leaves the old one."""
    owner = str(uuid4())
    if Lease.take("catalogue", owner, policy.deadlines["salesforce"] + 5) is None:
        return False
    try:
        fresh(upstreams)
    except UpstreamError as error:
        _unread(error)
        return False
    finally:
        Lease.give_back("catalogue", owner)
    return True


def fresh(upstreams: Upstreams) -> Catalogue:
    """Read from Salesforce now, and kept; its error when it cannot be read. For prices at placement."""
    products, now = [packed(product) for product in upstreams.salesforce.catalogue()], clock.now()
    values = {"items": products, "read_at": now, "stale_at": clock.after(FRESH_S)}
    if not insert_once(CatalogueSnapshot, id=1, **values):
        CatalogueSnapshot.update(**values).where(CatalogueSnapshot.id == 1).execute()
    return of(products, now)


def _first(upstreams: Upstreams, policy: Policy) -> CatalogueSnapshot:
    """The first of those who ask reads it, the others wait for that."""
    owner, until = str(uuid4()), time.monotonic() + policy.deadlines["salesforce"]
    while Lease.take("catalogue", owner, policy.deadlines["salesforce"] + 5) is None:
        if time.monotonic() > until:
            raise Refused("catalogue_unavailable")
        time.sleep(_LOOK_S)
        if row := _kept():
            return row
    try:
        if not _kept():  # unless somebody did while we came to the lease
            fresh(upstreams)
    except UpstreamError as error:
        _unread(error)
        raise Refused("catalogue_unavailable") from error
    finally:
        Lease.give_back("catalogue", owner)
    return CatalogueSnapshot.get_by_id(1)  # type: ignore[no-any-return]


def _unread(error: UpstreamError) -> None:
    _log.warning("catalogue_unread", error_class=type(error).__name__, code=error.code)


def _kept() -> CatalogueSnapshot | None:
    """The row, unless another version of this code wrote products of another shape."""
    row = CatalogueSnapshot.get_or_none(CatalogueSnapshot.id == 1)
    known = {field.name for field in fields(Product)}
    return row if row is not None and all(set(each) == known for each in row.items) else None


def packed(product: Product) -> dict[str, Any]:
    """As the row keeps it."""
    return asdict(product) | {"price": str(product.price)}


def unpacked(row: Mapping[str, Any]) -> Product:
    return Product(**{**row, "price": Decimal(row["price"])})


def _items(rows: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
    items = [item(unpacked(each)) for each in rows]
    # A service whose fee cannot be charged as it is set up is not sold without it.
    lacking = {item.category for item in items if item.auto_add and item.reason not in DELIBERATE}
    held = (replace(item, reason="fee_not_ready") if item.category in lacking and item.item_class == "Service" else item for item in items)
    return tuple(sorted(held, key=lambda item: _rank(item.category)))


def _rank(category: str) -> int:
    return ORDER.index(category) if category in ORDER else len(ORDER)
