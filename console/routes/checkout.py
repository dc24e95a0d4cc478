"""The review and the placing of an order."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from console.errors import Refused, UpstreamError
from console.i18n import gettext as _
from console.routes import cart
from console.routes.cart import address_of
from console.services import ordering, reviewing
from console.web import limits, shopping
from console.web.auth import customer, me
from console.web.forms.checkout import CheckoutForm
from console.web.gate import my_link
from console.web.wired import bell, policy, upstreams

__all__ = ["address_of", "blueprint"]

blueprint = Blueprint("checkout", __name__)
# What is wrong with the cart itself: it is shown, with what is wrong at its line.
OF_THE_CART = frozenset({"product_gone", "installation_missing", "nothing_chosen", "quantity", "addon_alone", "too_many_lines"})


@blueprint.get("/checkout")
@customer
def review() -> ResponseReturnValue:
    return _review(CheckoutForm(formdata=None))


@blueprint.post("/orders")
@customer
@limits.on_order
def place() -> ResponseReturnValue:
    form = CheckoutForm()
    if not form.validate():
        return _review(form, 422)
    user = me()
    try:
        order = ordering.place(upstreams(), policy(), user, my_link(), form.checkout_id.data, form.shown)
    except Refused as refused:
        return _refused(refused, form)
    except UpstreamError:
        return _review(form, 503, _("One of our systems does not answer just now. Nothing was ordered; please try again in a moment."))
    bell().outbox()
    shopping.forget()
    return redirect(address_of(order), 303)


def _refused(refused: Refused, form: CheckoutForm) -> ResponseReturnValue:
    if refused.code == "payment_method_required":
        return render_template("checkout/payment.html"), 402
    if refused.code == "price_changed":
        return _review(form, 409, changed=form.shown)
    if refused.code == "cart_changed":
        return _review(form, 409, _("Your choice has changed since that page was shown. This is what you would order now."))
    if refused.code in OF_THE_CART or refused.code.startswith("option_"):
        return _review(form, 409)
    raise refused


def _review(form: CheckoutForm, status: int = 200, problem: str = "", changed: ordering.Shown | None = None) -> ResponseReturnValue:
    """The review as things are now, whatever the form carried."""
    link = my_link()
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    shelf = shopping.shelf(link)
    basket = shopping.basket(shelf)
    if not basket.chosen:
        return redirect("/catalog", 303)
    if not basket.orderable and not basket.order_state:
        return redirect("/cart", 303) if status == 200 else cart.page(shelf, basket, _("Nothing was ordered."), status)
    facts = reviewing.review(upstreams(), me(), link, basket)
    values = {"review": facts, "form": form.show(facts), "problem": problem, "changed": changed}
    return render_template("checkout/show.html", before=address_of(facts.before) if facts.before else "", **values), status
