"""A person's own security: password, e-mail, devices that are logged in. Two-step sign-in has a file of its own."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.models import RecoveryCode, User
from console.services import changing_email, logging_in, mail_links, passwords
from console.web import limits
from console.web.auth import enrolling, leave, me, me_or_none, person, public, safe_path, session_id
from console.web.forms.login import PasswordForm
from console.web.forms.profile import ZoneForm
from console.web.forms.security import ChangePasswordForm, NewEmailForm
from console.web.recent import AGAIN, ask_again, recent_login, shown_again, wrong_password
from console.web.wired import bell, policy

blueprint = Blueprint("security", __name__, url_prefix="/account/security")


@blueprint.get("")
@person
def show() -> ResponseReturnValue:
    return _overview(ZoneForm(obj=me()), saved=request.args.get("saved", ""))


@blueprint.post("/zone")
@person
def change_zone() -> ResponseReturnValue:
    """Staff have no profile, but a clock of their own."""
    form = ZoneForm()
    if not form.validate():
        return _overview(form), 422
    User.update(zone=form.zone.data).where(User.id == me().id).execute()
    return redirect("/account/security?saved=zone", 303)


def _overview(form: ZoneForm, *, saved: str = "") -> str:
    return render_template(
        "account/security.html", form=form, logins=logging_in.logins(me(), session_id()), change=changing_email.standing(me()),
        codes_left=RecoveryCode.left(me().id) if me().two_step else 0, saved=saved,
    )  # fmt: skip


@blueprint.post("/again")
@enrolling
@limits.on_password
def show_password_again() -> ResponseReturnValue:
    form, way_on = PasswordForm(), safe_path(request.form.get("next")) or "/account/security"
    return redirect(way_on, 303) if shown_again(form) else ask_again(form, AGAIN, [("next", way_on)])


@blueprint.get("/password")
@person
def ask_password() -> ResponseReturnValue:
    return render_template("account/security_password.html", form=ChangePasswordForm())


@blueprint.post("/password")
@person
@limits.on_password
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if form.validate() and _password_changed(form):
        bell().outbox()
        return redirect("/account/security?saved=password", 303)
    return render_template("account/security_password.html", form=form), 422


def _password_changed(form: ChangePasswordForm) -> bool:
    try:
        passwords.change(policy(), me(), form.present.data, form.new.data, stays=session_id())
    except Refused:
        wrong_password(form.present)
        return False
    return True


@blueprint.get("/email")
@person
def ask_email() -> ResponseReturnValue:
    return render_template("account/security_email.html", form=NewEmailForm())


@blueprint.post("/email")
@person
@limits.on_new_email
@limits.on_password
@recent_login
def change_email() -> ResponseReturnValue:
    form = NewEmailForm()
    if not form.validate() or not _email_asked(form):
        return render_template("account/security_email.html", form=form), 422
    bell().outbox()
    return redirect("/account/security?saved=email", 303)


def _email_asked(form: NewEmailForm) -> bool:
    try:
        changing_email.ask(policy(), me(), form.email.data)
    except Refused as refused:
        if refused.code != "same_email":
            raise
        form.email.errors = [_("This is your address already.")]
        return False
    return True


@blueprint.get("/email/<token>")
@public
def ask_confirmation(token: str) -> ResponseReturnValue:
    mail_links.live(policy(), token, changing_email.PURPOSE)
    return render_template("account/security_email_confirm.html", form=PasswordForm(), token=token)


@blueprint.post("/email/<token>")
@public
@limits.on_confirm
def confirm_email(token: str) -> ResponseReturnValue:
    """In any browser: the mail may be read on another device than the one that is logged in."""
    form = PasswordForm()
    if not form.validate() or (job_ids := _confirmed(form, token)) is None:
        return render_template("account/security_email_confirm.html", form=form, token=token), 422
    bell().jobs(job_ids)
    bell().outbox()
    return redirect("/account/security" if me_or_none() else "/login?after=email", 303)


def _confirmed(form: PasswordForm, token: str) -> list[int] | None:
    try:
        return changing_email.confirm(policy(), token, form.password.data)
    except Refused as refused:
        if refused.code != "wrong_password":
            raise
        form.password.errors = [_("This is not your password.")]
        return None


@blueprint.post("/sessions/<int(max=2147483647):login_id>/logout")
@person
def end_one(login_id: int) -> ResponseReturnValue:
    logging_in.end_one(me(), login_id)
    return redirect("/account/security?saved=logout", 303)


@blueprint.post("/logout")
@person
def end_all() -> ResponseReturnValue:
    """Here too: whoever lost a device can be sure that nobody is left."""
    logging_in.end_all(me())
    leave()
    return redirect("/login?after=everywhere", 303)
