"""The forms of an account's security: another password or e-mail, two-step sign-in."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField

from console.i18n import lazy as _
from console.web.forms import credentials
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, plain, up_to

_APP_LOOK = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class ForgotForm(Form):
    email = credentials.address(_("E-mail"))


class ResetForm(Form):
    password = credentials.new_password(_("New password"))


class ChangePasswordForm(Form):
    present = PasswordField(_("Present password"), [NEEDED, up_to(256)], render_kw={"autocomplete": "current-password"})
    new = credentials.new_password(_("New password"))


class NewEmailForm(Form):
    email = credentials.address(_("New e-mail address"))


class EnrolmentForm(Form):
    code = StringField(_("Code from the app"), [NEEDED, up_to(40)], filters=[plain], render_kw=_APP_LOOK)
    sealed = HiddenField()


class RemovalForm(Form):
    code = StringField(_("Code from the app, or a recovery code"), [NEEDED, up_to(40)], filters=[plain], render_kw=_APP_LOOK)
