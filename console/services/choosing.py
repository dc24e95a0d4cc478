"""The cart: what a customer chose last, and the checkout that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from console.models import Cart, User
from console.services.catalog import Catalogue, Item
from console.services.product_options import Value
from console.services.quoting import Quote, quote


def open_cart(user: User) -> Cart | None:
    """The cart, None where nothing was ever chosen."""
    cart = Cart.get_or_none(Cart.user == user.id)
    return cart if cart is not None and cart.lines else None


def choose(user: User, shelf: Catalogue, item: Item, quantity: int, installation: str, options: Mapping[str, Value]) -> Quote:
    """Put this product in the cart, instead of what was there. Refused as `quote`, and then nothing is changed."""
    lines: list[dict[str, object]] = [{"sku": item.sku, "quantity": quantity, "options": dict(options)}]
    if installation:
        lines.append({"sku": installation, "quantity": 1, "options": {}})
    priced = quote(shelf, lines)
    Cart.of(user.id).choose(lines)
    return priced


def renew(user: User) -> None:
    """A new checkout for the same choice: the customer has placed it once and wants it again."""
    cart = Cart.of(user.id)
    cart.checkout_id = str(uuid4())
    cart.save(only=["checkout_id"])


def chosen_of(user: User, item: Item) -> dict[str, Any]:
    """What the cart holds of this product, as its form takes it; {} when it holds another one."""
    cart = open_cart(user)
    first, *rest = cart.lines if cart else [{}]
    if first.get("sku") != item.sku:
        return {}
    return {"quantity": first["quantity"], "installation": rest[0]["sku"] if rest else "", "options": first["options"]}
