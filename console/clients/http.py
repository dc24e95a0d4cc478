"""HTTP to an upstream: one deadline, one log event and one reading of failures for every call."""

from __future__ import annotations

import ssl
import time
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from console.clients.deadline import Call, DeadlineAdapter, deadline
from console.clock import now
from console.errors import Ambiguous, Misconfigured, Rejected, Throttled, Unavailable, UpstreamError
from console.log import correlation_id, logger

log = logger(__name__)
BODY_LIMIT = 10_000_000


class TooLarge(requests.RequestException):
    """An answer longer than any that we expect."""


class Http:
    """Calls to one upstream. An answer of any status is given back whole; what is not a whole answer raises a house error.

    Connections are kept alive and shared by threads. Redirects are not followed, cookies not kept (a cart that lives in a PHP
    session must not be shared by two orders), nothing is ever sent twice."""

    def __init__(
        self,
        upstream: str,
        base_url: str,
        *,
        connect_s: float,
        total_s: float,
        ca_file: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.upstream, self._base, self._connect_s, self._total_s = upstream, base_url.rstrip("/"), connect_s, total_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.headers.update(headers or {})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, DeadlineAdapter())

    def call(self, method: str, path: str, *, operation: str, mutates: bool, **request: Any) -> requests.Response:
        """One request and its whole answer; `path` is joined to the base address unless it is an address itself."""
        started = time.monotonic()
        try:
            response = self._exchange(method, path, mutates, request)
        except UpstreamError as failure:
            self._note(operation, started, None, failure.code)
            raise
        self._note(operation, started, response.status_code, None)
        return response

    def _exchange(self, method: str, path: str, mutates: bool, request: dict[str, Any]) -> requests.Response:
        request["headers"] = {**self._session.headers, **(request.get("headers") or {}), **_correlation()}
        address = path if path.startswith(("http://", "https://")) else self._base + path
        with deadline(self._total_s) as call:
            try:
                # not Session.request: to merge settings that are never there takes a sixth of a call's CPU
                prepared = requests.Request(method, address, **request).prepare()
                timeout = (min(self._connect_s, call.left()), call.left())
                response = self._session.send(prepared, timeout=timeout, allow_redirects=False, stream=True)
                _read(response)
            except (requests.RequestException, OSError) as failure:
                raise self._failure(failure, call, mutates) from failure
        return response

    def _failure(self, failure: Exception, call: Call, mutates: bool) -> UpstreamError:
        if any(isinstance(link, ssl.SSLCertVerificationError) for link in _chain(failure)):
            return Misconfigured(self.upstream, "certificate")
        if isinstance(failure, ValueError) or type(failure) is OSError:  # no address, or no file of certificates
            return Misconfigured(self.upstream, "address", type(failure).__name__)
        code = _word(failure, call.sent)
        return unclear(self.upstream, mutates and call.sent, code, type(failure).__name__)

    def _note(self, operation: str, started: float, status: int | None, code: str | None) -> None:
        log.info(
            "upstream_call",
            upstream=self.upstream,
            operation=operation,
            status=status,
            code=code,
            ms=round((time.monotonic() - started) * 1000),
        )


def unclear(upstream: str, mutates: bool, code: str, text: str = "") -> UpstreamError:
    """The error for an answer that says nothing: Ambiguous when an effect is possible, else Unavailable."""
    return (Ambiguous if mutates else Unavailable)(upstream, code, text)


def refusal(upstream: str, response: requests.Response, mutates: bool, code: str = "", text: str = "") -> UpstreamError:
    """What an answer that is not a success means by its status alone; `code` is the upstream's own word for it."""
    status, code = response.status_code, code or f"http_{response.status_code}"
    if status == 429 or (status == 503 and not mutates and "Retry-After" in response.headers):
        return Throttled(upstream, code, text, retry_after(response))
    if status >= 500 or status < 300:
        return unclear(upstream, mutates, code, text)
    if status in (401, 403, 407) or status < 400:
        return Misconfigured(upstream, code, text)
    return Rejected(upstream, code, text)


def parsed(upstream: str, response: requests.Response, mutates: bool, **decoding: Any) -> Any:
    """The answer's JSON; HTML, a truncated or any other text is an answer that says nothing."""
    try:
        return response.json(**decoding)
    except ValueError as failure:
        raise unclear(upstream, mutates, "malformed") from failure


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait as the answer says, in either of the header's two forms."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max((parsedate_to_datetime(said) - now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _read(response: requests.Response) -> None:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > BODY_LIMIT:
            response.close()
            raise TooLarge
    response._content = bytes(body)


def _correlation() -> dict[str, str]:
    return {"X-Correlation-Id": correlation_id()} if correlation_id() else {}


def _word(failure: Exception, sent: bool) -> str:
    if isinstance(failure, TooLarge):
        return "too_large"
    if isinstance(failure, requests.Timeout) or any(isinstance(link, TimeoutError) for link in _chain(failure)):
        return "timeout" if sent else "connect_timeout"
    return "reset" if sent else "connect"


def _chain(failure: BaseException) -> list[BaseException]:
    """The failure and all that it was made from: requests and urllib3 keep causes in `args` and `reason` too."""
    found: list[BaseException] = []
    queue: list[object] = [failure]
    while queue:
        link = queue.pop()
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            queue += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found
