"""Log-in, with a code where one is asked, and log-out."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.i18n import lazy
from console.services import logging_in
from console.web import limits
from console.web.auth import enter, leave, me_or_none, pending_id, public, safe_path, wait_for_code
from console.web.forms.login import CodeForm, LoginForm
from console.web.wired import bell, policy

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/login")
@public
def ask() -> ResponseReturnValue:
    way_on = safe_path(request.args.get("next"))
    if me_or_none():
        return redirect(way_on or "/", 303)
    return _page(LoginForm(next=way_on or ""), note=_NOTES.get(request.args.get("after", "")))


@blueprint.post("/login")
@public
@limits.on_login
def log_in() -> ResponseReturnValue:
    form = LoginForm()
    if not form.validate():
        return _page(form), 422
    try:
        user = logging_in.by_password(form.email.data, form.password.data)
    except Refused:
        words = _("E-mail and password do not fit together. If you have just signed up, open the link in our e-mail first.")
        return _page(form, words), 401
    way_on = safe_path(form.next.data) or "/"
    if user.two_step:
        wait_for_code(user, remember=form.remember.data)
        return redirect("/login/code?" + urlencode({"next": way_on}), 303)
    enter(user, remember=form.remember.data)
    return redirect(way_on, 303)


@blueprint.get("/login/code")
@public
def ask_code() -> ResponseReturnValue:
    way_on = safe_path(request.args.get("next")) or "/"
    try:
        logging_in.pending(pending_id())
    except Refused:
        return redirect(way_on if me_or_none() else "/login?" + urlencode({"next": way_on}), 303)
    return render_template("sessions/code.html", form=CodeForm(next=way_on))


@blueprint.post("/login/code")
@public
@limits.on_code
def send_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return render_template("sessions/code.html", form=form), 422
    way_on = safe_path(form.next.data) or "/"
    try:
        user, remember = logging_in.with_code(policy(), pending_id(), form.code.data)
    except Refused as refused:
        return _no_code(refused, form, way_on)
    bell().outbox()  # a recovery code is told about
    enter(user, remember=remember)
    return redirect(way_on, 303)


def _no_code(refused: Refused, form: CodeForm, way_on: str) -> ResponseReturnValue:
    if refused.code == "login_over":
        return redirect("/login?" + urlencode({"next": way_on, "after": "code"}), 303)
    if refused.code == "too_many_codes":
        form.code.errors = [_("Too many wrong codes. Wait a little, or use a recovery code.")]
        answer = make_response(render_template("sessions/code.html", form=form), 429)
        answer.headers["Retry-After"] = str(refused.detail["retry_after"])
        return answer
    form.code.errors = [_("This code does not fit, or was used already. The app shows a new one every 30 seconds.")]
    return render_template("sessions/code.html", form=form), 401


@blueprint.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    leave()
    return redirect("/login", 303)


_NOTES = {
    "reset": lazy("Your password is changed. Log in with the new one."),
    "email": lazy("Your new address is confirmed. The change takes a moment; then you log in with it."),
    "form": lazy("Your login had ended, so nothing was sent. Log in, and send it again."),
    "everywhere": lazy("You are logged out on every device."),
    "code": lazy("The login took too long, or too many codes were wrong. Please begin again."),
}


def _page(form: LoginForm, problem: str = "", note: object = None) -> str:
    return render_template("sessions/show.html", form=form, problem=problem, note=note or "")
