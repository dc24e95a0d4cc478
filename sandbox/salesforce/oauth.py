"""The token door: OAuth 2.0 JWT bearer and username-password, with the refusals that Salesforce documents."""

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.wrappers import Request, Response

from sandbox.salesforce.answers import json_answer
from sandbox.salesforce.sessions import Sessions

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_S = 300
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
    key: RSAPublicKey


class TokenDoor:
    """`POST /services/oauth2/token`."""

    def __init__(self, app: App, sessions: Sessions, active: Callable[[str], bool]) -> None:
        self._app, self._sessions, self._active = app, sessions, active
        self._grants: dict[str, Callable[[Form], dict[str, str]]] = {
            JWT_BEARER: self._by_assertion, "password": self._by_password, "refresh_token": _no_refresh,
        }  # fmt: skip

    def answer(self, request: Request) -> Response:
        if request.method != "POST":
            return refused(Refusal("invalid_request", "must use HTTP POST"))
        try:
            return json_answer(self._granted(request), 200)
        except Refusal as refusal:
            return refused(refusal)

    def _granted(self, request: Request) -> dict[str, Any]:
        grant = self._grants.get(_given(request.values, "grant_type"))
        if grant is None:
            raise Refusal("unsupported_grant_type", "grant type not supported")
        more = grant(request.values)
        if not self._active(self._app.user_id):
            raise Refusal("invalid_grant", "inactive user")
        return self._success(request) | more

    def _by_assertion(self, form: Form) -> dict[str, str]:
        self._claims(_given(form, "assertion"))
        return {"scope": "api"}

    def _by_password(self, form: Form) -> dict[str, str]:
        """For clients of former times; the app has no secret to be asked for."""
        client, username, password = (_given(form, name) for name in ("client_id", "username", "password"))
        if client != self._app.client_id:
            raise Refusal("invalid_client_id", "client identifier invalid")
        if not self.knows(username, password):
            raise Refusal("invalid_grant", "authentication failure")
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
        if claims.get("aud") not in (*AUDIENCES, self._app.login_url):
            raise Refusal("invalid_grant", "audience is invalid")
        _expiry(claims.get("exp"))
        if claims.get("sub") != self._app.username:
            raise Refusal("invalid_grant", "user hasn't approved this consumer")

    def _signature(self, assertion: str) -> None:
        # the claims are judged one by one above and below, so that each has its own words; exp may also be a numeric string
        only_signature: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False}
        try:
            jwt.decode(assertion, self._app.key, algorithms=["RS256"], options=only_signature)
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise Refusal("invalid_grant", "invalid assertion") from error

    def _success(self, request: Request) -> dict[str, Any]:
        app = self._app
        return {
            "access_token": self._sessions.open(app.user_id),
            "instance_url": instance_of(request, app),
            "id": f"{app.login_url}/id/{app.org_id}/{app.user_id}",
            "token_type": "Bearer",
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


def _expiry(given: Any) -> None:
    try:
        expires = int(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refusal("invalid_grant", "invalid assertion") from error
    # the client wrote it by its own clock, so it is read by the real time
    if expires <= time.time():
        raise Refusal("invalid_grant", "expired authorization code")
    if expires > time.time() + LONGEST_S:
        raise Refusal("invalid_grant", "invalid assertion")


def instance_of(request: Request, app: App) -> str:
    """A client that came by the plain port is told to stay there."""
    return app.login_url if request.scheme == "https" else request.host_url.rstrip("/")


def refused(refusal: Refusal) -> Response:
    return json_answer({"error": refusal.error, "error_description": refusal.description}, 400)
