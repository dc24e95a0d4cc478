"""The token door: OAuth 2.0 JWT bearer with the refusals that Salesforce documents."""

import time
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
    user_id: str
    org_id: str
    login_url: str
    key: RSAPublicKey


class TokenDoor:
    """`POST /services/oauth2/token`."""

    def __init__(self, app: App, sessions: Sessions) -> None:
        self._app, self._sessions = app, sessions

    def answer(self, request: Request) -> Response:
        if request.method != "POST":
            return refused(Refusal("invalid_request", "must use HTTP POST"))
        try:
            self._check(request)
        except Refusal as refusal:
            return refused(refusal)
        return json_answer(self._success(request), 200)

    def _check(self, request: Request) -> None:
        grant = request.form.get("grant_type", "")
        if not grant:
            raise Refusal("invalid_request", "missing required parameter: grant_type")
        if grant != JWT_BEARER:
            raise Refusal("unsupported_grant_type", "grant type not supported")
        if not request.form.get("assertion"):
            raise Refusal("invalid_request", "missing required parameter: assertion")
        self._claims(request.form["assertion"])

    def _claims(self, assertion: str) -> None:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
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
        except jwt.PyJWTError as error:
            raise Refusal("invalid_grant", "invalid assertion") from error

    def _success(self, request: Request) -> dict[str, Any]:
        app = self._app
        # a client that came by the plain port is told to stay there
        instance = app.login_url if request.scheme == "https" else request.host_url.rstrip("/")
        return {
            "access_token": self._sessions.open(app.user_id),
            "scope": "api",
            "instance_url": instance,
            "id": f"{app.login_url}/id/{app.org_id}/{app.user_id}",
            "token_type": "Bearer",
        }


def _expiry(given: Any) -> None:
    try:
        expires = int(given)
    except (TypeError, ValueError) as error:
        raise Refusal("invalid_grant", "invalid assertion") from error
    # the client wrote it by its own clock, so it is read by the real time
    if expires <= time.time():
        raise Refusal("invalid_grant", "expired authorization code")
    if expires > time.time() + LONGEST_S:
        raise Refusal("invalid_grant", "invalid assertion")


def refused(refusal: Refusal) -> Response:
    return json_answer({"error": refusal.error, "error_description": refusal.description}, 400)
