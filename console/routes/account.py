"""A customer's address and payment method, both kept in billing."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused, UpstreamError
from console.i18n import gettext as _
from console.models import CustomerLink
from console.services import billing, logging_in
from console.web import limits
from console.web.auth import customer, me, safe_path, session_id
from console.web.forms.address import AddressForm
from console.web.forms.login import PasswordForm
from console.web.fragments import go_to, is_htmx
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("account", __name__, url_prefix="/account")


def _link() -> CustomerLink:
    link = CustomerLink.of(me().id)
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    return link


def _way_on(given: str | None) -> str:
    return safe_path(given) or ""


@blueprint.get("")
@customer
def index() -> ResponseReturnValue:
    return redirect("/account/address", 303)


@blueprint.get("/address")
@customer
def show_address() -> ResponseReturnValue:
    form = AddressForm.of(billing.address(upstreams(), _link()), _way_on(request.args.get("next")))
    return render_template("account/address.html", form=form, problem="", saved="saved" in request.args)


@blueprint.post("/address")
@customer
def change_address() -> ResponseReturnValue:
    form, link = AddressForm(), _link()
    if not form.validate():
        return render_template("account/address.html", form=form, problem="", saved=False), 422
    try:
        billing.change_address(upstreams(), link, form.address())
    except UpstreamError:
        problem = _("Our billing system did not take the address just now. Nothing you typed is lost: please send it again in a moment.")
        return render_template("account/address.html", form=form, problem=problem, saved=False), 503
    return redirect(_way_on(form.next.data) or "/account/address?saved=1", 303)


@blueprint.post("/address/later")
@customer
def skip_address() -> ResponseReturnValue:
    billing.seen(_link())
    return redirect(_way_on(request.form.get("next")) or "/", 303)


@blueprint.get("/payment")
@customer
def show_payment() -> ResponseReturnValue:
    return render_template("account/payment.html", **_payment_values(request.args.get("next"), looked="looked" in request.args))


@blueprint.post("/payment")
@customer
@limits.on_password
def add_payment_method() -> ResponseReturnValue:
    """To billing's own page, logged in there: only after a recent password, with an address that works once and is kept nowhere."""
    form, link = PasswordForm(), _link()
    if not logging_in.recent(session_id()) and not _password_again(form):
        return render_template("account/again.html", form=form, action="/account/payment"), 422 if form.errors else 200
    answer = redirect(billing.payment_link(upstreams(), policy(), link), 303)
    answer.headers.update({"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})
    return answer


def _password_again(form: PasswordForm) -> bool:
    if form.password.data is None or not form.validate():
        return False
    try:
        logging_in.again(session_id(), form.password.data)
    except Refused:
        form.password.errors = [_("This is not your password.")]
        return False
    return True


@blueprint.post("/payment/check")
@customer
def check_payment_method() -> ResponseReturnValue:
    """The customer came back: look now; when it is there, what waited for it goes on, and the customer too."""
    given = request.form.get("next")
    summary, job_ids = billing.came_back(upstreams(), _link())
    if not summary.has and is_htmx():
        return render_template("account/_payment.html", **_payment_values(given, looked=True, summary=summary))
    if not summary.has:
        return redirect("/account/payment?" + urlencode({"looked": 1, "next": _way_on(given)}), 303)
    bell().jobs(job_ids)
    return go_to(_way_on(given) or ("/orders" if job_ids else "/account/payment"))


def _payment_values(given: str | None, *, looked: bool, summary: billing.Summary | None = None) -> dict[str, object]:
    """`summary` stays None while billing does not answer."""
    if summary is None:
        try:
            summary = billing.payment_method(upstreams(), _link())
        except UpstreamError:
            summary = None
    return {"summary": summary, "looked": looked, "way_on": _way_on(given)}
