"""How WHMCS answers: its six ways to write a list, its numbers as text, its refusals as sentences."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import requests

from console.clients.http import parsed, refusal, unclear
from console.errors import Misconfigured, Rejected, Unavailable, UpstreamError
from console.log import redact

UPSTREAM = "whmcs"
T = TypeVar("T")

# Sentences by a part of them, compared without case (which differs from action to action), to words of ours. First match wins.
_REFUSALS = {
    "user already exists": "email_taken",
    "not available for use": "email_taken",
    "duplicate email": "email_taken",
    "client id not found": "client_not_found",
    "user id not found": "user_not_found",
    "invalid user id requested": "user_not_found",
    "client not found": "client_not_found",
    "invalid client id": "client_not_found",
    "client status is closed": "client_closed",
    "invalid payment method": "payment_method_invalid",
    "no items added to cart": "nothing_added",
    "order id not found or status not pending": "order_not_pending",
    "order id not found": "order_not_found",
    "service id not found": "service_not_found",
    "expecting parameter": "parameter_not_array",
    "email address you entered": "email_invalid",
    "email address entered": "email_invalid",
    "valid country required": "country_invalid",
    "invalid telephone": "phone_invalid",
    "required custom field": "custom_field_required",
    "you did not enter": "field_missing",
    "sso authentication blocked": "sso_blocked",
    "token could not be provisioned": "sso_not_provisioned",
    "invalid client_id": "sso_client_invalid",
    "invalid user_id": "sso_client_invalid",
    "invalid destination": "sso_destination_invalid",
}
# Refusals of ourselves rather than of the request.
_OURS = {
    "invalid ip": "ip_not_allowed",
    "forbidden ip": "ip_not_allowed",
    "invalid or missing credentials": "credentials",
    "authentication failed": "credentials",
    "invalid password": "credentials",
    "administrator account disabled": "admin_disabled",
    "access denied": "access_denied",
    "invalid permissions": "action_not_allowed",
    "restricted to internal api": "action_not_allowed",
    "empty action request": "action_unknown",
    "action could not be found": "action_unknown",
    "command not found": "action_unknown",
}


def checked(response: requests.Response, mutates: bool) -> dict[str, Any]:
    """The answer of a success; anything else as a house error."""
    if response.status_code >= 500 or response.status_code == 429 or 300 <= response.status_code < 400:
        raise refusal(UPSTREAM, response, mutates)
    answer = _object(response, mutates)
    if response.status_code == 200 and (answer.get("result") or answer.get("status")) == "success":
        return answer
    raise _refused(response, str(answer.get("message") or ""), mutates)


def _object(response: requests.Response, mutates: bool) -> dict[str, Any]:
    if response.status_code >= 400 and "json" not in response.headers.get("Content-Type", ""):
        raise Misconfigured(UPSTREAM, f"http_{response.status_code}", "not an answer of the API: is the address right?")
    answer = parsed(UPSTREAM, response, mutates)
    if not isinstance(answer, dict) or not (answer.get("result") or answer.get("status")):
        raise unclear(UPSTREAM, mutates, "malformed")
    return answer


def _refused(response: requests.Response, message: str, mutates: bool) -> UpstreamError:
    ours = _word(_OURS, message)
    if ours or response.status_code in (401, 403):
        return Misconfigured(UPSTREAM, ours or f"http_{response.status_code}", redact(message))
    return Rejected(UPSTREAM, _word(_REFUSALS, message) or "whmcs_error", redact(message))


def _word(sentences: Mapping[str, str], message: str) -> str:
    said = " ".join(message.lower().split())
    return next((word for part, word in sentences.items() if part in said), "")


def rows(container: Any, singular: str = "") -> list[dict[str, Any]]:
    """A list in any of its forms: "", [], {}, absent, `{singular: […]}`, `{"0": …}`, or one bare row."""
    if isinstance(container, dict):
        if singular in container:
            return rows(container[singular])
        if all(key.isdecimal() for key in container):
            return [row for _, row in sorted(container.items(), key=lambda pair: int(pair[0])) if isinstance(row, dict)]
        return [container]
    return [row for row in container if isinstance(row, dict)] if isinstance(container, list) else []


def text(row: Mapping[str, Any], *names: str) -> str:
    """The first of these that is set, with the entities that WHMCS stores undone."""
    found = next((row[name] for name in names if row.get(name) not in (None, "")), "")
    return html.unescape(str(found)).strip()


def number(row: Mapping[str, Any], name: str) -> int:
    """An id or counter, which comes as int or as text."""
    return _read(int, row.get(name), name)


def number_or_none(row: Mapping[str, Any], name: str) -> int | None:
    """An id that may be missing: None for "", "0", 0, null and no key."""
    return number(row, name) or None if row.get(name) not in (None, "") else None


def numbers(row: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """Ids in one text, "1,2", or a single one."""
    return tuple(_read(int, part, name) for part in str(row.get(name) or "").split(",") if part.strip())


def money(row: Mapping[str, Any], name: str) -> Decimal:
    """An amount, "1100.00", or with the currency around it as some rows have it."""
    return _read(Decimal, re.sub(r"[^0-9.-]", "", str(row.get(name, ""))), name)


def _read(kind: Callable[[Any], T], value: Any, name: str) -> T:
    try:
        return kind(value)
    except (ValueError, TypeError, InvalidOperation) as failure:
        raise Unavailable(UPSTREAM, "malformed", f"{name} is not a number") from failure
