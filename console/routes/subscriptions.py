"""A customer's subscriptions, and the eSIM's page with its code."""

from __future__ import annotations

from flask import Blueprint, abort, make_response, render_template
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.models import Subscription
from console.services import esim
from console.services.esim import View
from console.web import limits
from console.web.auth import customer, me
from console.web.qr import svg
from console.web.wired import policy, upstreams

blueprint = Blueprint("subscriptions", __name__)


@blueprint.get("/subscriptions")
@customer
def index() -> ResponseReturnValue:
    return render_template("subscriptions/index.html", rows=esim.all_of(me()))


@blueprint.get("/subscriptions/<int(max=2147483647):subscription_id>")
@customer
def show(subscription_id: int) -> ResponseReturnValue:
    return _page(_mine(subscription_id))


@blueprint.post("/subscriptions/<int(max=2147483647):subscription_id>/reveal")
@customer
@limits.on_reveal
def reveal(subscription_id: int) -> ResponseReturnValue:
    subscription = _mine(subscription_id)
    if not subscription.is_esim:
        abort(404)
    try:
        return _page(subscription, esim.reveal(upstreams(), policy(), subscription, me()))
    except Refused as refused:
        if refused.code == "esim_unreadable":
            raise
        return _page(subscription, status=409)  # the state is another one by now: the page says which


def _mine(subscription_id: int) -> Subscription:
    return esim.mine(me(), subscription_id) or abort(404)


def _page(subscription: Subscription, view: View | None = None, status: int = 200) -> ResponseReturnValue:
    if not subscription.is_esim:
        needs = subscription.needs_installation
        return render_template("subscriptions/service.html", subscription=subscription, needs_installation=needs)
    view = view or esim.look(upstreams(), subscription)
    drawn = svg(view.code.lpa, _("QR code of your eSIM")) if view.code else ""
    answer = make_response(render_template("subscriptions/show.html", subscription=subscription, view=view, qr=drawn), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
