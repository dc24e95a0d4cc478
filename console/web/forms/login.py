"""The forms that ask for a password: to log in, and once more before another system is opened."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField

from console.i18n import lazy as _
from console.web.forms.typed import NEEDED, lower, up_to


class LoginForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(_("E-mail"), [NEEDED, up_to(254)], filters=[lower], render_kw={"autocomplete": "username", "autofocus": True})
    password = PasswordField(_("Password"), [NEEDED, up_to(256)], render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class PasswordForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField(_("Password"), [NEEDED, up_to(256)], render_kw={"autocomplete": "current-password", "autofocus": True})
