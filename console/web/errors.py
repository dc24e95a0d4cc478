"""Errors as pages in the person's words; an upstream's text never reaches a person, a reference does."""

from __future__ import annotations

import json

from flask import Flask, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from console.errors import Misconfigured, Refused, UpstreamError
from console.log import correlation_id, logger
from console.models import database
from console.web import problems, refusals
from console.web.auth import safe_path
from console.web.refusals import Words

_log = logger("console.web")
# the problem's code by status, where no refusal names one
CODES = {
    400: "malformed", 401: "login_required", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large",
    415: "not_json", 429: "too_many_requests",
}  # fmt: skip


def init_app(app: Flask) -> None:
    app.register_error_handler(Refused, refused)
    app.register_error_handler(UpstreamError, upstream_failed)
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, our_fault)
    app.before_request(refuse_nul)


def refuse_nul() -> None:
    """No person types a NUL, and PostgreSQL cannot even compare with one."""
    given = (request.path, *request.args.values(), *request.form.values())
    if any("\0" in text for text in given):
        abort(400)


def refused(error: Refused) -> ResponseReturnValue:
    found = error.detail.get("evidence") or error.detail.get("effects")
    evidence = json.dumps(found, indent=2, ensure_ascii=False, default=str) if found else ""
    return page(refusals.BY_CODE.get(error.code, refusals.UNKNOWN), code=error.code, evidence=evidence)


def upstream_failed(error: UpstreamError) -> ResponseReturnValue:
    level = "error" if isinstance(error, Misconfigured) else "warning"
    getattr(_log, level)("upstream_failed", upstream=error.upstream, code=error.code, error_class=type(error).__name__)
    title, what = refusals.UPSTREAM_TITLE, refusals.UPSTREAM.get(error.upstream, refusals.UPSTREAM_OTHER)
    return page(Words(503, title, what), code="upstream_unavailable", hope=str(refusals.UPSTREAM_HOPE), retry_after="30")


def form_too_old(error: CSRFError) -> ResponseReturnValue:
    _log.info("form_refused", reason=str(error.description))
    return page(refusals.FORM_TOO_OLD, code="csrf")


def http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:  # a redirect that werkzeug raises
        return error
    if status >= 500:  # also where the page of another error broke
        _stand_alone()
    words = refusals.HTTP.get(status, refusals.HTTP[400 if status < 500 else 500])
    told = dict(error.get_headers())
    answer = make_response(page(Words(status, words.title, words.text), retry_after=told.get("Retry-After")))
    if "Allow" in told:
        answer.headers["Allow"] = told["Allow"]
    return answer


def our_fault(error: Exception) -> ResponseReturnValue:
    """The outermost boundary of a request: logged with its stack, answered with a reference."""
    _log.error("request_failed", error_class=type(error).__name__, exc_info=error)
    _stand_alone()
    return page(refusals.HTTP[500])


def _stand_alone() -> None:
    """The page of our own fault asks the database for nothing; a connection that broke is not used again."""
    g.broken = True
    if not database.is_closed() and not database.in_transaction():
        database.close()


def page(words: Words, *, code: str = "", hope: str = "", retry_after: str | None = None, evidence: str = "") -> ResponseReturnValue:
    """The error page of these words, with a way back where there is one; for who speaks JSON the problem."""
    if problems.speaks_json():
        code = code or CODES.get(words.status, "internal_error" if words.status >= 500 else "malformed")
        answer = problems.answer(words.status, code, str(words.title), f"{words.text} {hope}".strip())
    else:
        back = safe_path(request.referrer, own_host=request.host)
        html = render_template("errors/show.html", words=words, hope=hope, evidence=evidence, back=back, reference=correlation_id())
        answer = make_response(html, words.status)
    if retry_after:
        answer.headers["Retry-After"] = retry_after
    return answer
