"""A customer's account at a glance, who they are, and where the bills go; billing keeps name and address."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused, UpstreamError
from console.i18n import gettext as _
from console.models import CustomerLink
from console.services import billing, billing_changes, postcodes, profiles
from console.web import gate
from console.web.auth import customer, me, safe_path
from console.web.forms.address import AddressForm, JapaneseForm, address_form
from console.web.forms.profile import ProfileForm
from console.web.fragments import is_htmx
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("account", __name__, url_prefix="/account")


def own_link() -> CustomerLink:
    """The link of a customer whose account is finished."""
    link = CustomerLink.of(me().id)
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    return link


def way_on(given: str | None) -> str:
    return safe_path(given) or ""


@blueprint.get("")
@customer
def show() -> ResponseReturnValue:
    return _overview(ProfileForm(obj=me()), saved="saved" in request.args)


@blueprint.post("/profile")
@customer
def change_profile() -> ResponseReturnValue:
    form = ProfileForm(obj=me())
    if not form.validate():
        return _overview(form), 422
    chosen = profiles.Profile(form.first_name.data, form.last_name.data, form.phone.data, form.language.data, form.zone.data)
    bell().jobs(profiles.change(upstreams(), policy(), me(), chosen))
    return redirect("/account?saved=1", 303)


def _overview(form: ProfileForm, *, saved: bool = False) -> str:
    link = CustomerLink.of(me().id)
    details, unknown = None, False
    if link and link.ready:
        try:
            details = billing.details(upstreams(), link)
        except UpstreamError:
            unknown = True
    paying = "unknown" if unknown else gate.paying(link)  # billing that has just not answered is not waited for twice
    facts = {"link": link, "details": details, "unknown": unknown, "paying": paying}
    return render_template("account/show.html", form=form, saved=saved, problem="", **facts)


@blueprint.get("/address")
@customer
def show_address() -> ResponseReturnValue:
    link, way = own_link(), way_on(request.args.get("next"))
    try:
        known = billing.details(upstreams(), link)
    except UpstreamError:
        return _address(address_form(profiles.unaddressed(me()), way), unknown=True)
    return _address(address_form(known.address, way), sync=known.sync, saved="saved" in request.args)


@blueprint.post("/address")
@customer
def change_address() -> ResponseReturnValue:
    form, link = address_form(), own_link()
    if not form.validate():
        return _address(form), 422
    if billing_changes.change(upstreams(), policy(), link, form.typed) == "pending":
        bell().jobs(billing_changes.open_jobs(link))
    return redirect(way_on(form.next.data) or "/account/address?saved=1", 303)


@blueprint.post("/address/form")
@customer
def fill_in() -> ResponseReturnValue:
    """The form again as it was typed, with the town of the postcode or the fields of another country; nothing is saved."""
    own_link()
    form = address_form()
    if isinstance(form, JapaneseForm) and {"find", "take"} & set(request.form):
        _look_up(form)
    return render_template("account/_address.html", form=form) if is_htmx() else _address(form)


def _look_up(form: JapaneseForm) -> None:
    towns = postcodes.towns(form.postcode.data)
    chosen = form.taken(towns) if "take" in request.form else None
    if not towns:
        form.point_at("postcode", _("We do not know this postcode. Check it, or fill in the rest by hand."))
    elif chosen or len(towns) == 1:
        form.move_to(chosen or towns[0])
    else:
        form.offer(towns)


@blueprint.post("/address/later")
@customer
def skip_address() -> ResponseReturnValue:
    billing.seen(own_link())
    return redirect(way_on(request.form.get("next")) or "/", 303)


def _address(form: AddressForm, *, sync: str = "synced", saved: bool = False, unknown: bool = False) -> str:
    return render_template("account/address.html", form=form, sync=sync, saved=saved, unknown=unknown)
