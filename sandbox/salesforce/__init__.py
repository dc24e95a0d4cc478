"""Salesforce as a program: the token door and the REST API of one org; Pub/Sub stands beside it."""

from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.wrappers import Request, Response

from sandbox.salesforce import answers, refusals
from sandbox.salesforce.oauth import App, TokenDoor
from sandbox.salesforce.operations import name_of, names
from sandbox.salesforce.org import NotWaiting, Org
from sandbox.salesforce.rest import DATA, MAX_CALLS, Rest, versions
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Wire

__all__ = ["NotWaiting", "Org", "build"]

TOKEN = "/services/oauth2/token"  # noqa: S105 - a path


def build(store: Store, wire: Wire, settings: SandboxSettings) -> tuple[WsgiApp, Org]:
    """The app for the TLS and the plain port, and the org behind it."""
    org = Org(store, settings)
    operations = names(org.schema)
    wire.register("salesforce", operations)
    token = wire.wrap("salesforce", _token_app(settings, org), _name, refusals.of_token())
    data = wire.wrap("salesforce", _data_app(org), _name, refusals.of_data(org.sessions), refusals.exempt(operations))

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (token if environ["PATH_INFO"] == TOKEN else data)(environ, start_response)  # type: ignore[no-any-return]

    return app, org


def _name(request: Request) -> str:
    return name_of(request.method, request.environ["RAW_URI"])


def _token_app(settings: SandboxSettings, org: Org) -> WsgiApp:
    pem = serialization.load_pem_private_key(settings.private_key_file.read_bytes(), None)
    key = pem.public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError(f"not an RSA key: {settings.private_key_file}")
    held = settings.credentials
    door = TokenDoor(App(held.sf_client_id, held.sf_username, held.sf_user_id, held.org_id, settings.login_url, key), org.sessions)

    @Request.application
    def app(request: Request) -> Response:
        return door.answer(request)

    return app


def _data_app(org: Org) -> WsgiApp:
    rest = Rest(org.store, org.schema, org.records, org.saving, org.integration)

    @Request.application
    def app(request: Request) -> Response:
        target = request.environ["RAW_URI"]
        if target.rstrip("/") == DATA:
            return answers.json_answer(versions(), 200)
        if not org.sessions.user(_bearer(request)):
            return answers.session_expired()
        answer = rest.outer(request.method, target, request.get_data())
        usage = {"Sforce-Limit-Info": f"api-usage={rest.used}/{MAX_CALLS}"}
        return answers.json_answer(answer.body, answer.status, answer.headers | usage)

    return app


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme in ("Bearer", "OAuth") else ""
