"""What chosen lines come to: each line split, priced from the catalogue and joined by the fees that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from console.errors import Refused
from console.i18n import language
from console.services.catalog import Catalogue
from console.services.product_options import Value, accepted, shown, snapshot, surcharge
from console.services.products import SOLD, Item

MOST_ESIMS = 5
MOST_LINES = 20
Wish = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of an order: `unit_price` in yen with its options; `added` when we added it as a fee; `names` by language."""

    sku: str
    name: str
    names: dict[str, str]
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
        """What it puts on the first bill."""
        return self.quantity * self.unit_price

    @property
    def once(self) -> int:
        return self._in("Onetime")

    @property
    def monthly(self) -> int:
        return self._in("Monthly")

    @property
    def yearly(self) -> int:
        return self._in("Annually")

    def _in(self, cycle: str) -> int:
        return self.amount if self.billing_cycle == cycle else 0

    def row(self) -> dict[str, Any]:
        """As the order's row keeps it."""
        return {name: value for name, value in asdict(self).items() if name not in {"answers", "pricebook_id"}}


@dataclass(frozen=True)
class Quote:
    """Lines and what they come to, in yen: `today` is the first bill and of it `once` is the set-up; then `monthly` and `yearly`."""

    lines: tuple[Line, ...]

    @property
    def rows(self) -> list[Line]:
        """The lines as people read them: what is the same thing at the same price stands once, with its number."""
        same: dict[tuple[object, ...], Line] = {}
        for line in self.lines:
            alike = (line.sku, line.options_json, line.unit_price, line.added)
            same[alike] = replace(line, quantity=line.quantity + same[alike].quantity) if alike in same else line
        return list(same.values())

    @property
    def today(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def once(self) -> int:
        return sum(line.once for line in self.lines)

    @property
    def monthly(self) -> int:
        return sum(line.monthly for line in self.lines)

    @property
    def yearly(self) -> int:
        return sum(line.yearly for line in self.lines)


@dataclass(frozen=True)
class Part:
    """A wish and the lines that it comes to; `refused` tells why it cannot be ordered as it is, and then there are no lines."""

    wish: Wish
    lines: tuple[Line, ...]
    refused: Refused | None = None


def most_of(item: Item) -> int:
    """How many of it one order may have."""
    return MOST_ESIMS if item.mobile else 1


def quote(catalogue: Catalogue, chosen: Sequence[Wish]) -> Quote:
    """The price of these lines. Refused: nothing_chosen, too_many_lines, product_gone (`sku`), quantity (`most`), installation_missing,
    addon_alone, or an option_… code."""
    found = parts(catalogue, chosen, strict=True)
    if not any(line.item_class in SOLD for part in found for line in part.lines):
        raise Refused("nothing_chosen")
    return Quote(tuple(line for part in found for line in part.lines))


def parts(catalogue: Catalogue, chosen: Sequence[Wish], *, strict: bool = False) -> list[Part]:
    """Each wish by itself, in their order; one that cannot be ordered has its refusal. `strict`: the first one is raised."""
    if len(chosen) > MOST_LINES:
        raise Refused("too_many_lines", most=MOST_LINES)
    found: list[Part] = []
    for wish in chosen:
        try:
            _fits(catalogue, wish, chosen, [part.wish for part in found])
            found.append(Part(wish, lines_of(catalogue, wish)))
        except Refused as refused:
            if strict:
                raise
            found.append(Part(wish, (), refused))
    return found


def lines_of(catalogue: Catalogue, wish: Wish) -> tuple[Line, ...]:
    """What one wish comes to, apart from all others. Refused as `quote`."""
    return tuple(_lines(catalogue, wish))


def kept(catalogue: Catalogue, chosen: Sequence[Wish]) -> list[dict[str, Any]]:
    """Wishes that have a quote, as they may be stored: of the answers only what the products ask for, in the form that they take."""
    return [dict(wish) | {"options": _answers(_orderable(catalogue, wish), wish)} for wish in chosen]


def _answers(item: Item, wish: Wish) -> dict[str, Value]:
    return accepted(item.options, wish.get("options") or {})


def _orderable(catalogue: Catalogue, wish: Wish) -> Item:
    sku = str(wish["sku"])
    item = catalogue.item(sku)
    if item is None or not item.orderable or item.top_up or item.item_class not in (*SOLD, "Installation", "Add-on"):
        raise Refused("product_gone", sku=sku)
    return item


def _fits(catalogue: Catalogue, wish: Wish, all_of_them: Sequence[Wish], before: Sequence[Wish]) -> None:
    """The rules that lines keep with each other."""
    item = _orderable(catalogue, wish)
    if _quantity(wish) + sum(_quantity(each) for each in before if each["sku"] == item.sku) > most_of(item):
        raise Refused("quantity", most=most_of(item), sku=item.sku)
    services = Counter(each.category for each in _items(catalogue, all_of_them) if each.item_class == "Service")
    if item.item_class == "Add-on" and not services[item.category]:
        raise Refused("addon_alone", sku=item.sku)
    if catalogue.installations_of(item) or item.item_class == "Installation":
        chosen = sum(each.category == item.category for each in _items(catalogue, _installations(all_of_them)))
        chosen += sum(each.category == item.category and each.item_class == "Installation" for each in _items(catalogue, all_of_them))
        if chosen != services[item.category]:
            raise Refused("installation_missing", sku=item.sku)


def _items(catalogue: Catalogue, wishes: Sequence[Wish]) -> Iterator[Item]:
    for wish in wishes:
        item = catalogue.item(str(wish["sku"]))
        if item is not None and item.orderable:
            yield item


def _installations(wishes: Sequence[Wish]) -> list[Wish]:
    """Those that were chosen on the page of what they install."""
    return [{"sku": wish["installation"]} for wish in wishes if wish.get("installation")]


def _quantity(wish: Wish) -> int:
    quantity = wish.get("quantity", 1)
    return quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else 0


def _lines(catalogue: Catalogue, wish: Wish) -> Iterator[Line]:
    item = _orderable(catalogue, wish)
    quantity = _quantity(wish)
    if not 1 <= quantity <= most_of(item):
        raise Refused("quantity", most=most_of(item), sku=item.sku)
    answers = _answers(item, wish)
    # Each eSIM is a line of its own: it has its own profile, its own service and its own fee.
    for _ in range(quantity if item.mobile else 1):
        yield _line(item, 1 if item.mobile else quantity, answers)
        yield from (_line(fee, 1, {}, added=True) for fee in catalogue.fees_of(item))
    yield from (_line(_installation(catalogue, item, each), 1, {}) for each in _installations([wish]))


def _installation(catalogue: Catalogue, item: Item, wish: Wish) -> Item:
    """The one that was chosen with the line."""
    found = next((each for each in catalogue.installations_of(item) if each.sku == wish["sku"]), None)
    if found is None:
        raise Refused("installation_missing", sku=item.sku)
    return found


def _line(item: Item, quantity: int, answers: dict[str, Value], added: bool = False) -> Line:
    return Line(
        sku=item.sku, name=item.name, names=dict(item.names), category=item.category, item_class=item.item_class, quantity=quantity,
        unit_price=item.price + surcharge(item.options, answers), billing_cycle=item.billing_cycle, options=answers,
        options_json=snapshot(item.options, answers), answers=tuple(shown(item.options, answers, language())),
        pricebook_id=item.pricebook_id, pricebook_entry_id=item.pricebook_entry_id, mobile=item.mobile, added=added,
    )  # fmt: skip
