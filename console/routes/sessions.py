"""Log-in and log-out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.services import logging_in
from console.web import limits
from console.web.auth import enter, leave, me_or_none, public, safe_path
from console.web.forms.login import LoginForm
from console.web.wired import staff_totp_required

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/login")
@public
def ask() -> ResponseReturnValue:
    way_on = safe_path(request.args.get("next"))
    if me_or_none():
        return redirect(way_on or "/", 303)
    return render_template("sessions/show.html", form=LoginForm(next=way_on or ""), problem="")


@blueprint.post("/login")
@public
@limits.on_login
def log_in() -> ResponseReturnValue:
    form = LoginForm()
    if not form.validate():
        return render_template("sessions/show.html", form=form, problem=""), 422
    try:
        user = logging_in.check(form.email.data, form.password.data, staff_totp=staff_totp_required())
    except Refused as refused:
        return render_template("sessions/show.html", form=form, problem=_words(refused.code)), 401
    enter(user)
    return redirect(safe_path(form.next.data) or "/", 303)


@blueprint.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    leave()
    return redirect("/login", 303)


def _words(code: str) -> str:
    if code == "staff_totp_required":
        return _(
            "Two-step sign-in is required for staff and is not available in this version."
            " Whoever runs this portal can set STAFF_TOTP=optional."
        )
    return _("E-mail and password do not fit together. If you have just signed up, open the link in our e-mail first.")
