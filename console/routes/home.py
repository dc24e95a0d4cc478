"""The first page of a customer: the account being finished, then what needs them and what they have; and the terms."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.services import signing_up, welcoming
from console.web.auth import customer, me, me_or_none, public
from console.web.forms.signup import NumberForm
from console.web.fragments import go_to, unchanged
from console.web.gate import my_link
from console.web.wired import bell, policy

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def show() -> ResponseReturnValue:
    user = me_or_none()
    if user is None or user.is_staff:
        return redirect("/staff/jobs" if user else "/login", 303)
    progress, glance = welcoming.glance(user, my_link())
    if glance is None:
        return render_template("home/pending.html", progress=progress, form=NumberForm(sf_number=user.sf_number))
    if not user.address_seen:
        return redirect("/account/address?next=/", 303)
    return render_template("home/show.html", glance=glance, shown=welcoming.SHOWN)


@blueprint.get("/_account")
@customer
def account() -> ResponseReturnValue:
    """How far the account is; 204 while the browser's `v` still is true."""
    progress = welcoming.progress(me())
    if progress == "ready":
        return go_to("/")
    if progress == request.args.get("v"):
        return unchanged()
    return render_template("home/_account.html", progress=progress, form=NumberForm(sf_number=me().sf_number))


@blueprint.post("/account/number")
@customer
def correct_number() -> ResponseReturnValue:
    form = NumberForm()
    if not form.validate():
        progress = "refused" if welcoming.progress(me()) == "refused" else "number"
        return render_template("home/pending.html", progress=progress, form=form), 422
    bell().jobs(signing_up.correct_number(policy(), me(), form.sf_number.data))
    return redirect("/", 303)


@blueprint.get("/terms")
@public
def terms() -> ResponseReturnValue:
    return render_template("home/terms.html")
