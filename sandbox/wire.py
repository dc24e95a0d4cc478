"""Faults, latency and the journal of calls: in one place, between the network and every upstream alike."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from werkzeug.wrappers import Request, Response

from sandbox.faults import TRANSPORT, WORDED, Fault, FaultBook, UnknownName
from sandbox.http_faults import Answers, HttpCall
from sandbox.journal import Journal
from sandbox.late import Late
from sandbox.serving import WsgiApp

__all__ = ["Answers", "Fault", "Operation", "UnknownName", "Wire"]

Operation = Callable[[Request], str]
Names = Mapping[str, Collection[str]]


class Closable(Protocol):
    def open(self) -> None: ...
    def close(self) -> None: ...


class Wire:
    """`hold_ms` is how long a timeout fault holds a connection when it does not say so itself."""

    def __init__(self, hold_ms: int = 30_000, seed: int | None = None) -> None:
        self.late = Late(hold_ms)
        self._book = FaultBook(seed)
        self._latency: dict[str, int] = {}
        self._doors: dict[str, list[Closable]] = {}
        self._alarms: dict[str, list[Callable[[Fault], None]]] = {}
        self._lock = threading.Lock()
        self._journal = Journal()

    # -- for the upstreams

    def register(
        self,
        upstream: str,
        operations: Sequence[str],
        faults: Collection[str] = (),
        limits: Names | None = None,
        exempt: Names | None = None,
    ) -> None:
        """Make names known to /control. gRPC and SMTP upstreams say here which faults they honour; `wrap` says it for HTTP ones.

        `limits` names, by fault, the only operations that it hits; `exempt` those that it never touches, e.g. an expired session
        the login. A fault ordered for anything else is refused.
        """
        self._book.register(upstream, operations, faults, limits or {}, exempt or {})

    def door(self, upstream: str, door: Closable) -> None:
        """A port that `refuse` on `*` closes until the fault is deleted."""
        self._doors.setdefault(upstream, []).append(door)

    def alarm(self, upstream: str, call: Callable[[Fault], None]) -> None:
        """`call` learns of every fault that is set on this upstream, at once: for what goes wrong without being asked."""
        self._alarms.setdefault(upstream, []).append(call)

    def wrap(
        self, upstream: str, app: WsgiApp, operation: Operation, answers: Answers | None = None, exempt: Names | None = None
    ) -> WsgiApp:
        """Middleware of an HTTP upstream, to be registered before.

        `operation` names the call ("" = a person's page: no faults, no journal). `answers` words the upstream's own refusals by
        fault name; "error" words its 500. `exempt` is as in `register`.
        """
        worded = dict(answers or {})
        self.register(upstream, (), [*TRANSPORT, *(name for name in worded if name in WORDED)], exempt=exempt)

        def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            request = Request(environ)
            request.get_data()
            name = operation(request)
            environ["wsgi.input"].seek(0)
            if not name:
                return app(environ, start_response)  # type: ignore[no-any-return]
            return self._serve(upstream, name, HttpCall(app, environ, worded, self.late))(environ, start_response)

        return wrapped

    def pick(self, upstream: str, operation: str, only: Collection[str] = ()) -> Fault | None:
        """The fault that hits this call, counted as fired; `only` narrows it to the kinds that the caller can carry out here."""
        return self._book.pick(upstream, operation, only)

    def record(
        self, upstream: str, operation: str, correlation_id: str | None, status: int | str | None, fault: str | None, ms: float
    ) -> None:
        """One line of the journal; status None = no answer was given, or not all of it."""
        self._journal.note(upstream, operation, correlation_id, status, fault, round(ms, 1))

    def wait(self, upstream: str) -> None:
        """The latency set for this upstream."""
        if self._latency.get(upstream):
            time.sleep(self._latency[upstream] / 1000)

    # -- for the control

    def operations(self) -> dict[str, dict[str, list[str]]]:
        return {name: {"operations": [*reach.operations], "faults": sorted(reach.faults)} for name, reach in self._book.reach.items()}

    def set_fault(self, upstream: str, operation: str, fault: str, **more: Any) -> Fault:
        """Raises UnknownName for what could never fire."""
        with self._lock:
            made = self._book.add(upstream, operation, fault, **more)
            if made.shuts_the_door():
                # nothing can count the connections that a closed port turns away
                made.fired = 1
                for door in self._doors.get(upstream, []):
                    door.close()
        for call in self._alarms.get(upstream, []):
            call(made)
        return made

    def faults(self) -> list[Fault]:
        return self._book.all()

    def clear_faults(self, fault_id: int | None = None) -> int:
        with self._lock:
            gone = self._book.remove(fault_id)
            shut = {fault.upstream for fault in self._book.all() if fault.shuts_the_door()}
            for upstream in {fault.upstream for fault in gone if fault.shuts_the_door()} - shut:
                for door in self._doors.get(upstream, []):
                    door.open()
            return len(gone)

    def set_latency(self, upstream: str, ms: int) -> None:
        if upstream != "*" and upstream not in self._book.reach:
            raise UnknownName(f"unknown upstream: {upstream}")
        for name in self._book.reach if upstream == "*" else [upstream]:
            self._latency[name] = ms

    def calls(self, upstream: str | None = None, since: str | None = None) -> list[dict[str, Any]]:
        """Journal rows of one upstream or all, later than `since` (the `at` of a row)."""
        return self._journal.rows(upstream, since)

    def clear_calls(self) -> None:
        self._journal.clear()

    # -- one HTTP call

    def _serve(self, upstream: str, name: str, call: HttpCall) -> Response:
        began, fault, status = time.monotonic(), self.pick(upstream, name), None
        try:
            if fault is None or fault.fault != "refuse":
                self.wait(upstream)
            response = call.suffer(fault) if fault else call.run()
            status = response.status_code
            return response
        finally:
            ms = (time.monotonic() - began) * 1000
            self.record(upstream, name, call.environ.get("HTTP_X_CORRELATION_ID"), status, fault.fault if fault else None, ms)
