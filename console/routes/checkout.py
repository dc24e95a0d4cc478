"""The cart, the review and the placing of an order."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused, UpstreamError
from console.i18n import gettext as _
from console.models import CustomerLink, Order
from console.services import catalog, choosing, ordering, reviewing
from console.web.auth import customer, me
from console.web.forms.checkout import CheckoutForm
from console.web.forms.product import product_form, words
from console.web.gate import paying
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("checkout", __name__)
# What is wrong with the cart itself: it must be chosen anew.
GONE = frozenset({"product_gone", "installation_missing", "nothing_chosen", "quantity"})


@blueprint.post("/cart")
@customer
def choose() -> ResponseReturnValue:
    shelf = catalog.catalogue(upstreams(), policy())
    item = shelf.offered(request.form.get("sku", ""))
    if item is None:
        return render_template("checkout/gone.html"), 409
    form, able = product_form(item, shelf), paying(CustomerLink.of(me().id))
    problem = ""
    if form.validate() and item.orderable and able in {"yes", "unknown"}:
        try:
            choosing.choose(me(), shelf, item, *form.choices(item))
            return redirect("/checkout", 303)
        except Refused as refused:
            problem = words(refused)
    return render_template(
        "catalog/show.html", shelf=shelf, item=item, form=form, paying=able, problem=problem
    ), 402 if able == "no" else 422


@blueprint.get("/cart")
@customer
def cart() -> ResponseReturnValue:
    return redirect("/checkout" if choosing.open_cart(me()) else "/catalog", 303)


@blueprint.post("/cart/renewal")
@customer
def order_again() -> ResponseReturnValue:
    choosing.renew(me())
    return redirect("/checkout", 303)


@blueprint.get("/checkout")
@customer
def review() -> ResponseReturnValue:
    return _review(CheckoutForm(formdata=None))


@blueprint.post("/orders")
@customer
def place() -> ResponseReturnValue:
    form = CheckoutForm()
    if not form.validate():
        return _review(form, 422)
    user = me()
    try:
        order = ordering.place(upstreams(), policy(), user, CustomerLink.of(user.id), form.checkout_id.data, form.shown)
    except Refused as refused:
        return _refused(refused, form)
    except UpstreamError:
        return _review(form, 503, _("One of our systems does not answer just now. Nothing was ordered; please try again in a moment."))
    bell().outbox()
    return redirect(address_of(order), 303)


def address_of(order: Order) -> str:
    """The page that tells how the order is."""
    return f"/orders/{order.sf_order_id}" if order.sf_order_id else f"/orders/placing/{order.checkout_id}"


def _refused(refused: Refused, form: CheckoutForm) -> ResponseReturnValue:
    if refused.code == "payment_method_required":
        return render_template("checkout/payment.html"), 402
    if refused.code == "price_changed":
        return _review(form, 409, changed=form.shown)
    if refused.code == "cart_changed":
        return _review(form, 409, _("Your choice has changed since that page was shown. This is what you would order now."))
    if refused.code in GONE or refused.code.startswith("option_"):
        return render_template("checkout/gone.html"), 409
    raise refused


def _review(form: CheckoutForm, status: int = 200, problem: str = "", changed: ordering.Shown | None = None) -> ResponseReturnValue:
    """The review as things are now, whatever the form carried."""
    cart, link = choosing.open_cart(me()), CustomerLink.of(me().id)
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    if cart is None:
        return redirect("/catalog", 303)
    shelf = catalog.catalogue(upstreams(), policy())
    try:
        facts = reviewing.review(upstreams(), me(), link, cart, shelf)
    except Refused as refused:
        return _refused(refused, form)
    values = {"review": facts, "form": form.show(facts), "item": shelf.item(cart.lines[0]["sku"]), "problem": problem, "changed": changed}
    before = address_of(facts.before) if facts.before else ""
    return render_template("checkout/show.html", before=before, **values), status
