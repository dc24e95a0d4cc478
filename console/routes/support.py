"""Questions to our support, about an order or about anything, and what became of them."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import clock
from console.errors import Refused
from console.models import Order, SupportRequest
from console.services import asking_support, order_history
from console.web import limits
from console.web.auth import customer, me
from console.web.forms.support import TOPICS, SupportForm
from console.web.fragments import unchanged
from console.web.wired import bell

blueprint = Blueprint("support", __name__)
SOON_S = 60  # for so long a Case is expected at any moment


@blueprint.get("/support")
@customer
def index() -> ResponseReturnValue:
    return _page(None, _form(None))


@blueprint.post("/support")
@customer
@limits.on_support
def ask() -> ResponseReturnValue:
    return _ask(None)


@blueprint.get("/orders/<sf_order_id>/support")
@customer
def about_order(sf_order_id: str) -> ResponseReturnValue:
    order = _order(sf_order_id)
    return _page(order, _form(order))


@blueprint.post("/orders/<sf_order_id>/support")
@customer
@limits.on_support
def ask_about_order(sf_order_id: str) -> ResponseReturnValue:
    return _ask(_order(sf_order_id))


@blueprint.get("/support/<int(max=2147483647):request_id>")
@customer
def show(request_id: int) -> ResponseReturnValue:
    return render_template("support/show.html", **_values(_mine(request_id)))


@blueprint.get("/support/<int(max=2147483647):request_id>/_case")
@customer
def case(request_id: int) -> ResponseReturnValue:
    """204 until there is a Case, or until the browser should ask less often."""
    values = _values(_mine(request_id))
    if request.args.get("every") == str(values["poll_s"]):
        return unchanged()
    return render_template("support/_case.html", **values)


def _form(order: Order | None) -> SupportForm:
    return SupportForm().about(asking_support.topics(order), request.args.get("topic", ""))


def _ask(order: Order | None) -> ResponseReturnValue:
    form = _form(order)
    if not form.validate():
        return _page(order, form), 422
    try:
        asked = asking_support.ask(me(), order, form.topic.data, form.text.data, form.form_id.data)
    except Refused:
        abort(400)  # what the form itself holds and nobody types
    bell().jobs(asked.jobs)
    return redirect(f"/support/{asked.request.id}", 303)


def _page(order: Order | None, form: SupportForm) -> str:
    back = f"/orders/{order.sf_order_id}" if order else ""
    return render_template("support/index.html", order=order, form=form, back=back, rows=asking_support.newest(me()), topics=TOPICS)


def _values(asked: SupportRequest) -> dict[str, object]:
    """With how often the page asks for the Case: seldom once it takes longer."""
    poll_s = 0 if asked.case_number else 3 if (clock.now() - asked.created_at).total_seconds() < SOON_S else 60
    return {"asked": asked, "topic": TOPICS[asked.topic], "poll_s": poll_s}


def _mine(request_id: int) -> SupportRequest:
    return asking_support.mine(me(), request_id) or abort(404)


def _order(sf_order_id: str) -> Order:
    return order_history.mine(me(), sf_order_id) or abort(404)
