"""A customer's orders: the list, one being placed, one and how far it is, and its cancellation."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.models import Order, Subscription
from console.models.followed import Followed
from console.routes.api import orders as twin
from console.routes.checkout import address_of
from console.routes.found import found
from console.services import cancelling, order_history, ordering, tracking
from console.services.explaining import OrderStatus
from console.services.order_history import Wanted
from console.web.auth import customer, me
from console.web.fragments import go_to, unchanged
from console.web.problems import speaks_json
from console.web.wired import bell, policy

blueprint = Blueprint("orders", __name__)


@blueprint.get("/orders")
@customer
def index() -> ResponseReturnValue:
    asked = request.args
    wanted = Wanted(order_history.clean(asked.get("q", "")), asked.get("state", "all"), asked.get("before", ""))
    return render_template("orders/index.html", **found(wanted, order_history.history(me(), wanted)))


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
    followed = _mine(sf_order_id)
    if speaks_json():
        return twin.status(followed)
    return render_template("orders/show.html", **_values(followed, tracking.status_of(followed)))


@blueprint.get("/orders/<sf_order_id>/_status")
@customer
def status(sf_order_id: str) -> ResponseReturnValue:
    """The fragment of the page; 204 while the browser's version is still true."""
    followed, version = _mine(sf_order_id), request.args.get("v", "")
    if tracking.unchanged(followed, version):
        return unchanged()
    now = tracking.status_of(followed)
    return render_template("orders/_status.html", **_values(followed, now))


@blueprint.get("/orders/<sf_order_id>/cancellation")
@customer
def confirm_cancellation(sf_order_id: str) -> ResponseReturnValue:
    followed = _mine(sf_order_id)
    return render_template("orders/cancellation.html", order=followed.order, status=tracking.status_of(followed))


@blueprint.post("/orders/<sf_order_id>/cancellation")
@customer
def cancel(sf_order_id: str) -> ResponseReturnValue:
    followed = _mine(sf_order_id)
    try:
        cancelling.cancel(policy(), followed.order)
    except Refused:
        now = _mine(sf_order_id)
        return render_template("orders/cancellation.html", order=now.order, status=tracking.status_of(now)), 409
    bell().outbox()
    return redirect(f"/orders/{sf_order_id}", 303)


def _values(followed: Followed, now: OrderStatus) -> dict[str, object]:
    install = Subscription.install_path(followed.order.sf_order_id) if now.status == "completed" else ""
    return {"order": followed.order, "status": now, "install_path": install}


def _mine(sf_order_id: str) -> Followed:
    return tracking.follow(me(), sf_order_id) or abort(404)


def _being_placed(checkout_id: str) -> Order:
    return ordering.of_checkout(me(), checkout_id) or abort(404)
