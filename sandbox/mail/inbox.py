"""The inbox: every message of every person, readable in a browser and as JSON."""

import base64
import re

from flask import Flask, abort, jsonify, redirect, render_template, request
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from sandbox.mail.messages import KIND, addressed, shown
from sandbox.serving import WsgiApp
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store
from sandbox.wire import Wire

LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
LISTED = 200


def build(store: Store, wire: Wire, settings: SandboxSettings) -> WsgiApp:
    """The pages are read by people and tests, not by the portal: the wire leaves them alone."""
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", "home", lambda: redirect("/mail"))
    app.add_url_rule("/mail", "inbox", lambda: inbox(store))
    app.add_url_rule(
        "/mail/messages.json", "messages", lambda: jsonify([shown(doc) for doc in addressed(store, request.args.get("to", ""))])
    )
    app.add_url_rule("/mail/<int:number>", "message", lambda number: message(store, number))
    app.add_url_rule("/mail/<int:number>/raw", "raw", lambda number: source(store, number))
    return app


def inbox(store: Store) -> str:
    to = request.args.get("to", "")
    return render_template("inbox.html", messages=addressed(store, to)[: -LISTED - 1 : -1], to=to)


def held(store: Store, number: int) -> Doc:
    doc = store.get(KIND, str(number))
    if doc is None:
        abort(404)
    return doc


def message(store: Store, number: int) -> str:
    doc = held(store, number)
    return render_template("message.html", message=doc, text=linked(doc["text"] or ""))


def linked(text: str) -> Markup:
    """The text with its addresses clickable; everything is escaped."""
    parts, end = [], 0
    for match in LINK.finditer(text):
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def source(store: Store, number: int) -> Response:
    return Response(base64.b64decode(held(store, number)["raw"]), mimetype="text/plain")
