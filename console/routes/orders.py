"""A customer's orders: the list, one being placed, one and how far it is."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from console.models import Order, Subscription
from console.routes.checkout import address_of
from console.services import order_history, ordering
from console.services.explaining import OrderStatus, status_of
from console.web.auth import customer, me
from console.web.fragments import go_to, unchanged

blueprint = Blueprint("orders", __name__)


@blueprint.get("/orders")
@customer
def index() -> ResponseReturnValue:
    return render_template("orders/index.html", rows=order_history.history(me()))


@blueprint.get("/orders/placing/<checkout_id>")
@customer
def placing(checkout_id: str) -> ResponseReturnValue:
    order = _being_placed(checkout_id)
    return go_to(address_of(order)) if order.sf_order_id else render_template("orders/placing.html", order=order)


@blueprint.get("/orders/placing/<checkout_id>/_placing")
@customer
def placing_now(checkout_id: str) -> ResponseReturnValue:
    """Moves the browser on once the order is placed; 204 while nothing has changed."""
    order = _being_placed(checkout_id)
    if order.sf_order_id:
        return go_to(address_of(order))
    return unchanged() if order.state == "placing" else render_template("orders/_placing.html", order=order)


@blueprint.get("/orders/<sf_order_id>")
@customer
def show(sf_order_id: str) -> ResponseReturnValue:
    order = _mine(sf_order_id)
    now = status_of(order)
    return render_template("orders/show.html", order=order, status=now, install_path=_install_path(order, now))


@blueprint.get("/orders/<sf_order_id>/_status")
@customer
def status(sf_order_id: str) -> ResponseReturnValue:
    """The fragment of the page; 204 while the browser's version is still true."""
    order = _mine(sf_order_id)
    now = status_of(order)
    return unchanged() if request.args.get("v") == now.version else _fragment(order, now)


def _fragment(order: Order, now: OrderStatus) -> str:
    return render_template("orders/_status.html", order=order, status=now, install_path=_install_path(order, now))


def _install_path(order: Order, now: OrderStatus) -> str:
    return Subscription.install_path(order.sf_order_id) if now.status == "completed" else ""


def _mine(sf_order_id: str) -> Order:
    return order_history.mine(me(), sf_order_id) or abort(404)


def _being_placed(checkout_id: str) -> Order:
    return ordering.of_checkout(me(), checkout_id) or abort(404)
