"""What each fault does to one HTTP call: whether it takes effect, and what the client gets instead of its answer."""

import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.faults import ANY, Fault
from sandbox.late import Late
from sandbox.saying import complain
from sandbox.serving import HangUp, WsgiApp

Answers = Mapping[str, Callable[[Fault, Request], Response]]
PAGE = "<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body><h1>Down for maintenance</h1></body></html>"
BUSY = "<html><head><title>503</title></head><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
UNSTORED = Fault(0, ANY, ANY, "error_before")
# no JSON text and no XML text goes on like this
UNREADABLE = b",]"


@dataclass(frozen=True)
class HttpCall:
    """A call that reached an upstream: `answers` is how that upstream words its own refusals."""

    app: WsgiApp
    environ: dict[str, Any]
    answers: Answers
    late: Late

    def run(self) -> Response:
        """Carried out as if nothing were wrong. What cannot be stored, as on a full disk, is the upstream's own 500."""
        try:
            return Response.from_app(self.app, self.environ, buffered=True)
        except sqlite3.OperationalError as error:
            complain(f"nothing was stored: {error}")
            self.environ["wsgi.input"].seek(0)
            return _error(self, UNSTORED)

    def suffer(self, fault: Fault) -> Response:
        """Raises HangUp where the client gets no answer, or not all of it."""
        return DEEDS.get(fault.fault, _worded)(self, fault)


def _reset(call: HttpCall, fault: Fault) -> Response:
    raise HangUp(reset=True)


def _timeout_before(call: HttpCall, fault: Fault) -> Response:
    call.late.hold(fault)
    raise HangUp(reset=False)


def _timeout_after(call: HttpCall, fault: Fault) -> Response:
    call.run()
    return _timeout_before(call, fault)


def _late_effect(call: HttpCall, fault: Fault) -> Response:
    call.late.do(fault, call.run)
    raise HangUp(reset=False)


def _error(call: HttpCall, fault: Fault) -> Response:
    return call.answers.get("error", _server_error)(fault, Request(call.environ))


def _error_after(call: HttpCall, fault: Fault) -> Response:
    call.run()
    call.environ["wsgi.input"].seek(0)
    return _error(call, fault)


def _html(call: HttpCall, fault: Fault) -> Response:
    return Response(PAGE, 200, mimetype="text/html")


def _bad_json(call: HttpCall, fault: Fault) -> Response:
    """The whole answer, of its full length, but nobody can read it; one that has no body gets one."""
    answer = call.run()
    answer.set_data(answer.get_data()[:-1] + UNREADABLE)
    if answer.status_code == 204:
        answer.status_code = 200
        answer.content_type = "application/json"
    return answer


def _truncated(call: HttpCall, fault: Fault) -> Response:
    raise HangUp(reset=False, half_of=call.run())


def _slow(call: HttpCall, fault: Fault) -> Response:
    call.late.hold(fault, share=1 / 3)
    return call.run()


def _worded(call: HttpCall, fault: Fault) -> Response:
    return call.answers.get(fault.fault, _busy)(fault, Request(call.environ))


def _server_error(fault: Fault, request: Request) -> Response:
    return Response(fault.message or "Internal Server Error", 500, mimetype="text/plain")


def _busy(fault: Fault, request: Request) -> Response:
    """How a proxy in front throttles, for an upstream that has no words for it."""
    return Response(BUSY, 503, {"Retry-After": retry_after(fault)}, mimetype="text/html")


def retry_after(fault: Fault) -> str:
    """`delay_ms` of a throttle, in whole seconds as the header takes them."""
    return str(max(1, math.ceil((fault.delay_ms or 0) / 1000)))


DEEDS: dict[str, Callable[[HttpCall, Fault], Response]] = {
    "refuse": _reset,
    "reset": _reset,
    "timeout_before": _timeout_before,
    "timeout_after": _timeout_after,
    "late_effect": _late_effect,
    "error_before": _error,
    "error_after": _error_after,
    "html": _html,
    "bad_json": _bad_json,
    "truncated": _truncated,
    "slow": _slow,
}
