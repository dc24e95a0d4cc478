"""The cart: what was chosen, line by line, to be changed or taken out."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.models import Order
from console.routes import catalog
from console.services import choosing, ordering
from console.services.catalog import Catalogue
from console.services.choosing import Basket, Chosen
from console.web import shopping
from console.web.auth import customer, me
from console.web.forms.cart import LineForm, QuantityForm
from console.web.forms.product import product_form, words
from console.web.gate import my_link, paying

blueprint = Blueprint("cart", __name__, url_prefix="/cart")


@blueprint.get("")
@customer
def show() -> ResponseReturnValue:
    shelf = shopping.shelf(my_link())
    return page(shelf, shopping.basket(shelf))


@blueprint.post("")
@customer
def choose() -> ResponseReturnValue:
    """Put a product in, or change the line that the form names; then to the review, or to the cart."""
    link = my_link()
    shelf = shopping.shelf(link)
    item = shelf.offered(request.form.get("sku", ""))
    if item is None:
        return render_template("checkout/gone.html"), 409
    form = product_form(item, shelf)
    if not (form.validate() and item.orderable and paying(link) in {"yes", "unknown"}):
        return catalog.answer(shelf, link, item, form, "")
    try:
        choosing.put(me(), shelf, item, *form.choices(item), line=form.line.data or "")
    except Refused as refused:
        return catalog.answer(shelf, link, item, form, words(refused))
    shopping.basket(shelf)
    return redirect("/cart" if request.form.get("then") == "cart" else "/checkout", 303)


@blueprint.post("/quantity")
@customer
def change() -> ResponseReturnValue:
    form = QuantityForm()
    shelf = shopping.shelf(my_link())
    if not form.validate():
        return page(shelf, shopping.basket(shelf), _("Write a whole number."), 422)
    if form.quantity.data < 1:
        return page(shelf, shopping.basket(shelf), _("At least one. To have none of it, remove it."), 422)
    return _changed(shelf, lambda: choosing.set_quantity(me(), shelf, form.line.data, form.quantity.data))


@blueprint.post("/removal")
@customer
def remove() -> ResponseReturnValue:
    form = LineForm()
    form.validate()  # a line that nobody can name is not there
    return _changed(shopping.shelf(my_link()), lambda: choosing.remove(me(), form.line.data or ""))


@blueprint.post("/renewal")
@customer
def renew() -> ResponseReturnValue:
    """The same once more, as another order."""
    choosing.renew(me())
    return redirect("/checkout", 303)


def _changed(shelf: Catalogue, change: Callable[[], None]) -> ResponseReturnValue:
    try:
        change()
    except Refused as refused:
        return page(shelf, shopping.basket(shelf), words(refused), 422)
    shopping.basket(shelf)
    return redirect("/cart", 303)


def page(shelf: Catalogue, basket: Basket, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The cart as things are now; `problem` is about what was just asked."""
    before = ordering.of_checkout(me(), basket.checkout_id) if basket.order_state else None
    values = {"shelf": shelf, "basket": basket, "problem": problem, "before": address_of(before) if before else ""}
    return render_template("cart/show.html", why={one.key: _why(one) for one in basket.chosen}, **values), status


def _why(one: Chosen) -> str:
    """Why a line cannot be ordered as it is, in a customer's words."""
    if one.item is not None and not one.item.orderable:
        return one.item.why
    return words(one.part.refused) if one.part.refused else ""


def address_of(order: Order) -> str:
    """The page that tells how the order is."""
    return f"/orders/{order.sf_order_id}" if order.sf_order_id else f"/orders/placing/{order.checkout_id}"
