"""The token door: OAuth 2.0 JWT bearer and username-password, with the refusals that Salesforce documents."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.wrappers import Request, Response

from sandbox.salesforce.answers import json_answer
from sandbox.salesforce.org import Org
from sandbox.store import Doc

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# who may not use the app, as `/sandbox/behaviour` says: error and description
UNWELCOME = {
    "user_not_approved": ("invalid_grant", "user hasn't approved this consumer"),
    "not_admin_approved": ("invalid_app_access", "user is not admin approved to access this app"),
    "not_installed": ("invalid_client", "External client app is not installed in this org"),
}
USED = "sf#assertions"
EXPIRED = "expired authorization code"
Form = Mapping[str, str]


class Refusal(Exception):
    """An OAuth error: its code and the description Salesforce gives."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


@dataclass(frozen=True)
class App:
    """The Connected App and its one pre-authorised user."""

    client_id: str
    username: str
    password: str
    user_id: str
    org_id: str
    login_url: str
    plain_url: str
    key: RSAPublicKey


class TokenDoor:
    """`POST /services/oauth2/token`."""

    def __init__(self, app: App, org: Org) -> None:
        self._app, self._org = app, org
        self._grants: dict[str, Callable[[Form], dict[str, str]]] = {
            JWT_BEARER: self._by_assertion, "password": self._by_password, "refresh_token": _no_refresh,
        }  # fmt: skip

    def answer(self, request: Request) -> Response:
        if request.method != "POST":
            return refused(Refusal("invalid_request", "must use HTTP POST"))
        switches = self._org.behaviour
        try:
            return json_answer(self._granted(request, switches), 200)
        except Refusal as refusal:
            return refused(refusal, described=switches["error_description"])

    def _granted(self, request: Request, switches: Doc) -> dict[str, Any]:
        grant = self._grants.get(_given(request.values, "grant_type"))
        if grant is None:
            raise Refusal("unsupported_grant_type", "grant type not supported")
        more = grant(request.values)
        if switches["app"] != "approved":
            raise Refusal(*UNWELCOME[switches["app"]])
        if not self._org.is_active(self._app.user_id):
            raise Refusal("invalid_grant", "inactive user")
        if switches["user"] == "locked":
            raise Refusal("invalid_grant", "user acct locked")
        return self._success(request, switches) | more

    def _by_assertion(self, form: Form) -> dict[str, str]:
        assertion = _given(form, "assertion")
        self._claims(assertion)
        self._first_use(assertion)
        return {"scope": "api"} | (self._signed() if self._org.behaviour["issued_at"] else {})

    def _by_password(self, form: Form) -> dict[str, str]:
        """For clients of former times; the app has no secret to be asked for, so any is taken."""
        client, username, password = (_given(form, name) for name in ("client_id", "username", "password"))
        if client != self._app.client_id:
            raise Refusal("invalid_client_id", "client identifier invalid")
        if not self.knows(username, password) or not self._org.behaviour["password_grant"]:
            raise Refusal("invalid_grant", "authentication failure")
        return self._signed()

    def _signed(self) -> dict[str, str]:
        issued = str(int(time.time() * 1000))
        signed = hmac.digest(self._app.client_id.encode(), f"{self._app.login_url}{issued}".encode(), "sha256")
        return {"issued_at": issued, "signature": base64.b64encode(signed).decode()}

    def knows(self, username: str, password: str) -> bool:
        right = hmac.compare_digest(password.encode(), self._app.password.encode())
        return username.lower() == self._app.username.lower() and right

    def _claims(self, assertion: str) -> None:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Refusal("invalid_grant", "invalid assertion") from error
        if claims.get("iss") != self._app.client_id:
            raise Refusal("invalid_client_id", "client identifier invalid")
        self._signature(assertion)
        if claims.get("aud") not in (*AUDIENCES, self._app.login_url, self._app.plain_url):
            raise Refusal("invalid_grant", self._wrong_audience(claims.get("aud")))
        _expiry(claims.get("exp"), self._org.behaviour["assertion_life_s"])
        if str(claims.get("sub")).lower() != self._app.username.lower():
            raise Refusal("invalid_grant", "user hasn't approved this consumer")

    def _wrong_audience(self, given: Any) -> str:
        told = f"  [audience={given} login={self._app.login_url}/]" if self._org.behaviour["audience_words"] == "long" else ""
        return f"audience is invalid{told}"

    def _first_use(self, assertion: str) -> None:
        """Remembers assertions only while a second use of one matters."""
        if self._org.behaviour["used_assertion"] == "taken":
            return
        with self._org.store.write():
            digest = hashlib.sha256(assertion.encode()).hexdigest()
            if self._org.store.get(USED, digest) is not None:
                raise Refusal("invalid_grant", EXPIRED)
            self._org.store.put(USED, digest, {})

    def _signature(self, assertion: str) -> None:
        # the claims are judged one by one above and below, so that each has its own words; exp may also be a numeric string
        only_signature: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False}
        try:
            jwt.decode(assertion, self._app.key, algorithms=["RS256"], options=only_signature)
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise Refusal("invalid_grant", "invalid assertion") from error

    def _success(self, request: Request, switches: Doc) -> dict[str, Any]:
        app, sessions = self._app, self._org.sessions
        held = sessions.of(app.user_id) if switches["same_session"] else None
        return {
            "access_token": held or sessions.open(app.user_id),
            "instance_url": instance_of(request, app),
            "id": f"{app.login_url}/id/{app.org_id}/{app.user_id}",
            "token_type": "Bearer",
            **({"api_instance_url": instance_of(request, app)} if switches["api_instance_url"] else {}),
        }


def _given(form: Form, name: str) -> str:
    found = form.get(name, "")
    if not found:
        raise Refusal("invalid_request", f"missing required parameter: {name}")
    return found


def _no_refresh(form: Form) -> dict[str, str]:
    _given(form, "refresh_token")
    # neither of the two grants above hands out refresh tokens
    raise Refusal("invalid_grant", "expired access/refresh token")


def _expiry(given: Any, longest_s: int) -> None:
    try:
        expires = int(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refusal("invalid_grant", "invalid assertion") from error
    # the client wrote it by its own clock, so it is read by the real time
    if expires <= time.time():
        raise Refusal("invalid_grant", EXPIRED)
    if expires > time.time() + longest_s:
        raise Refusal("invalid_grant", "invalid assertion")


def instance_of(request: Request, app: App) -> str:
    """A client that came by the plain port is told to stay there."""
    return app.login_url if request.scheme == "https" else request.host_url.rstrip("/")


def refused(refusal: Refusal, described: bool = True) -> Response:
    more = {"error_description": refusal.description} if described else {}
    return json_answer({"error": refusal.error, **more}, 400)
