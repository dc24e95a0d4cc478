"""Reading doors of the control: truth, calls, operations."""

import json
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.asking import Wrong
from sandbox.control.backstage import Backstage
from sandbox.control.summary import summary
from sandbox.control.truth import truth


def attach(app: Flask, backstage: Backstage) -> None:
    wire = backstage.wire

    @app.get("/control/truth")
    def told() -> Response:
        if "summary" not in request.args:
            return _quick(truth(backstage.store, request.args.get("sf_order_id")))
        if request.args["summary"] != "1" or "sf_order_id" in request.args:
            raise Wrong("summary=1 stands alone")
        return _quick({**summary(backstage.store), "pending_effects": wire.late.pending()})

    @app.get("/control/calls")
    def calls() -> Response:
        return jsonify(wire.calls(request.args.get("upstream") or None, request.args.get("since") or None))

    @app.delete("/control/calls")
    def clear_calls() -> Response:
        wire.clear_calls()
        return jsonify(cleared=True)

    @app.get("/control/operations")
    def operations() -> Response:
        return jsonify(wire.operations())


def _quick(answer: Any) -> Response:
    """Flask would sort the keys of thousands of records."""
    return Response(json.dumps(answer, ensure_ascii=False), mimetype="application/json")
