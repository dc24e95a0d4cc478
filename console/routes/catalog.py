"""The catalogue, for everybody, and a product's page, from which customers choose."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.models import CustomerLink
from console.routes.api import catalog as twin
from console.services.catalog import LONGEST_SEARCH, Catalogue
from console.services.choosing import Basket
from console.services.products import Item
from console.services.quoting import Quote, lines_of
from console.web import shopping
from console.web.auth import customer, me_or_none, public
from console.web.forms.product import ProductForm, product_form
from console.web.forms.typed import plain
from console.web.gate import my_link, paying
from console.web.problems import speaks_json

blueprint = Blueprint("catalog", __name__)


@blueprint.get("/catalog")
@public
def index() -> ResponseReturnValue:
    text, wanted = plain(request.args.get("q", ""))[:LONGEST_SEARCH], request.args.get("category", "")
    if speaks_json():
        return twin.general(wanted, text)
    shelf = shopping.shelf(my_link())
    asked = next((name for name in shelf.categories if name.casefold() == wanted.casefold()), "")
    shown = asked or ("" if text else next(iter(shelf.categories), ""))
    items = sorted(shelf.sold(shown, text), key=lambda item: not item.orderable)
    counts = [(name, len(shelf.sold(name, text))) for name in shelf.categories]
    if _buyer():
        shopping.basket(shelf)
    return render_template("catalog/index.html", shelf=shelf, category=shown, text=text, items=items, counts=counts, buyer=_buyer())


@blueprint.get("/catalog/<sku>")
@public
def show(sku: str) -> ResponseReturnValue:
    if speaks_json():
        return twin.one(sku)
    link = my_link()
    shelf = shopping.shelf(link)
    item = shelf.offered(sku) or abort(404)
    if not _buyer():
        return _page(shelf, item, product_form(item, shelf), paying="stranger")
    return _page(shelf, item, _form_of(shopping.basket(shelf), item, shelf), paying=paying(link))


@blueprint.post("/catalog/<sku>/_total")
@customer
def total(sku: str) -> ResponseReturnValue:
    """What the choice comes to, while it is being made; nothing is kept."""
    shelf = shopping.shelf(my_link())
    item = shelf.offered(sku) or abort(404)
    return render_template("catalog/_total.html", item=item, quote=quoted(shelf, item, product_form(item, shelf)))


def answer(shelf: Catalogue, link: CustomerLink | None, item: Item, form: ProductForm, problem: str) -> ResponseReturnValue:
    """The page again for a choice that was not taken, with what was typed: 402 where a payment method is needed first."""
    able = paying(link)
    return _page(shelf, item, form, paying=able, problem=problem), 402 if able == "no" else 422


def quoted(shelf: Catalogue, item: Item, form: ProductForm) -> Quote | None:
    """The price of the form as it is; None while an answer is missing or wrong."""
    try:
        quantity, installation, options = form.choices(item)
        wish = {"sku": item.sku, "quantity": quantity, "options": options, "installation": installation}
        return Quote(lines_of(shelf, wish))
    except Refused:
        return None


def _form_of(basket: Basket, item: Item, shelf: Catalogue) -> ProductForm:
    """The form of the line that is to be changed, else of the product's first one; `?another` begins a further line."""
    named = basket.find(request.args.get("line", "")) if not basket.spent else None
    chosen = named if named and named.item == item else None if "another" in request.args else basket.of_product(item.sku)
    return product_form(item, shelf, chosen)


def _page(shelf: Catalogue, item: Item, form: ProductForm, *, paying: str, problem: str = "") -> str:
    quote = quoted(shelf, item, form) if item.orderable else None
    return render_template("catalog/show.html", shelf=shelf, item=item, form=form, paying=paying, problem=problem, quote=quote)


def _buyer() -> bool:
    user = me_or_none()
    return user is not None and user.role == "customer"
