"""A forgotten password: the mail, and the new one by the mail's link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from console.services import mail_links, passwords
from console.web import limits
from console.web.auth import leave, public
from console.web.even import evenly
from console.web.forms.security import ForgotForm, ResetForm
from console.web.wired import bell, policy

blueprint = Blueprint("passwords", __name__)


@blueprint.get("/forgot")
@public
def ask() -> ResponseReturnValue:
    return render_template("passwords/forgot.html", form=ForgotForm())


@blueprint.post("/forgot")
@public
@limits.on_forgot
def send_link() -> ResponseReturnValue:
    form = ForgotForm()
    if not form.validate():
        return render_template("passwords/forgot.html", form=form), 422
    with evenly():
        passwords.forgot(policy(), form.email.data)
        bell().outbox()
    return redirect("/forgot/sent", 303)


@blueprint.get("/forgot/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("passwords/sent.html")


@blueprint.get("/reset/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    mail_links.live(policy(), token, passwords.PURPOSE)
    return render_template("passwords/reset.html", form=ResetForm(), token=token)


@blueprint.post("/reset/<token>")
@public
@limits.on_confirm
def reset(token: str) -> ResponseReturnValue:
    """The login is asked afterwards: a link in a mailbox does not replace the second factor."""
    form = ResetForm()
    mail_links.live(policy(), token, passwords.PURPOSE)
    if not form.validate():
        return render_template("passwords/reset.html", form=form, token=token), 422
    passwords.reset(policy(), token, form.password.data)
    bell().outbox()
    leave()
    return redirect("/login?after=reset", 303)
