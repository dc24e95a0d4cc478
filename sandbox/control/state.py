"""Doors for the world as a whole: its clock, its saved states, and where the mobile provider's events go."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify

from sandbox import clock
from sandbox.asking import Wrong, asked
from sandbox.control.backstage import Backstage
from sandbox.gigs import callbacks

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
FARTHEST_S = 10 * 365 * 86_400


def attach(app: Flask, backstage: Backstage) -> None:
    _clock(app, backstage)
    _saved(app, backstage)
    _callbacks(app, backstage)


def _clock(app: Flask, backstage: Backstage) -> None:
    def shown() -> Response:
        return jsonify(now=clock.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z"), ahead_s=clock.ahead_s())

    app.add_url_rule("/control/clock", "clock", shown)

    @app.post("/control/clock")
    def advance() -> Response:
        seconds = asked({"advance_s": (int, float)})["advance_s"]
        # two comparisons: a whole number may be too large to be added
        if not (-FARTHEST_S <= seconds <= FARTHEST_S and 0 <= clock.ahead_s() + seconds <= FARTHEST_S):
            raise Wrong("the clock is never behind the real time, and at most ten years ahead")
        clock.advance(backstage.store, seconds)
        return shown()


def _saved(app: Flask, backstage: Backstage) -> None:
    @app.get("/control/snapshot")
    def snapshots() -> Response:
        return jsonify(snapshots=sorted(path.stem for path in backstage.saved.glob("*.db")))

    @app.post("/control/snapshot")
    def snapshot() -> Response:
        path = _path(backstage)
        backstage.saved.mkdir(exist_ok=True)
        backstage.store.save(path)
        return jsonify(name=path.stem)

    @app.post("/control/restore")
    def restore() -> Response:
        path = _path(backstage)
        if not path.exists():
            raise Wrong("no such snapshot", 404)
        backstage.wire.late.cancel()
        backstage.store.restore(path)
        clock.recall(backstage.store)
        return jsonify(name=path.stem)


def _path(backstage: Backstage) -> Path:
    name = asked({"name": str})["name"]
    if not NAME.fullmatch(name):
        raise Wrong("a name has letters, digits, _ and -, at most 64")
    return backstage.saved / f"{name}.db"


def _callbacks(app: Flask, backstage: Backstage) -> None:
    store = backstage.store

    def shown() -> Response:
        return jsonify(mobile=callbacks.target(store), pending=len(store.keys(callbacks.KIND)))

    app.add_url_rule("/control/callbacks", "callbacks", shown)

    @app.post("/control/callbacks")
    def direct() -> Response:
        url = asked({"mobile": str})["mobile"]
        if url and not _is_address(url):
            raise Wrong('mobile is an http(s) address, or "" for none')
        callbacks.direct(store, url, backstage.mobile_project)
        return shown()


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isprintable() and " " not in text
    except ValueError:
        return False
