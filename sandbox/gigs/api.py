"""How one call to the mobile provider is checked, carried out and answered."""

import hmac
import json
import sqlite3
from collections.abc import Callable

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WireResponse

from sandbox.gigs import idempotency, routes
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import Call
from sandbox.gigs.diary import Diary
from sandbox.gigs.refusals import Refusal, not_found, wrong_media
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store

JSON = "application/json"


def attach(app: Flask, store: Store, settings: SandboxSettings, diary: Diary) -> None:
    for method, path, work, status in routes.ROUTES:
        app.add_url_rule(path, f"{method} {path}", serving(store, settings, work, status), methods=[method])
    app.before_request(lambda: guard(request, store, settings))
    # what is due has happened before anybody looks
    app.before_request(diary.catch_up)
    app.register_error_handler(Refusal, lambda refusal: refused(store, refusal))
    app.register_error_handler(HTTPException, lambda error: strayed(request, error))
    app.register_error_handler(sqlite3.OperationalError, lambda error: full(request, error))


def guard(asked: Request, store: Store, settings: SandboxSettings) -> None:
    """Headers come first, then the path, then query and body."""
    if not routes.is_api(asked.path):
        return
    sent = asked.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {settings.credentials.mobile_api_key}".encode()):
        raise Refusal(401, "Invalid authorization token")
    check_media(asked, behaviour(store)["media_status"])
    parts = asked.path.removeprefix("/testing").split("/")
    if parts[1] == "projects" and len(parts) > 2 and parts[2] != settings.credentials.mobile_project:
        raise not_found("Project")


def check_media(asked: Request, status: int) -> None:
    if asked.accept_mimetypes and not asked.accept_mimetypes[JSON]:
        raise wrong_media(f"Accept must allow {JSON}", 406 if status == 415 else status)
    if asked.method in ("POST", "PATCH", "DELETE") and asked.get_data() and asked.mimetype != JSON:
        raise wrong_media(f"Content-Type must be {JSON}", status)


def serving(store: Store, settings: SandboxSettings, work: routes.Work, status: int) -> Callable[..., Response]:
    def view(project: str = "", **ids: str) -> Response:
        raw, query = request.get_data(), tuple(request.args.items(multi=True))
        call = Call(store, settings.credentials.mobile_project, query, raw if request.method != "GET" else b"")
        key = idempotency.check(store, request.method, request.headers.get(idempotency.HEADER))
        same = idempotency.fingerprint(request.method, request.full_path, raw)
        with store.write():
            body, code = idempotency.replayed(store, key, same, lambda: (work(call, **ids), status))
        return answer(body, code)

    return view


def answer(body: Doc, status: int) -> Response:
    return Response(json.dumps(body), status, mimetype=JSON)


def refused(store: Store, refusal: Refusal) -> Response:
    switches = behaviour(store)
    switched = {409: switches["conflict_status"], 422: switches["unacceptable_status"]}
    return answer(refusal.body(), switched.get(refusal.status, refusal.status))


def strayed(asked: Request, error: HTTPException) -> WireResponse | HTTPException:
    """Paths and methods that do not exist; people's pages keep their ordinary error page."""
    if not routes.is_api(asked.path) or error.code not in (404, 405):
        return error
    return answer(Refusal(error.code, "There is nothing at this address").body(), error.code)


def full(asked: Request, error: sqlite3.OperationalError) -> Response:
    """The disk is: nothing was changed, and it may be asked again."""
    if not routes.is_api(asked.path):
        return Response(f"nothing was changed: {error}", 503, mimetype="text/plain")
    return answer(Refusal(503, "Nothing was changed. Try again later.", "serviceUnavailable").body(), 503)
