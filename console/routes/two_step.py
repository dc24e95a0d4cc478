"""Two-step sign-in of a person's own account: on with an app's code, recovery codes shown once, off with a last code."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from console.errors import Refused
from console.i18n import gettext as _
from console.models import User
from console.services import two_step
from console.services.two_step import Enrolment
from console.web import limits, qr
from console.web.auth import enrolling, me, must_enrol, person
from console.web.forms.security import EnrolmentForm, RemovalForm
from console.web.recent import recent_login, wrong_code
from console.web.wired import bell, policy, staff_totp_required

blueprint = Blueprint("two_step", __name__, url_prefix="/account/security/two-step")


@blueprint.get("")
@enrolling
@recent_login
def show() -> ResponseReturnValue:
    if me().two_step:
        return render_template("account/security_two_step_off.html", form=RemovalForm(), required=_required(me()))
    enrolment = two_step.begin(policy(), me())
    return _enrolment_page(EnrolmentForm(formdata=None, sealed=enrolment.sealed), enrolment)


@blueprint.post("")
@enrolling
@limits.on_password
@recent_login
def enrol() -> ResponseReturnValue:
    form = EnrolmentForm()
    enrolment = two_step.again(policy(), me(), form.sealed.data or "")
    if not form.validate():
        return _enrolment_page(form, enrolment), 422
    try:
        codes = two_step.enrol(policy(), me(), enrolment.sealed, form.code.data)
    except Refused as refused:
        if refused.code != "wrong_code":
            raise
        wrong_code(
            form.code, _("This code does not fit. Look whether the time of your phone is right, and type the code that the app shows now.")
        )
        return _enrolment_page(form, enrolment), 422
    bell().outbox()
    return render_template("account/security_codes.html", codes=codes, new=True)


def _enrolment_page(form: EnrolmentForm, enrolment: Enrolment) -> str:
    code: Markup = qr.svg(enrolment.address, _("QR code for your authenticator app"))
    return render_template("account/security_two_step.html", form=form, enrolment=enrolment, code=code, required=must_enrol(me()))


def _required(user: User) -> bool:
    return user.is_staff and staff_totp_required()


@blueprint.post("/codes")
@person
@limits.on_password
@recent_login
def renew_codes() -> ResponseReturnValue:
    codes = two_step.renew_codes(policy(), me())
    bell().outbox()
    return render_template("account/security_codes.html", codes=codes, new=False)


@blueprint.post("/removal")
@person
@limits.on_password
@recent_login
def remove() -> ResponseReturnValue:
    form = RemovalForm()
    if not form.validate():
        return _removal_page(form), 422
    try:
        two_step.remove(policy(), me(), form.code.data)
    except Refused as refused:
        return _not_removed(refused, form)
    bell().outbox()
    return redirect("/account/security?saved=two_step_off", 303)


def _not_removed(refused: Refused, form: RemovalForm) -> ResponseReturnValue:
    if refused.code == "wrong_code":
        wrong_code(form.code, _("This code does not fit, or was used already. The app shows a new one every 30 seconds."))
        return _removal_page(form), 422
    if refused.code == "too_many_codes":
        form.code.errors = [_("Too many wrong codes. Wait a little, or use a recovery code.")]
        answer = make_response(_removal_page(form), 429)
        answer.headers["Retry-After"] = str(refused.detail["retry_after"])
        return answer
    raise refused


def _removal_page(form: RemovalForm) -> str:
    return render_template("account/security_two_step_off.html", form=form, required=_required(me()))
