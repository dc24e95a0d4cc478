"""Signing up: the form, the link in the mail, the customer number put right."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from console.errors import Refused
from console.i18n import gettext as _
from console.services import signing_up
from console.services.signing_up import Wish
from console.web import errors, limits, refusals
from console.web.auth import enter, public
from console.web.even import evenly
from console.web.forms.login import PasswordForm
from console.web.forms.signup import AgainForm, SignupForm
from console.web.wired import bell, policy

blueprint = Blueprint("signup", __name__)


@blueprint.get("/signup")
@public
def ask() -> ResponseReturnValue:
    return render_template("signup/show.html", form=SignupForm(), problem="")


@blueprint.post("/signup")
@public
@limits.on_sign_up
def sign_up() -> ResponseReturnValue:
    form = SignupForm()
    if not form.validate():
        return render_template("signup/show.html", form=form, problem=""), 422
    data = form.data
    with evenly():
        signing_up.sign_up(policy(), Wish(**{name: data[name] or "" for name in Wish.__dataclass_fields__}))
        bell().outbox()
    return redirect("/signup/sent", 303)


@blueprint.get("/signup/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("signup/sent.html", form=AgainForm(), again="again" in request.args)


@blueprint.post("/signup/again")
@public
@limits.on_mail_again
def send_again() -> ResponseReturnValue:
    """The same answer whether or not somebody signed up with that address."""
    form = AgainForm()
    if not form.validate():
        return render_template("signup/sent.html", form=form, again=False), 422
    with evenly():
        signing_up.send_again(policy(), form.email.data)
        bell().outbox()
    return redirect("/signup/sent?again=1", 303)


@blueprint.errorhandler(CSRFError)
def opened_too_long_ago(error: CSRFError) -> ResponseReturnValue:
    """Nothing was done; the form is shown again with what was typed, except the password."""
    form = SignupForm()
    if form.sf_number.data is None:
        return errors.form_too_old(error)
    form.sf_number.errors = []
    problem = _("This page was open too long. Nothing was sent: type the password again and send it.")
    return render_template("signup/show.html", form=form, problem=problem), 400


@blueprint.get("/confirm/<token>")
@public
def ask_password(token: str) -> ResponseReturnValue:
    try:
        signing_up.live_token(policy(), token)
    except Refused as refused:
        return _ended(refused)
    return render_template("signup/confirm.html", form=PasswordForm(), token=token)


@blueprint.post("/confirm/<token>")
@public
@limits.on_confirm
def confirm(token: str) -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate():
        return render_template("signup/confirm.html", form=form, token=token), 422
    try:
        confirmed = signing_up.confirm(policy(), token, form.password.data)
    except Refused as refused:
        if refused.code != "wrong_password":
            return _ended(refused)
        form.password.errors = [_("This is not the password that was chosen at the sign-up.")]
        return render_template("signup/confirm.html", form=form, token=token), 422
    enter(confirmed.user)
    bell().jobs(confirmed.job_ids)
    return redirect("/", 303)


def _ended(refused: Refused) -> ResponseReturnValue:
    """A link that does not work: why, and what to do instead."""
    words = refusals.BY_CODE[refused.code]
    return render_template("signup/ended.html", words=words, code=refused.code, form=AgainForm(formdata=None)), words.status
