"""Doors by which upstreams are made to fail and to be slow."""

import re
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.asking import Wrong, asked
from sandbox.control.backstage import Backstage
from sandbox.salesforce.pubsub.calls import UPSTREAM as PUBSUB
from sandbox.salesforce.pubsub.faults import SAYABLE
from sandbox.wire import UnknownName, Wire

NUMBER = (int, float)
MOST, LONGEST_MS = 10**9, 24 * 3_600_000
FAULT: dict[str, Any] = {"count": int, "probability": NUMBER, "delay_ms": int, "seed": int, "code": str, "message": str}
# what a code may look like where it is a number
CODES = {"smtp_4xx": "4[0-9]{2}", "smtp_5xx": "5[0-9]{2}"}
MOST_DIGITS = 18
REPLY = "[45][0-9]{2}"


def attach(app: Flask, backstage: Backstage) -> None:
    wire = backstage.wire
    _setting(app, wire)

    @app.get("/control/faults")
    def faults() -> Response:
        return jsonify([fault.row() for fault in wire.faults()])

    @app.delete("/control/faults")
    def clear_faults() -> Response:
        chosen = request.args.get("id")
        if chosen is not None and not (chosen.isascii() and chosen.isdecimal() and len(chosen) <= MOST_DIGITS):
            raise Wrong("id must be a number")
        return jsonify(removed=wire.clear_faults(int(chosen) if chosen else None))

    @app.delete("/control/faults/<int:fault_id>")
    def clear_fault(fault_id: int) -> Response:
        return jsonify(removed=wire.clear_faults(fault_id))


def _setting(app: Flask, wire: Wire) -> None:
    @app.post("/control/faults")
    def set_fault() -> Response:
        order = asked({"upstream": str, "operation": str, "fault": str}, FAULT)
        _sensible(order)
        try:
            return jsonify(id=wire.set_fault(**order).id)
        except UnknownName as error:
            raise Wrong(str(error)) from error

    @app.post("/control/latency")
    def latency() -> Response:
        order = asked({"upstream": str, "ms": int})
        if not 0 <= order["ms"] <= LONGEST_MS:
            raise Wrong(f"ms is from 0 to {LONGEST_MS}")
        try:
            wire.set_latency(order["upstream"], order["ms"])
        except UnknownName as error:
            raise Wrong(str(error)) from error
        return jsonify(order)


def _sensible(order: dict[str, Any]) -> None:
    """A fault that could never fire is refused like an unknown name."""
    if "count" in order and "probability" in order:
        raise Wrong("count or probability, not both")
    if not 1 <= order.get("count", 1) <= MOST or not 0 < order.get("probability", 1) <= 1:
        raise Wrong(f"count is from 1 to {MOST}, probability above 0 and at most 1")
    if not 0 <= order.get("delay_ms", 0) <= LONGEST_MS:
        raise Wrong(f"delay_ms is from 0 to {LONGEST_MS}")
    _speakable(order)


def _speakable(order: dict[str, Any]) -> None:
    """What a fault says must be something that can be said there."""
    mail = order["upstream"] == "mail"
    form = CODES.get(order["fault"], REPLY if mail else ".*")
    if "code" in order and not re.fullmatch(form, order["code"], re.DOTALL):
        raise Wrong(f"code of {order['fault']} must match {form}")
    if order["upstream"] == PUBSUB and order.get("code", "INTERNAL") not in SAYABLE:
        raise Wrong(f"code of {order['fault']} must match an error code of Pub/Sub API (without what all begin with) or a gRPC status")
    if mail and not order.get("message", "-").isprintable():
        raise Wrong("message is one line for mail")
