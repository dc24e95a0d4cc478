"""The password once more: a login that is not fresh is asked for it in place, and goes on with what it was about to do."""

from __future__ import annotations

from functools import wraps
from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from console.errors import Refused
from console.i18n import gettext as _
from console.services import logging_in
from console.web.auth import View, session_id
from console.web.forms.login import PasswordForm

AGAIN = "/account/security/again"
_OURS = {"csrf_token", "password"}


def recent_login(view: View) -> View:
    """For what costs money, opens another system or changes who may get in. Beneath the guard and `limits.on_password`.

    A page is shown after the password; a form is sent again with what was typed, so it must have no field `password` of its own.
    """

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if logging_in.recent(session_id()):
            return view(*args, **kwargs)
        if request.method == "GET":
            return ask_again(PasswordForm(formdata=None), AGAIN, [("next", request.full_path.rstrip("?"))])
        form = PasswordForm()
        if shown_again(form):
            return view(*args, **kwargs)
        typed = [(name, value) for name, value in request.form.items(multi=True) if name not in _OURS]
        return ask_again(form, request.path, typed)

    return asked


def shown_again(form: PasswordForm) -> bool:
    """Whether the right password came with this request: the login is fresh from now on."""
    if form.password.data is None or not form.validate():
        return False
    try:
        logging_in.again(session_id(), form.password.data)
    except Refused:
        wrong_password(form.password)
        return False
    return True


def wrong_password(field: Any) -> None:
    """Say so at the field, and let `limits.on_password` count it."""
    wrong_code(field, _("This is not your password."))


def wrong_code(field: Any, words: str) -> None:
    """The same for a code."""
    g.wrong_password = True
    field.errors = [words]


def ask_again(form: PasswordForm, action: str, typed: list[tuple[str, str]]) -> ResponseReturnValue:
    """The page that asks; `typed` goes along unseen."""
    return render_template("account/again.html", form=form, action=action, typed=typed), 422 if form.errors else 200
