"""A customer's way to pay: kept by billing alone; the portal knows only whether there is one."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import UpstreamError
from console.routes.account import own_link, way_on
from console.services import billing
from console.web import limits
from console.web.auth import customer
from console.web.fragments import go_to, is_htmx
from console.web.recent import recent_login
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("payment", __name__, url_prefix="/account/payment")


@blueprint.get("")
@customer
def show() -> ResponseReturnValue:
    return render_template("account/payment.html", **_values(request.args.get("next"), looked="looked" in request.args))


@blueprint.post("")
@customer
@limits.on_password
@limits.on_way_out
@recent_login
def add() -> ResponseReturnValue:
    """To billing's own page, logged in there, with an address that works once and is kept nowhere."""
    answer = redirect(billing.payment_link(upstreams(), policy(), own_link()), 303)
    answer.headers.update({"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})
    return answer


@blueprint.post("/check")
@customer
def check() -> ResponseReturnValue:
    """The customer came back: look now; when it is there, what waited for it goes on, and the customer too."""
    given, way = request.form.get("next"), way_on(request.form.get("next"))
    try:
        summary, job_ids = billing.came_back(upstreams(), own_link())
    except UpstreamError:
        return _looked(given, None)
    if not summary.has:
        return _looked(given, summary)
    bell().jobs(job_ids)
    return go_to(way or ("/orders" if job_ids else "/account/payment"))


def _looked(given: str | None, summary: billing.Summary | None) -> ResponseReturnValue:
    """There is none, or it is not known: the state alone for HTMX, else the page."""
    if is_htmx():
        return render_template("account/_payment.html", summary=summary, looked=True)
    if summary is None:
        return render_template("account/payment.html", summary=None, looked=True, way_on=way_on(given))
    return redirect("/account/payment?" + urlencode({"looked": 1, "next": way_on(given)}), 303)


def _values(given: str | None, *, looked: bool) -> dict[str, object]:
    """`summary` is None while billing does not answer and never did."""
    try:
        summary = billing.payment_summary(upstreams(), own_link())
    except UpstreamError:
        summary = None
    return {"summary": summary, "looked": looked, "way_on": way_on(given)}
