"""The switch of the language, on every page."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from flask.typing import ResponseReturnValue

from console.i18n import LANGUAGES
from console.models import User
from console.web import languages
from console.web.auth import me_or_none, public, safe_path

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
@public
def switch() -> ResponseReturnValue:
    """Kept with the person, or in the browser of who is not logged in; back to the page that was shown."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    user = me_or_none()
    if user:
        User.update(language=chosen).where(User.id == user.id).execute()
    else:
        languages.remember(chosen)
    return redirect(safe_path(request.referrer, own_host=request.host) or "/", 303)
