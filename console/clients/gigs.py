"""The mobile provider Gigs, in neutral verbs: users, activations and the credentials of their eSIMs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from console.clients.deadline import one_deadline
from console.clients.http import Http, parsed, refusal, unclear
from console.errors import Misconfigured, OutOfStock, Rejected, Unavailable, UpstreamError
from console.log import redact

UPSTREAM = "mobile"
_EVERY_STATUS = "pending,initiated,active,restricted,ended"
_OLDER_STATUS = "pending,initiated,active,ended"
# The code for an empty stock is not documented; these are taken for it, without case.
_OUT_OF_STOCK = {"outofstock", "siminventoryempty", "simoutofstock", "simunavailable", "nosimavailable", "esimoutofstock"}
_PROFILE_STATES = {"installed", "enabled", "disabled", "deleted"}
_POLL_S = 1.0


@dataclass(frozen=True)
class Operation:
    """An activation at the provider: `state` done, pending or failed; `sim_ref` and `iccid` are "" while there is no SIM."""

    state: str
    provider_ref: str
    user_ref: str
    plan_code: str
    sim_ref: str
    iccid: str
    poll_after_s: float
    op_key: str


@dataclass(frozen=True)
class Profile:
    """An eSIM's credentials; `lpa` and `matching_id` are secrets. `state` installed, enabled, disabled, deleted or unknown."""

    iccid: str
    lpa: str = field(repr=False)
    smdp_address: str
    matching_id: str = field(repr=False)
    state: str


