"""One line per request: the route and never the address, so that no token, id or search term is written."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

from console.log import logger

_log = logger("console.web")


def init_app(app: Flask) -> None:
    @app.before_request
    def _begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def _end(answer: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unknown"
        ms = round((time.monotonic() - g.get("began", time.monotonic())) * 1000)
        if request.endpoint != "static":
            _log.info("request", method=request.method, path=route, status=answer.status_code, ms=ms)
        return answer
