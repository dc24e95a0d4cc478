"""What chosen lines come to: each line split, priced from the catalogue and joined by the fees that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from console.errors import Refused
from console.i18n import language
from console.services.catalog import SOLD, Catalogue, Item
from console.services.product_options import Value, accepted, shown, snapshot, surcharge

MOST_ESIMS = 5


@dataclass(frozen=True)
class Line:
    """A line of an order: `unit_price` in yen with its options; `added` when we added it as a fee."""

    sku: str
    name: str
    category: str
    item_class: str
    quantity: int
    unit_price: int
    billing_cycle: str
    options: dict[str, Value]
    options_json: str
    answers: tuple[tuple[str, str], ...]
    pricebook_id: str
    pricebook_entry_id: str
    mobile: bool
    added: bool

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price

    @property
    def monthly(self) -> int:
        return self.amount if self.billing_cycle == "Monthly" else 0

    def row(self) -> dict[str, Any]:
        """As the order's row keeps it."""
        return {name: value for name, value in asdict(self).items() if name not in {"answers", "pricebook_id"}}


@dataclass(frozen=True)
class Quote:
    """Lines and what they come to, in yen: `today` is the first bill, `monthly` what follows each month."""

    lines: tuple[Line, ...]

    @property
    def today(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def monthly(self) -> int:
        return sum(line.monthly for line in self.lines)


def most_of(item: Item) -> int:
    """How many of it one order may have."""
    return MOST_ESIMS if item.mobile else 1


def quote(catalogue: Catalogue, chosen: Sequence[Mapping[str, Any]]) -> Quote:
    """The price of a cart's lines. Refused: nothing_chosen, product_gone (`sku`), quantity, installation_missing, or an option_… code."""
    items = [(_orderable(catalogue, str(line["sku"])), line) for line in chosen]
    if not any(item.item_class in SOLD for item, _ in items):
        raise Refused("nothing_chosen")
    _installations_fit(catalogue, [item for item, _ in items])
    return Quote(tuple(line for item, wish in items for line in _lines(catalogue, item, wish)))


def _orderable(catalogue: Catalogue, sku: str) -> Item:
    item = catalogue.item(sku)
    if item is None or not item.orderable or item.item_class not in (*SOLD, "Installation"):
        raise Refused("product_gone", sku=sku)
    return item


def _installations_fit(catalogue: Catalogue, items: Sequence[Item]) -> None:
    needed = sorted(item.category for item in items if catalogue.installations(item))
    if needed != sorted(item.category for item in items if item.item_class == "Installation"):
        raise Refused("installation_missing")


def _lines(catalogue: Catalogue, item: Item, wish: Mapping[str, Any]) -> Iterator[Line]:
    quantity = wish.get("quantity", 1)
    if not isinstance(quantity, int) or not 1 <= quantity <= most_of(item):
        raise Refused("quantity", most=most_of(item))
    answers = accepted(item.options, wish.get("options") or {})
    # Each eSIM is a line of its own: it has its own profile, its own service and its own fee.
    for _ in range(quantity if item.mobile else 1):
        yield _line(item, 1 if item.mobile else quantity, answers)
        yield from (_line(fee, 1, {}, added=True) for fee in catalogue.fees(item))


def _line(item: Item, quantity: int, answers: dict[str, Value], added: bool = False) -> Line:
    return Line(
        sku=item.sku, name=item.name, category=item.category, item_class=item.item_class, quantity=quantity,
        unit_price=item.price + surcharge(item.options, answers), billing_cycle=item.billing_cycle, options=answers,
        options_json=snapshot(item.options, answers), answers=tuple(shown(item.options, answers, language())),
        pricebook_id=item.pricebook_id, pricebook_entry_id=item.pricebook_entry_id, mobile=item.mobile, added=added,
    )  # fmt: skip