class Gigs:
    """The provider's project, as its API key sees it. One object serves all threads."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        project: str,
        idempotency_header: bool,
        connect_s: float = 3,
        total_s: float = 60,
        ca_file: str | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._http = Http(UPSTREAM, url, connect_s=connect_s, total_s=total_s, ca_file=ca_file, headers=headers)
        self.total_s = total_s
        self._project, self._keyed = f"/projects/{quote(project, safe='')}", idempotency_header

    @one_deadline
    def ensure_user(self, *, email: str, full_name: str, locale: str) -> str:
        """The id of the user with this e-mail, made if there is none. Repeatable: an e-mail has one user."""
        found = self._user_by_email(email)
        if found:
            return found
        body = {"email": email.lower(), "fullName": full_name, "preferredLocale": locale}
        try:
            made = self._ask("POST", "users", operation="POST users", json=body)
        except Rejected as refused:
            found = self._user_by_email(email) if refused.code == "userAlreadyExists" else None
            if found:
                return found
            raise
        return _id(made, mutates=False)

    def activate(self, op_key: str, *, user_ref: str, plan_code: str, send_key: str = "") -> Operation:
        """Orders a subscription with a new eSIM. When the answer is lost (Ambiguous) `find` tells whether it happened.

        `send_key` is the Idempotency-Key where it is not `op_key`: a new order after the first was ended."""
        answer = self._ask(
            "POST",
            "subscriptions",
            operation="POST subscriptions",
            mutates=True,
            json={"plan": plan_code, "user": user_ref, "sim": "auto", "metadata": {"portal_op": op_key}},
            headers={"Idempotency-Key": send_key or op_key} if self._keyed else {},
        )
        _id(answer, mutates=True)
        return _operation(answer)

    @one_deadline
    def find(self, op_key: str, *, user_ref: str) -> tuple[Operation, ...]:
        """Every subscription of that user, ended ones too, that carries our operation's key."""
        try:
            rows = list(self._pages(user_ref, _EVERY_STATUS))
        except Rejected:
            # An older API knows no `restricted` and refuses the whole list for it.
            rows = list(self._pages(user_ref, _OLDER_STATUS))
        return tuple(operation for operation in map(_operation, rows) if operation.op_key == op_key)

    def operation(self, provider_ref: str) -> Operation | None:
        """The subscription as it is now."""
        answer = self._item(f"subscriptions/{quote(provider_ref, safe='')}", "GET subscriptions")
        return _operation(answer) if answer else None

    @one_deadline
    def credentials(self, sim_ref: str) -> Profile | None:
        """What a phone needs to install the eSIM; None while the provider has not made it."""
        sim = quote(sim_ref, safe="")
        answer = self._item(f"sims/{sim}/credentials", "GET sims/credentials")
        if not answer or not answer.get("activationCode"):
            return None
        about = self._item(f"sims/{sim}", "GET sims")
        return _profile(str(answer["activationCode"]), str((about or {}).get("iccid") or ""))

    def profile_state(self, sim_ref: str) -> str:
        """installed, enabled, disabled, deleted, or unknown, which says nothing at all."""
        answer = self._item(f"sims/{quote(sim_ref, safe='')}/eSimProfile", "GET sims/eSimProfile")
        state = str((answer or {}).get("status"))
        return state if state in _PROFILE_STATES else "unknown"

    @one_deadline
    def plans(self) -> frozenset[str]:
        """The ids of the plans that can be ordered."""
        return frozenset(_id(row, mutates=False) for row in self._listed("plans", {"limit": "200"}))

    def _user_by_email(self, email: str) -> str | None:
        answer = self._ask("POST", "users/search", operation="POST users/search", json={"email": email.lower()})
        users = [user for user in _items(answer) if user.get("status") != "deleted"]
        return _id(users[0], mutates=False) if users else None

    def _pages(self, user_ref: str, status: str) -> Iterator[dict[str, Any]]:
        return self._listed("subscriptions", {"user": user_ref, "status": status, "limit": "200"})

    def _listed(self, what: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._ask("GET", what, operation=f"GET {what}", params=params)
            yield from _items(answer)
            if not answer.get("moreItemsAfter"):
                return
            params["after"] = str(answer["moreItemsAfter"])

    def _item(self, path: str, operation: str) -> dict[str, Any] | None:
        try:
            return self._ask("GET", path, operation=operation, single=True)
        except _Missing:
            return None

    def _ask(
        self, method: str, path: str, *, operation: str, mutates: bool = False, single: bool = False, **request: Any
    ) -> dict[str, Any]:
        response = self._http.call(method, f"{self._project}/{path}", operation=operation, mutates=mutates, **request)
        if response.status_code == 404 and single:
            raise _Missing
        if response.status_code not in (200, 201):
            raise _refused(response, mutates)
        answer = parsed(UPSTREAM, response, mutates)
        if not isinstance(answer, dict):
            raise unclear(UPSTREAM, mutates, "malformed")
        return answer


class _Missing(Exception):
    """No such object."""


def _refused(response: requests.Response, mutates: bool) -> UpstreamError:
    try:
        error = response.json()
    except ValueError:
        error = {}
    error = error if isinstance(error, dict) else {}
    code, text = str(error.get("code") or error.get("type") or ""), redact(str(error.get("message") or ""))
    if response.status_code < 500 and code.lower() in _OUT_OF_STOCK:
        return OutOfStock(UPSTREAM, code, text)
    if response.status_code == 404 or "idempotency" in code.lower():
        # The path is checked before the body: a list that is not there means that the project is not.
        return Misconfigured(UPSTREAM, code or "http_404", text)
    return refusal(UPSTREAM, response, mutates, code, text)


def _items(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = answer.get("items")
    if not isinstance(items, list):
        raise Unavailable(UPSTREAM, "malformed", "a list without items")
    return [item for item in items if isinstance(item, dict)]


def _id(row: Mapping[str, Any], *, mutates: bool) -> str:
    if not row.get("id"):
        raise unclear(UPSTREAM, mutates, "malformed", "an object without id")
    return str(row["id"])


def _operation(row: Mapping[str, Any]) -> Operation:
    sim = row.get("sim") or {}
    pending, ended = not sim, row.get("status") == "ended"
    return Operation(
        state="failed" if ended else "pending" if pending else "done",
        provider_ref=str(row.get("id") or ""),
        user_ref=_embedded(row, "user"),
        plan_code=_embedded(row, "plan"),
        sim_ref=_embedded(row, "sim"),
        iccid=str(sim.get("iccid") or "") if isinstance(sim, dict) else "",
        poll_after_s=_POLL_S if pending else 0.0,
        op_key=str((row.get("metadata") or {}).get("portal_op") or ""),
    )


def _embedded(row: Mapping[str, Any], name: str) -> str:
    found = row.get(name)
    return str((found.get("id") if isinstance(found, dict) else found) or "")


def _profile(code: str, iccid: str) -> Profile:
    parts = code.split("$")
    if parts[0] != "LPA:1" or len(parts) < 3 or not parts[1]:
        raise Unavailable(UPSTREAM, "malformed", "an activation code of another form")
    return Profile(iccid=iccid, lpa=code, smdp_address=parts[1], matching_id=parts[2], state="unknown")
