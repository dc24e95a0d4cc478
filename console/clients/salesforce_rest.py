"""Calls to Salesforce REST through simple_salesforce: deadlines, one renewal of a dead session, errors by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import requests

from console.clients.http import Http, parsed, refusal, unclear
from console.clients.salesforce_library import format_soql, simple_salesforce
from console.clients.salesforce_records import Session
from console.clients.salesforce_session import UPSTREAM, Sessions
from console.errors import AlreadyDone, Misconfigured, Rejected, Throttled, Unavailable, UpstreamError
from console.log import redact

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce as SimpleSalesforce

# Definite answers that nothing was done, and that it may work when asked again.
_PASSING = {"UNABLE_TO_LOCK_ROW"}
# Answers that leave open whether a write was done.
_DOUBTFUL = {"QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"}
_MISCONFIGURED = {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "API_DISABLED_FOR_ORG"}
# What the innocent parts of a rolled-back request say.
_INNOCENT = {"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}


class _Expired(Exception):
    """The session is dead; surely nothing was done."""


class _Through(requests.Session):
    """The session that simple_salesforce is given: all it sends goes through our Http, all refusals become house errors."""

    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http

    def request(  # type: ignore[override]
        self, method: str, url: str, *, operation: str, mutates: bool, **request: Any
    ) -> requests.Response:
        response = self._http.call(method, url, operation=operation, mutates=mutates, **request)
        if response.status_code == 401:
            raise _Expired
        if response.status_code >= 300:
            raise _refused(response, mutates)
        if response.status_code != 204 and not isinstance(parsed(UPSTREAM, response, mutates), (dict, list)):
            raise unclear(UPSTREAM, mutates, "malformed")
        return response


class Rest:
    """The org's REST API. Every method names its operation, for the log, and says whether it changes anything."""

    def __init__(self, http: Http, sessions: Sessions, api_version: str) -> None:
        self._through, self._sessions, self._version = _Through(http), sessions, api_version
        self._made: tuple[Session, SimpleSalesforce] | None = None

    def send(self, method: str, path: str, *, operation: str, mutates: bool, **request: Any) -> Any:
        """The JSON answer of a call below /services/data/vXX.X/, None where it is empty."""
        return self._repeated(lambda org: org.restful(path, method=method, operation=operation, mutates=mutates, **request))

    def query(self, soql: str, *values: object) -> Iterator[dict[str, Any]]:
        """The records of all pages; the values are quoted into the query's `{}`."""
        text = format_soql(soql, *values)
        return self.pages(self._repeated(lambda org: org.query(text, operation="query", mutates=False)))

    def pages(self, page: Any) -> Iterator[dict[str, Any]]:
        """The records of this page of a query, or of a child list, and of those that follow it."""
        while True:
            if not isinstance(page, dict) or not isinstance(page.get("records"), list):
                raise Unavailable(UPSTREAM, "malformed", "a query's answer without records")
            yield from page["records"]
            if page.get("done", True):
                return
            page = self._more(str(page.get("nextRecordsUrl")))

    def composite(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """All parts or none, in one call; `url` of a part is below /services/data/vXX.X/. Every part of the answer is looked at."""
        numbered = [{**part, "url": f"/services/data/v{self._version}/{part['url']}"} for part in parts]
        answer = self.send("POST", "composite", operation="composite", mutates=True, json={"allOrNone": True, "compositeRequest": numbered})
        results = answer.get("compositeResponse") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != len(parts):
            raise unclear(UPSTREAM, True, "malformed")
        problems = [problem for result in results for problem in _problems(result.get("body"))]
        failed = [int(result.get("httpStatusCode") or 500) for result in results]
        if problems or max(failed) >= 300:
            raise _error(problems, max(failed), True)

    def _more(self, url: str) -> Any:
        return self._repeated(lambda org: org.query_more(url, identifier_is_url=True, operation="query", mutates=False))

    def _repeated(self, ask: Callable[[SimpleSalesforce], Any]) -> Any:
        session = self._sessions.current()
        try:
            return ask(self._org(session))
        except _Expired:
            session = self._sessions.renew(session)
        try:
            return ask(self._org(session))
        except _Expired as failure:
            raise Misconfigured(UPSTREAM, "expired_session", "a fresh session was refused") from failure

    def _org(self, session: Session) -> SimpleSalesforce:
        made = self._made
        if made is None or made[0] != session:
            org = simple_salesforce(
                session_id=session.token,
                instance_url=session.instance_url,
                version=self._version,
                session=self._through,
                parse_float=Decimal,
                object_pairs_hook=dict,
            )
            made = self._made = (session, org)
        return made[1]


def _refused(response: requests.Response, mutates: bool) -> UpstreamError:
    try:
        problems = _problems(response.json())
    except ValueError:
        problems = []
    if problems:
        return _error(problems, response.status_code, mutates)
    return refusal(UPSTREAM, response, mutates)


def _problems(body: Any) -> list[tuple[str, str]]:
    """(code, message) of every error in an answer, whichever of Salesforce's three shapes it has."""
    if isinstance(body, dict):
        return _problems(body.get("results") or body.get("errors") or [])
    rows = [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []
    own = [(str(row.get("errorCode") or row.get("statusCode")), str(row.get("message") or "")) for row in rows if _has_code(row)]
    return own + [problem for row in rows if not _has_code(row) for problem in _problems(row.get("errors"))]


def _has_code(row: Mapping[str, Any]) -> bool:
    return "errorCode" in row or "statusCode" in row


def _error(problems: list[tuple[str, str]], status: int, mutates: bool) -> UpstreamError:
    code, message = next((problem for problem in problems if problem[0] not in _INNOCENT), (problems or [("UNKNOWN_EXCEPTION", "")])[0])
    text = redact(message)
    if code == "DUPLICATE_VALUE":
        return AlreadyDone(UPSTREAM, code, text)
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Throttled(UPSTREAM, code, text)
    if code in _PASSING:
        return Unavailable(UPSTREAM, code, text)
    if code in _DOUBTFUL or status >= 500:
        return unclear(UPSTREAM, mutates, code, text)
    if code in _MISCONFIGURED or code.startswith("INSUFFICIENT_ACCESS"):
        return Misconfigured(UPSTREAM, code, text)
    return Rejected(UPSTREAM, code, text)
