"""`POST /includes/api.php`: how one call is read, checked, carried out and answered."""

from dataclasses import replace
from io import BytesIO
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Request as WireRequest
from werkzeug.wrappers import Response

from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.whmcs import access
from sandbox.whmcs.acting import ACTIONS, spelling
from sandbox.whmcs.answers import Answer, Refused, render
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.php import MAX_INPUT_VARS, parse_form
from sandbox.whmcs.quirked import quirked
from sandbox.whmcs.quirks import quirks

PATH = "/includes/api.php"
NO_ACTION = "none"
NOT_BY_GET = "<!DOCTYPE html><html><head><title>405</title></head><body><h1>Method Not Allowed</h1></body></html>"


def read(request: WireRequest, store: Store) -> Asked:
    """Query and body together, the body wins; `multipart/form-data` is read as well, as PHP does."""
    pairs = fields(request.query_string)
    if request.mimetype == "multipart/form-data":
        pairs += parts(request)
    else:
        pairs += fields(request.get_data())
    return Asked(store, parse_form(pairs), request.host_url.rstrip("/"), request.remote_addr or "")


def fields(data: bytes) -> list[tuple[str, str]]:
    """As many as PHP would read."""
    few = b"&".join(data.split(b"&", MAX_INPUT_VARS)[:MAX_INPUT_VARS])
    return parse_qsl(few.decode("utf-8", "replace"), keep_blank_values=True)


def parts(request: WireRequest) -> list[tuple[str, str]]:
    """The fields of a form in parts, of any size; what cannot be read has none."""
    kind, options = parse_options_header(request.content_type)
    data = request.get_data()
    _stream, form, _files = FormDataParser(silent=True).parse(BytesIO(data), kind, len(data), options)
    return list(form.items(multi=True))


def operation(request: WireRequest, store: Store) -> str:
    """The action's own spelling; "" for everything that is not the API."""
    if request.path != PATH:
        return ""
    action = read(request, store).text("action")
    return spelling(action) or action or NO_ACTION


def respond(request: Request, store: Store, settings: SandboxSettings) -> Response:
    asked, switches = read(request, store), quirks(store)
    if request.method != "POST" and not switches["get_requests"]:
        return Response(NOT_BY_GET, 405, {"Allow": "POST"}, mimetype="text/html")
    asked = replace(asked, quirks=switches)
    answer, status = outcome(asked, settings)
    kind, action = asked.text("responsetype", "xml"), asked.text("action")
    shown = quirked(answer, switches) if kind.lower() == "json" else answer
    return render(shown, kind, action, status, switches["version"])


def outcome(asked: Asked, settings: SandboxSettings) -> tuple[Answer, int]:
    """The answer with its HTTP status. A refusal undoes what the action did until then, unless it says otherwise."""
    kept: Refused | None = None
    try:
        with asked.store.write():
            try:
                return {"result": "success", **act(asked, access.check(asked, settings))}, 200
            except Refused as refusal:
                if not refusal.kept:
                    raise
                kept = refusal
    except Refused as refusal:
        kept = refusal
    return {"result": "error", "message": kept.message}, kept.status


def act(asked: Asked, action: str) -> Answer:
    known = spelling(action)
    if known is None:
        raise Refused(asked.quirks["unknown_action_words"], asked.quirks["unknown_action_status"])
    return ACTIONS[known](asked)
