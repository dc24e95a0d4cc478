"""The catalogue and a product's page."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from console.models import CustomerLink
from console.services import catalog, choosing
from console.web.auth import customer, me
from console.web.forms.product import product_form
from console.web.gate import paying
from console.web.wired import policy, upstreams

blueprint = Blueprint("catalog", __name__)


@blueprint.get("/catalog")
@customer
def index() -> ResponseReturnValue:
    shelf = catalog.catalogue(upstreams(), policy())
    wanted = request.args.get("category", "")
    shown = wanted if wanted in shelf.categories else next(iter(shelf.categories), "")
    return render_template("catalog/index.html", shelf=shelf, category=shown, items=shelf.sold(shown))


@blueprint.get("/catalog/<sku>")
@customer
def show(sku: str) -> ResponseReturnValue:
    shelf = catalog.catalogue(upstreams(), policy())
    item = shelf.offered(sku) or abort(404)
    form = product_form(item, shelf, choosing.chosen_of(me(), item))
    return render_template("catalog/show.html", shelf=shelf, item=item, form=form, paying=paying(CustomerLink.of(me().id)), problem="")
