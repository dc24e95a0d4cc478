"""Salesforce over REST: what the portal reads and writes there, in the portal's own verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from console.clients.deadline import one_deadline
from console.clients.http import Http, unclear
from console.clients.salesforce_fields import (
    ACCOUNT_BY_ID,
    ACCOUNT_BY_NUMBER,
    ACTIVATING,
    CASE_BY_KEY,
    CATALOGUE,
    LISTED,
    ORDER_BY_KEY,
    READ_ORDER,
    STATUSES,
)
from console.clients.salesforce_ids import canonical_id
from console.clients.salesforce_records import (
    Account,
    ItemResult,
    NewOrder,
    NewOrderLine,
    OrderLine,
    OrderRecord,
    PlacedOrder,
    Product,
    Provisioned,
    Session,
    StatusUpdate,
)
from console.clients.salesforce_rest import Rest
from console.clients.salesforce_rows import account, listed, order_record, placed_order, product
from console.clients.salesforce_session import UPSTREAM, Sessions
from console.clients.salesforce_writes import case_fields, order_tree, provisioned_parts, status_fields
from console.errors import AlreadyDone, Rejected
from console.log import logger

__all__ = [
    "Account",
    "ItemResult",
    "NewOrder",
    "NewOrderLine",
    "OrderLine",
    "OrderRecord",
    "PlacedOrder",
    "Product",
    "Provisioned",
    "Salesforce",
    "Session",
    "StatusUpdate",
]

log = logger(__name__)


class Salesforce:
    """The org, as the integration user sees it. One object serves all threads.

    Writes that may be repeated without harm say so; their Ambiguous may be taken as retryable."""

    def __init__(
        self,
        *,
        login_url: str,
        audience: str,
        client_id: str,
        username: str,
        private_key: str,
        api_version: str = "67.0",
        ca_file: str | None = None,
        pricebook: str = "Portal",
        connect_s: float = 3,
        total_s: float = 30,
    ) -> None:
        http = Http(UPSTREAM, "", connect_s=connect_s, total_s=total_s, ca_file=ca_file)
        self._sessions = Sessions(
            http, login_url=login_url, audience=audience, client_id=client_id, username=username, private_key=private_key
        )
        self._rest = Rest(http, self._sessions, api_version)
        self._pricebook, self.total_s = pricebook, total_s

    def session(self) -> Session:
        """The shared session, minted at first use; the event stream lives on the same one."""
        return self._sessions.current()

    def check_key(self) -> None:
        """Misconfigured unless the private key can sign; asks nobody."""
        self._sessions.check_key()

    def renew(self, stale: Session) -> Session:
        """A session that is not `stale`: minted now unless another thread did it meanwhile."""
        return self._sessions.renew(stale)

    @one_deadline
    def read_order(self, order_id: str) -> OrderRecord | None:
        """The Order with its items and their products, in one query."""
        wanted = canonical_id(order_id)
        row = self._first(READ_ORDER, wanted) if wanted else None
        return order_record(row, self._rest.pages(row.get("OrderItems") or {"records": []})) if row else None

    @one_deadline
    def place_order(self, order: NewOrder) -> str:
        """Creates the Order and its lines, all or nothing, and returns its id; AlreadyDone when the key is taken."""
        answer = self._rest.send("POST", "composite/tree/Order", operation="tree", mutates=True, json={"records": [order_tree(order)]})
        ids = {row.get("referenceId"): row.get("id") for row in _rows(answer, "results")}
        made = canonical_id(str(ids.get("order")))
        if not made:
            raise unclear(UPSTREAM, True, "malformed")
        return made

    @one_deadline
    def order_by_key(self, idem_key: str) -> PlacedOrder | None:
        """The order that carries this key, letter for letter."""
        rows = (row for row in self._rest.query(ORDER_BY_KEY, idem_key) if row.get("Portal_Idem_Key__c") == idem_key)
        row = next(rows, None)
        return placed_order(row) if row else None

    @one_deadline
    def account_by_number(self, number: str) -> Account | None:
        """The Account with this customer number."""
        row = self._first(ACCOUNT_BY_NUMBER, number)
        return account(row) if row else None

    @one_deadline
    def account(self, account_id: str) -> Account | None:
        """The Account with this id."""
        row = self._first(ACCOUNT_BY_ID, _known(account_id))
        return account(row) if row else None

    @one_deadline
    def open_case(self, *, key: str, subject: str, description: str, account_id: str | None) -> str:
        """The number of the case with this key, opened now or before: repeatable."""
        try:
            self._rest.send(
                "PATCH",
                f"sobjects/Case/Portal_Idem_Key__c/{quote(key, safe='')}",
                operation="sobject.upsert:Case",
                mutates=True,
                json=case_fields(subject, description, account_id),
            )
        except AlreadyDone:
            log.info("case_exists", upstream=UPSTREAM)  # another call with the same key was quicker
        row = self._first(CASE_BY_KEY, key)
        if not row:
            raise unclear(UPSTREAM, True, "case_not_found")
        return str(row["CaseNumber"])

    @one_deadline
    def catalogue(self) -> tuple[Product, ...]:
        """What is listed in the portal's price book, in catalogue order."""
        return tuple(sorted(map(product, self._rest.query(CATALOGUE, self._pricebook)), key=lambda each: (each.order, each.sku)))

    @one_deadline
    def listed(self) -> tuple[tuple[str, str], ...]:
        """(sku, name) of what is marked for the portal, whether or not a price book has a price for it."""
        return tuple(map(listed, self._rest.query(LISTED)))

    @one_deadline
    def record_provisioned(self, result: Provisioned) -> None:
        """Writes what became of the order and its lines, all or nothing: repeatable."""
        self._rest.composite(provisioned_parts(result, _known(result.order_id)))

    @one_deadline
    def record_status(self, update: StatusUpdate) -> None:
        """Writes the order's status columns: repeatable."""
        self._rest.send(
            "PATCH",
            f"sobjects/Order/{_known(update.order_id)}",
            operation="sobject.update:Order",
            mutates=True,
            json=status_fields(update),
        )

    @one_deadline
    def activating_orders(self, changed_before: datetime, limit: int = 200) -> tuple[tuple[str, str], ...]:
        """(order id, idem key or "") of orders in Activating that nobody touched since, the longest untouched first."""
        return tuple((row["Id"], row.get("Portal_Idem_Key__c") or "") for row in self._rest.query(ACTIVATING, changed_before, limit))

    @one_deadline
    def statuses(self, order_ids: Sequence[str]) -> dict[str, str]:
        """Order id → Status, of those that exist; as many queries as there are two hundreds."""
        wanted = [found for found in map(canonical_id, order_ids) if found]
        chunks = [wanted[start : start + 200] for start in range(0, len(wanted), 200)]
        return {row["Id"]: row["Status"] for chunk in chunks for row in self._rest.query(STATUSES, chunk)}

    def _first(self, soql: str, value: str) -> dict[str, Any] | None:
        return next(self._rest.query(soql, value), None)


def _known(order_id: str) -> str:
    found = canonical_id(order_id)
    if not found:
        raise Rejected(UPSTREAM, "MALFORMED_ID", "not a Salesforce id")
    return found


def _rows(answer: Any, name: str) -> list[dict[str, Any]]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
