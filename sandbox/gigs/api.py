"""The routes of the mobile provider, and how one call is checked, carried out and answered."""

import hmac
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request as WireRequest
from werkzeug.wrappers import Response as WireResponse

from sandbox.gigs import idempotency, plans, sims, subscriptions, users
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import Call
from sandbox.gigs.refusals import Refusal, invalid, malformed, not_found
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store

Work = Callable[..., Doc]
ROUTES: tuple[tuple[str, str, Work, int], ...] = (
    ("POST", "users", users.create, 201),
    ("GET", "users", users.listed, 200),
    ("POST", "users/search", users.search, 200),
    ("GET", "users/<user_id>", users.read, 200),
    ("PATCH", "users/<user_id>", users.change, 200),
    ("GET", "plans", plans.listed, 200),
    ("GET", "plans/<plan_id>", plans.read, 200),
    ("POST", "subscriptions", subscriptions.create, 201),
    ("GET", "subscriptions", subscriptions.listed, 200),
    ("GET", "subscriptions/<subscription_id>", subscriptions.read, 200),
    ("PATCH", "subscriptions/<subscription_id>", subscriptions.change, 200),
    ("DELETE", "subscriptions/<subscription_id>", subscriptions.end, 200),
    ("GET", "sims", sims.listed, 200),
    ("POST", "sims/search", sims.search, 200),
    ("GET", "sims/<sim_id>", sims.read, 200),
    ("GET", "sims/<sim_id>/credentials", sims.credentials, 200),
    ("GET", "sims/<sim_id>/eSimProfile", sims.profile, 200),
)
PREFIX = "/projects/"


def name_of(method: str, path: str) -> str:
    """`GET sims/credentials`: ids are left out."""
    return f"{method} " + "/".join(part for part in path.split("/") if part[:1] != "<" and part[:4] not in ("usr_", "pln_", "sub_", "sim_"))


OPERATIONS = tuple(dict.fromkeys(name_of(method, path) for method, path, _, _ in ROUTES))


def operation(asked: WireRequest) -> str:
    """ "" for the people's pages and the sandbox's own switches."""
    if not asked.path.startswith(PREFIX):
        return ""
    return name_of(asked.method, asked.path[len(PREFIX) :].partition("/")[2])


def attach(app: Flask, store: Store, settings: SandboxSettings) -> None:
    for method, path, work, status in ROUTES:
        view = serving(store, work, status)
        app.add_url_rule(f"{PREFIX}<project>/{path}", f"{method} {path}", view, methods=[method])
    app.before_request(lambda: guard(request, settings))
    app.register_error_handler(Refusal, lambda refusal: refused(store, refusal))
    app.register_error_handler(HTTPException, lambda error: strayed(request, error))


def guard(asked: Request, settings: SandboxSettings) -> Response | None:
    """Headers come first, then the path, then query and body."""
    if not asked.path.startswith(PREFIX):
        return None
    sent = asked.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {settings.credentials.mobile_api_key}".encode()):
        raise Refusal(401, "Invalid authorization token")
    if asked.path.split("/")[2] != settings.credentials.mobile_project:
        raise not_found("Project")
    return None


def serving(store: Store, work: Work, status: int) -> Callable[..., Response]:
    def view(project: str, **ids: str) -> Response:
        key = idempotency.check(store, request.method, request.headers.get(idempotency.HEADER))
        with store.write():
            body, code = idempotency.replayed(store, key, lambda: (work(read(request, store), **ids), status))
        return answer(body, code)

    return view


def read(asked: Request, store: Store) -> Call:
    """A query parameter given twice is refused too: no list here takes one."""
    query = asked.args.to_dict()
    if len(query) != sum(1 for _ in asked.args.items(multi=True)):
        raise invalid("A query parameter was given twice")
    return Call(store, query, body_of(asked))


def body_of(asked: Request) -> Doc:
    raw = asked.get_data()
    if asked.method not in ("POST", "PATCH") or not raw:
        return {}
    if asked.mimetype != "application/json":
        raise malformed("Content-Type must be application/json")
    try:
        body: Any = json.loads(raw)
    except ValueError as error:
        raise malformed("The body is not JSON") from error
    if not isinstance(body, dict):
        raise malformed("The body must be an object")
    return body


def answer(body: Doc, status: int) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def refused(store: Store, refusal: Refusal) -> Response:
    status = behaviour(store)["unacceptable_status"] if refusal.status == 422 else refusal.status
    return answer(refusal.body(), status)


def strayed(asked: Request, error: HTTPException) -> WireResponse | HTTPException:
    """Paths and methods that do not exist; people's pages keep their ordinary error page."""
    if not asked.path.startswith(PREFIX) or error.code not in (404, 405):
        return error
    return answer(Refusal(error.code, "There is nothing at this address").body(), error.code)
