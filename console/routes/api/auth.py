"""Signing up, logging in and out, and the way to billing's own pages, in JSON."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, make_response
from flask_wtf.csrf import generate_csrf
from pydantic import Field
from werkzeug.datastructures import MultiDict

from console.errors import Refused
from console.i18n import gettext as _
from console.i18n import lazy
from console.models import CustomerLink, User
from console.routes.api.doors import ANYBODY, Body, Shape, answer, bad_fields, noun
from console.services import billing, logging_in, signing_up, welcoming
from console.services.signing_up import Wish
from console.web import limits, problems
from console.web.auth import customer, enter, leave, me, public, session_id
from console.web.even import evenly
from console.web.forms.signup import SignupForm
from console.web.problems import FieldError
from console.web.wired import bell, policy, upstreams

blueprint = noun("api_auth")


class Token(Shape):
    csrf_token: str


class Signup(Body):
    email: str = Field(max_length=254)
    password: str = Field(min_length=8, max_length=256)
    sf_number: str = Field(max_length=40)
    first_name: str = Field(max_length=160)
    last_name: str = Field(max_length=160)
    phone: str | None = Field(None, max_length=60)
    language: Literal["en", "ja"] | None = None
    accept_terms: Literal[True]


class Asked(Shape):
    status: Literal["confirm_email"] = "confirm_email"


class Login(Body):
    email: str = Field(max_length=254)
    password: str = Field(max_length=256)
    totp: str | None = Field(None, max_length=32)


class Entered(Shape):
    role: str
    account: Literal["pending", "ready"]
    link: Literal["verified", "unverified"]


class Target(Body):
    target: Literal["payment_methods", "invoice"]
    invoice_id: int | None = Field(None, ge=1, le=2**31 - 1)


class Link(Shape):
    url: str


@blueprint.get("/auth/csrf", security=ANYBODY, responses={200: Token})
@public
def csrf() -> Response:
    """The forgery token of this session: every unsafe call sends it as `X-CSRFToken`. It changes at login."""
    return answer(Token(csrf_token=generate_csrf()))


@blueprint.post("/auth/signup", security=ANYBODY, responses={202: Asked})
@public
@limits.on_sign_up
def sign_up(body: Signup) -> Response:
    """As the page does it: the answer is always the same, the rest happens in the mail."""
    form = SignupForm(formdata=_typed(body), meta={"csrf": False})
    if not form.validate():
        return bad_fields([FieldError(_NAMES[name], "invalid", str(errors[0])) for name, errors in form.errors.items()])
    with evenly():
        signing_up.sign_up(policy(), Wish(**{name: form.data[name] or "" for name in Wish.__dataclass_fields__}))
        bell().outbox()
    return answer(Asked(), 202)


_NAMES = {"email": "email", "password": "password", "sf_number": "sfNumber", "first_name": "firstName", "last_name": "lastName",
          "phone": "phone", "language": "language", "terms": "acceptTerms"}  # fmt: skip


def _typed(body: Signup) -> MultiDict[str, Any]:
    typed = body.model_dump(exclude={"accept_terms"}, exclude_none=True)
    return MultiDict({**typed, "terms": "y"})


@blueprint.post("/auth/login", security=ANYBODY, responses={200: Entered})
@public
@limits.on_login
def log_in(body: Login) -> Response:
    """401 `invalid_login`, alike for an unknown e-mail and a wrong password; then, where codes are on, `totp_required` or `wrong_code`."""
    try:
        user = logging_in.check(policy(), body.email, body.password, body.totp)
    except Refused as refused:
        return _not_in(refused)
    enter(user)
    return answer(_entered(user))


def _not_in(refused: Refused) -> Response:
    """Too many wrong codes are no wrong code: the app's next one would be refused as well."""
    status = 429 if refused.code == "too_many_codes" else 401
    made = problems.answer(status, refused.code, _("Nobody was logged in"), str(_NOT_IN.get(refused.code, "")))
    if "retry_after" in refused.detail:
        made.headers["Retry-After"] = str(refused.detail["retry_after"])
    return made


_NOT_IN = {
    "invalid_login": lazy("E-mail and password do not fit together. If you have just signed up, open the link in our e-mail first."),
    "totp_required": lazy("The code of the app is asked too."),
    "wrong_code": lazy("This code does not fit, or was used already. The app shows a new one every 30 seconds."),
    "too_many_codes": lazy("Too many wrong codes. Wait a little, or use a recovery code."),
}


def _entered(user: User) -> Entered:
    link = CustomerLink.of(user.id)
    account = "ready" if user.is_staff or welcoming.progress(user) == "ready" else "pending"
    return Entered(role=user.role, account=account, link="verified" if link and link.verified else "unverified")


@blueprint.post("/auth/logout", security=ANYBODY, responses={204: None})
@public
def log_out() -> Response:
    leave()
    return make_response("", 204)


@blueprint.post("/auth/sso-link", responses={200: Link})
@customer
@limits.on_way_out
def sso_link(body: Target) -> Response:
    """An address that works once and for a minute: open it, keep it nowhere. 403 `recent_login_required` after 15 minutes."""
    if not logging_in.recent(session_id()):
        return problems.answer(403, "recent_login_required", _("Please log in once more"), _("This needs a login of the last 15 minutes."))
    if body.target == "invoice" and body.invoice_id is None:
        return bad_fields([FieldError("invoiceId", "missing", _("This is needed."))])
    made = answer(Link(url=_way_out(body, CustomerLink.of(me().id))))
    made.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return made


def _way_out(body: Target, link: CustomerLink | None) -> str:
    if body.invoice_id is not None and body.target == "invoice":
        return billing.invoice_link(upstreams(), policy(), link, body.invoice_id)
    return billing.payment_link(upstreams(), policy(), link)
