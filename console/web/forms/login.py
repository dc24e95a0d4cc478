"""The forms of logging in: e-mail and password, the code, and the password once more."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField

from console.i18n import lazy as _
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, lower, plain, up_to

# one line for both kinds of code; never a number field, which would lose a leading zero
_CODE_LOOK = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}


class LoginForm(Form):
    email = EmailField(_("E-mail"), [NEEDED, up_to(254)], filters=[lower], render_kw={"autocomplete": "username", "autofocus": True})
    password = PasswordField(_("Password"), [NEEDED, up_to(256)], render_kw={"autocomplete": "current-password"})
    remember = BooleanField(_("Remember me on this device for 30 days"))
    next = HiddenField()


class PasswordForm(Form):
    password = PasswordField(_("Password"), [NEEDED, up_to(256)], render_kw={"autocomplete": "current-password", "autofocus": True})


class CodeForm(Form):
    code = StringField(_("Code"), [NEEDED, up_to(40)], filters=[plain], render_kw=_CODE_LOOK)
    next = HiddenField()
