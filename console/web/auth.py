"""Who is asking, and the guard that every route carries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from flask import Flask, Request, abort, g, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from console.models import User
from console.models.user import ROLES
from console.services import logging_in
from console.services.logging_in import REMEMBERED_S
from console.web import device, problems
from console.web.fragments import go_to, is_htmx
from console.web.wired import staff_totp_required

View = Callable[..., ResponseReturnValue]
_RANK = {role: rank for rank, role in enumerate(ROLES)}
ENROLMENT = "/account/security/two-step"


def init_app(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_whose)
    manager.init_app(app, add_context_processor=False)  # its own would ask the database even for the page of our own fault
    app.context_processor(lambda: {"me": me_or_none()})
    # the cookie of a remembered login; how long the login is good, its row says
    app.config.update(PERMANENT_SESSION_LIFETIME=timedelta(seconds=REMEMBERED_S), SESSION_REFRESH_EACH_REQUEST=False)


def _whose(asked: Request) -> User | None:
    # A page that refreshes itself is not a sign of life.
    polled = asked.method == "GET" and asked.headers.get("HX-Request") == "true"
    return logging_in.whose(session_id(), alive=not polled)


def me_or_none() -> User | None:
    """Who is logged in; nobody on the page that reports our own fault."""
    user = None if g.get("broken") else current_user._get_current_object()
    return user if isinstance(user, User) else None


def me() -> User:
    """The logged-in person of a guarded route."""
    return cast(User, current_user._get_current_object())


def enter(user: User, *, remember: bool = False) -> None:
    """Log this person in: a new session id and a new forgery token, whatever the cookie held before."""
    leave()
    session["sid"] = logging_in.begin(user, device.here(), remember=remember)
    if remember and not user.is_staff:
        session.permanent = True
    g.pop("csrf_token", None)


def wait_for_code(user: User, *, remember: bool) -> None:
    """The password was right: this browser may now try the code, and nothing else."""
    leave()
    session["pending"] = logging_in.wait_for_code(user, remember=remember)
    g.pop("csrf_token", None)


def pending_id() -> str:
    """The opaque id of the login that waits for its code."""
    return str(session.get("pending", ""))


def leave() -> None:
    """Log out, on the server too."""
    logging_in.end(session_id())
    session.clear()


def session_id() -> str:
    """The opaque id of this login, for the services that ask how fresh it is."""
    return str(session.get("sid", ""))


def public(view: View) -> View:
    """Anybody."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def person(view: View) -> View:
    """Whoever is logged in."""
    return _guarded(view, "person", lambda user: user.role in _RANK)


def enrolling(view: View) -> View:
    """Whoever is logged in, and staff who still have to set up two-step sign-in: only what that needs."""
    return _guarded(view, "person", lambda user: user.role in _RANK, enrolled=False)


def customer(view: View) -> View:
    """Customers; others are asked to log in, staff have no business here."""
    return _guarded(view, "customer", lambda user: user.role == "customer")


def staff(role: str) -> Callable[[View], View]:
    """Staff of that role or a higher one: viewer < support < ops < admin."""
    least = _RANK[role]
    return lambda view: _guarded(view, f"staff:{role}", lambda user: user.is_staff and _RANK[user.role] >= least)


def must_enrol(user: User) -> bool:
    """Staff without two-step sign-in where it is required: nothing else is open to them."""
    return user.is_staff and not user.two_step and staff_totp_required()


def _guarded(view: View, guard: str, may: Callable[[User], bool], *, enrolled: bool = True) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        user = me_or_none()
        if user is None and problems.speaks_json():
            abort(401)
        if user is None:
            return go_to("/login?" + urlencode({"next": _way_back()} | _unsent()))
        if not may(user):
            abort(403)
        if enrolled and must_enrol(user):
            return go_to(ENROLMENT)
        return view(*args, **kwargs)

    guarded.guard = guard  # type: ignore[attr-defined]
    return guarded


def _unsent() -> dict[str, str]:
    """Whoever pressed a button has to be told that nothing came of it."""
    return {} if request.method == "GET" else {"after": "form"}


def _way_back() -> str:
    """The page to show after the login: this one, or the form's page for something that was sent from it."""
    if request.method == "GET" and not is_htmx():
        return request.full_path.rstrip("?")
    return safe_path(request.headers.get("HX-Current-URL") or request.referrer, own_host=request.host) or "/"


def safe_path(address: str | None, own_host: str = "") -> str | None:
    """The path of an address that is surely one of our own pages, else None."""
    try:
        parts = urlsplit(address or "")
    except ValueError:  # an address of no meaning, as `//[`
        return None
    if parts.netloc not in {"", own_host} or (parts.scheme and not parts.netloc):
        return None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if plain else None
