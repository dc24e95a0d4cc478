"""The cart: what a customer has chosen, line by line, and the checkout that it belongs to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.errors import Refused
from console.models import Cart, User
from console.services.catalog import Catalogue
from console.services.product_options import Value
from console.services.products import Item
from console.services.quoting import Line, Part, Quote, most_of, parts

_TRIES = 5
Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Chosen:
    """A line of the cart as things are now; `key` names it as long as its product, options and installation stay."""

    key: str
    item: Item | None
    part: Part

    @property
    def name(self) -> str:
        return self.item.name if self.item else str(self.part.wish["sku"])

    @property
    def quantity(self) -> int:
        return int(self.part.wish["quantity"])

    @property
    def most(self) -> int:
        return most_of(self.item) if self.item else 1

    @property
    def main(self) -> Line | None:
        return next(iter(self.part.lines), None)

    @property
    def quote(self) -> Quote:
        """With its fees and its installation."""
        return Quote(self.part.lines)

    @property
    def extras(self) -> list[Line]:
        """What comes with it: one of each fee, whose quantity is the line's, and the installation."""
        return list({line.sku: line for line in self.part.lines[1:] if self.main and line.sku != self.main.sku}.values())

    @property
    def before(self) -> int | None:
        """The unit price that was shown when it was chosen, if it is another one now."""
        seen = self.part.wish.get("seen")
        return seen if self.main is not None and seen is not None and seen != self.main.unit_price else None

    @property
    def problem(self) -> str:
        """Why it cannot be ordered as it is; "" when it can."""
        return self.part.refused.code if self.part.refused else ""


@dataclass(frozen=True)
class Basket:
    """The cart as things are now. `order_state`: of the order that this checkout became, "" while there is none."""

    checkout_id: str
    chosen: tuple[Chosen, ...]
    order_state: str
    addons: tuple[Item, ...]

    @property
    def quote(self) -> Quote:
        return Quote(tuple(line for one in self.chosen for line in one.part.lines))

    @property
    def spent(self) -> bool:
        """Whether this was ordered; the next choice begins a new cart."""
        return self.order_state not in {"", "failed"}

    @property
    def count(self) -> int:
        return 0 if self.spent else sum(one.quantity for one in self.chosen)

    @property
    def orderable(self) -> bool:
        """Whether it can go to the checkout as it is."""
        return bool(self.chosen) and not any(one.problem for one in self.chosen)

    def find(self, key: str) -> Chosen | None:
        return next((one for one in self.chosen if one.key == key), None)

    def of_product(self, sku: str) -> Chosen | None:
        """The first line of a product, unless it was ordered already."""
        return None if self.spent else next((one for one in self.chosen if one.part.wish["sku"] == sku), None)


def basket(user: User, shelf: Catalogue) -> Basket:
    """What is in the cart now, each line with its price or with what is wrong with it."""
    found = Cart.with_order(user.id)
    if found is None:
        return Basket("", (), "", ())
    cart, state = found
    known = zip(keys(cart.lines), parts(shelf, cart.lines), strict=True)
    chosen = tuple(Chosen(key, shelf.item(part.wish["sku"]), part) for key, part in known)
    return Basket(cart.checkout_id, chosen, state, _addons(shelf, chosen))


def _addons(shelf: Catalogue, chosen: Sequence[Chosen]) -> tuple[Item, ...]:
    """What may be ordered with the services that are chosen, and is not yet."""
    here = {one.part.wish["sku"] for one in chosen}
    categories = dict.fromkeys(one.item.category for one in chosen if one.item and one.item.item_class == "Service")
    return tuple(extra for category in categories for extra in shelf.addons(category) if extra.sku not in here)


def keys(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the lines: two that are alike are told apart by their order."""
    seen: Counter[str] = Counter()
    names = []
    for line in lines:
        alike = json.dumps(_identity(line), sort_keys=True)
        seen[alike] += 1
        names.append(hashlib.sha256(f"{alike}{seen[alike]}".encode()).hexdigest()[:12])
    return names


def _identity(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["sku"], line.get("options") or {}, line.get("installation") or ""


def put(
    user: User,
    shelf: Catalogue,
    item: Item,
    quantity: int = 1,
    installation: str = "",
    options: Mapping[str, Value] | None = None,
    line: str = "",
) -> None:
    """Put this in the cart, in the place of the line of that key, or of the one that is the same thing. Choosing it twice changes nothing.

    Refused as `quoting.parts`, and then nothing is changed.
    """
    wish: dict[str, Any] = {"sku": item.sku, "quantity": quantity, "options": dict(options or {})}
    if installation:
        wish["installation"] = installation

    def edit(lines: Lines) -> Lines:
        at = _place(lines, wish, item, line)
        new = [*lines[:at], wish, *lines[at + 1 :]]
        part = parts(shelf, new)[at]
        if part.refused:
            raise part.refused
        return [*lines[:at], wish | {"seen": part.lines[0].unit_price}, *lines[at + 1 :]]

    _edit(user, edit)


def _place(lines: Lines, wish: Mapping[str, Any], item: Item, key: str) -> int:
    """Where the wish goes: the line that it replaces, or the end."""
    names = keys(lines)
    if key in names:
        return names.index(key)
    single = most_of(item) == 1
    same = (n for n, line in enumerate(lines) if _identity(line) == _identity(wish) or (single and line["sku"] == item.sku))
    return next(same, len(lines))


def set_quantity(user: User, shelf: Catalogue, key: str, quantity: int) -> None:
    """Another quantity of the line of that key. Refused as `put`; a line that is gone stays so."""

    def edit(lines: Lines) -> Lines:
        names = keys(lines)
        new = [line | {"quantity": quantity} if name == key else line for name, line in zip(names, lines, strict=True)]
        refused = next((part.refused for name, part in zip(names, parts(shelf, new), strict=True) if name == key), None)
        if refused:
            raise refused
        return new

    _edit(user, edit)


def remove(user: User, key: str) -> None:
    """Take the line of that key out; one that is gone already stays so."""
    _edit(user, lambda lines: [line for name, line in zip(keys(lines), lines, strict=True) if name != key])


def _edit(user: User, edit: Callable[[Lines], Lines]) -> None:
    """Change the lines as they are now, whatever another tab does meanwhile; what was ordered is no longer there to be changed."""
    for _ in range(_TRIES):
        Cart.of(user.id)
        found = Cart.with_order(user.id)
        assert found is not None  # noqa: S101  made just now
        cart, state = found
        new = edit([] if state not in {"", "failed"} else list(cart.lines))
        if _same(new, cart.lines) or cart.choose(new):
            return
    raise Refused("cart_changed")


def _same(one: Lines, other: Lines) -> bool:
    """Whether only the prices that were shown differ."""
    return [line | {"seen": 0} for line in one] == [line | {"seen": 0} for line in other]


def renew(user: User) -> None:
    """A new checkout for the same choice: the customer has placed it once and wants it again."""
    Cart.of(user.id).renew()


def checkout(user: User) -> str:
    """The checkoutId of the next order: of the open cart, a new one where that was placed."""
    Cart.of(user.id)
    found = Cart.with_order(user.id)
    if found and found[1]:
        found[0].renew()
    return str(Cart.of(user.id).checkout_id)
