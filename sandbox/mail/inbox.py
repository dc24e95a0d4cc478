"""The inbox: every message of every person, readable in a browser and as JSON, until it is deleted."""

import base64
import re

from flask import Blueprint, Flask, abort, current_app, jsonify, redirect, render_template, request
from flask import Response as FlaskResponse
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from sandbox import doors
from sandbox.mail import account, messages
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store
from sandbox.wire import Wire

inbox = Blueprint("inbox", __name__)
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
LISTED = 200
# a mail is a stranger's page: no scripts, nothing fetched, and its frame has the same rules
CAREFUL = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def build(store: Store, wire: Wire, settings: SandboxSettings) -> WsgiApp:
    """The pages are read by people and tests, not by the portal: the wire leaves them alone."""
    app = Flask(__name__, static_folder=None)
    app.extensions["store"] = store
    app.config["PROPAGATE_EXCEPTIONS"] = True  # the server answers what goes wrong, a full disk too
    app.register_blueprint(inbox)
    doors.tell(app, "/sandbox/")
    account.SWITCHES.attach(app, account.PATH, store)
    app.after_request(careful)
    return app


def careful(answer: FlaskResponse) -> FlaskResponse:
    answer.headers.update(CAREFUL)
    return answer


def the_store() -> Store:
    held: Store = current_app.extensions["store"]
    return held


def asked_for() -> list[Doc]:
    return messages.addressed(the_store(), request.args.get("to", ""))


def held(number: int) -> Doc:
    doc = the_store().get(messages.KIND, str(number))
    if doc is None:
        abort(404)
    return doc


@inbox.get("/")
def home() -> Response:
    return redirect("/mail")


@inbox.get("/mail")
def listed() -> str:
    return render_template("inbox.html", messages=asked_for()[: -LISTED - 1 : -1], to=request.args.get("to", ""))


@inbox.get("/mail/messages.json")
def every() -> Response:
    return jsonify([messages.shown(doc) for doc in asked_for()])


@inbox.get("/mail/<int:number>")
def one(number: int) -> str:
    doc = held(number)
    return render_template("message.html", message=messages.shown(doc), text=linked(doc["text"] or ""))


@inbox.get("/mail/<int:number>.json")
def one_as_json(number: int) -> Response:
    return jsonify(messages.shown(held(number)))


@inbox.get("/mail/<int:number>/raw")
def source(number: int) -> Response:
    return Response(raw(held(number)), mimetype="text/plain")


@inbox.get("/mail/<int:number>/attachments/<int:place>")
def attachment(number: int, place: int) -> Response:
    """Never opened by the browser: it is a stranger's file."""
    parts = messages.attached(messages.parse(raw(held(number))))
    if place >= len(parts):
        abort(404)
    return Response(messages.content(parts[place]), mimetype="application/octet-stream", headers={"Content-Disposition": "attachment"})


@inbox.delete("/mail/<int:number>")
def delete(number: int) -> tuple[str, int]:
    messages.remove(the_store(), [held(number)])
    return "", 204


@inbox.delete("/mail/messages.json")
def clear() -> Response:
    return jsonify(deleted=messages.remove(the_store(), asked_for()))


@inbox.post("/mail/<int:number>/deletion")
def delete_by_hand(number: int) -> Response:
    messages.remove(the_store(), [held(number)])
    return redirect("/mail")


@inbox.post("/mail/deletion")
def clear_by_hand() -> Response:
    messages.remove(the_store(), asked_for())
    return redirect("/mail")


def linked(text: str) -> Markup:
    """The text with its addresses clickable; everything is escaped."""
    parts, end = [], 0
    for match in LINK.finditer(text):
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def raw(doc: Doc) -> bytes:
    return base64.b64decode(doc["raw"])
