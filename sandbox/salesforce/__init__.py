"""Salesforce as a program: the doors for logging in and the REST API of one org; Pub/Sub stands beside it."""

import gzip
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.wrappers import Request, Response

from sandbox.salesforce import answers, behaviour, identity, refusals
from sandbox.salesforce.access import User
from sandbox.salesforce.calls import DATA, LONGEST_TARGET, versions
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import SfError
from sandbox.salesforce.identity import IdentityDoor, bearer
from sandbox.salesforce.limits import Usage
from sandbox.salesforce.oauth import App, TokenDoor
from sandbox.salesforce.operations import name_of, names
from sandbox.salesforce.org import NotWaiting, Org
from sandbox.salesforce.rest import Rest
from sandbox.salesforce.soap import SoapDoor
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Wire

__all__ = ["NotWaiting", "Org", "build"]

TOKEN = "/services/oauth2/token"  # noqa: S105 - a path
SMALL = 1024


def build(store: Store, wire: Wire, settings: SandboxSettings) -> tuple[WsgiApp, Org]:
    """The app for the TLS and the plain port, and the org behind it."""
    org = Org(store, settings)
    operations = names(org.schema)
    wire.register("salesforce", operations)
    client = _client(settings)
    door = TokenDoor(client, org)
    token = wire.wrap("salesforce", Request.application(door.answer), _name, refusals.of_token())
    side = wire.wrap("salesforce", _side_app(org, client, door), _name)
    data = wire.wrap("salesforce", _data_app(org), _name, refusals.of_data(org), refusals.exempt(operations))
    switches = Request.application(lambda request: behaviour.door(store, request))

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.rstrip("/") == TOKEN:
            return token(environ, start_response)  # type: ignore[no-any-return]
        other = switches if path in (behaviour.ROOT, behaviour.PATH) else data if path.startswith(DATA) else side
        return other(environ, start_response)  # type: ignore[no-any-return]

    return _packed(app), org


def _name(request: Request) -> str:
    return name_of(request.method, request.environ["RAW_URI"])


def _client(settings: SandboxSettings) -> App:
    pem = serialization.load_pem_private_key(settings.private_key_file.read_bytes(), None)
    key = pem.public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError(f"not an RSA key: {settings.private_key_file}")
    held = settings.credentials
    urls = (settings.login_url, settings.url["salesforce_plain"])
    return App(held.sf_client_id, held.sf_username, held.sf_password, held.sf_user_id, held.org_id, *urls, key)


def _side_app(org: Org, client: App, door: TokenDoor) -> WsgiApp:
    known, soap = IdentityDoor(org, client), SoapDoor(org, client, door)

    @Request.application
    def app(request: Request) -> Response:
        path = request.path.rstrip("/")
        if path == identity.USERINFO:
            return known.userinfo(request)
        if path == identity.REVOKE:
            return known.revoke(request)
        return known.identity(request) if path.startswith(identity.IDENTITY) else soap.answer(request)

    return app


def _data_app(org: Org) -> WsgiApp:
    usage, cursors = Usage(), Cursors(org.store)
    bound = Rest(org, org.integration, cursors, usage)
    free = Rest(org, User(org.integration.id), cursors, usage)

    @Request.application
    def app(request: Request) -> Response:
        target = request.environ["RAW_URI"]
        if len(target) > LONGEST_TARGET:
            status = org.behaviour["long_target_status"]
            return answers.refusal(SfError("URI_TOO_LONG", f"The URI is longer than {LONGEST_TARGET} characters", status=status))
        if target.partition("?")[0].rstrip("/") == DATA:
            return answers.json_answer(versions(), 200)
        if not org.sessions.user(bearer(request)):
            return answers.session_expired()
        rest = bound if org.enforced else free
        headers = {name.lower(): value for name, value in request.headers.items()}
        used = {"Sforce-Limit-Info": usage.count()}
        answer = rest.outer(request.method, target, request.get_data(), headers)
        return answers.json_answer(answer.body, answer.status, answer.headers | used)

    return app


def _packed(app: WsgiApp) -> WsgiApp:
    """Longer answers are compressed for clients that take it, as the real ones are."""

    @Request.application
    def packing(request: Request) -> Response:
        answer = Response.from_app(app, request.environ, buffered=True)
        if "gzip" in request.headers.get("Accept-Encoding", "") and len(answer.get_data()) >= SMALL:
            answer.set_data(gzip.compress(answer.get_data(), 1))
            answer.headers["Content-Encoding"] = "gzip"
            answer.headers["Vary"] = "Accept-Encoding"
        return answer

    return packing
