"""What contradicts an approved order, for people: what we approved beside what there is, and the ids to look it up by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from console.i18n import gettext as _
from console.i18n import language, lazy
from console.money import whole, yen

_SIDES = frozenset({"approved", "found", "now"})  # `found` upstream, or in the order as it reads `now`
_NAMES: dict[str, Any] = {
    "whmcs_order": lazy("WHMCS order"),
    "whmcs_orders": lazy("WHMCS orders"),
    "whmcs_client": lazy("WHMCS client"),
    "client": lazy("WHMCS client"),
    "services": lazy("WHMCS services"),
    "subscription": lazy("Subscription"),
    "subscriptions": lazy("Subscriptions"),
    "user": lazy("Mobile user"),
    "portal_op": lazy("Our key there"),
    "customer_number": lazy("Customer number"),
    "given": lazy("Named by staff"),
    "labels_are_on": lazy("Our labels are on"),
    "status": lazy("Status"),
}
_FIELDS: dict[str, Any] = {
    "name": lazy("Product"),
    "sku": lazy("SKU"),
    "category": lazy("Category"),
    "item_class": lazy("Class"),
    "quantity": lazy("Quantity"),
    "unit_price": lazy("Unit price"),
    "billing_cycle": lazy("Billing cycle"),
    "options": lazy("Options"),
    "whmcs_product_id": lazy("WHMCS product"),
    "plan": lazy("Mobile plan"),
}
_NONE = "–"


@dataclass(frozen=True)
class Difference:
    """A row of the table: what it is about, what we approved, what there is; equal ones are shown for comparison."""

    about: str
    approved: str
    found: str

    @property
    def differs(self) -> bool:
        return self.approved != self.found


@dataclass(frozen=True)
class Evidence:
    """A table, and facts as (name, value); or, of a shape that is not known, `raw`: the JSON as it was stored."""

    rows: tuple[Difference, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    raw: str = ""


def shown(stored: Any, lines: list[dict[str, Any]]) -> Evidence | None:
    """The evidence of a job, whose approved lines give labels and ids a name; None where there is none."""
    if not stored:
        return None
    try:
        rows = tuple(_rows(stored, {line["item_id"].lower(): line["name"] for line in lines}))
        told = Evidence(rows, tuple(_facts(stored)))
    except (KeyError, TypeError, AttributeError):  # of another version, or of a step that this page does not know
        told = Evidence()
    return told if told.rows or told.facts else Evidence(raw=json.dumps(stored, indent=2, ensure_ascii=False))


def _rows(stored: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Difference]:
    if "approved" not in stored:
        return
    approved, found = stored["approved"], stored["now"] if "now" in stored else stored["found"]
    if isinstance(approved, list):
        yield from _lines(approved, found)
    elif isinstance(approved, dict):
        for label in dict.fromkeys((*approved, *found)):
            about = names.get(label.removeprefix("sf-"), label)
            yield Difference(about, _amount(approved.get(label)), _amount(found.get(label)))
    else:
        yield Difference(_("Mobile plan"), _text(approved), _text(found))


def _lines(approved: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[Difference]:
    """Lines of the order by their ids: of those on both sides what differs, of the others that they are there."""
    for line in now:
        if "problem" in line:
            yield Difference(_("Order"), _("as approved"), f"{line['problem']}: {line['detail']}")
            return
    before, after = ({line["item_id"]: line for line in side} for side in (approved, now))
    for item_id in dict.fromkeys((*before, *after)):
        old, new = before.get(item_id), after.get(item_id)
        if old is None or new is None:
            yield Difference((old or new or {})["name"], _line(old), _line(new))
        else:
            yield from _fields(old, new)


def _fields(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            how = _amount if key == "unit_price" else _text
            yield Difference(f"{old['name']}: {_FIELDS[key]}", how(old.get(key)), how(new.get(key)))


def _line(line: dict[str, Any] | None) -> str:
    return f"{line['quantity']} × {_amount(line['unit_price'])}" if line else _NONE


def _facts(stored: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in stored.items():
        if key not in _SIDES:
            yield str(_NAMES[key]), _text(value)


def _amount(value: object) -> str:
    """Yen, from our integers and from WHMCS's decimals; a fraction is shown as it is."""
    try:
        amount = whole(Decimal(str(value)))
    except InvalidOperation:
        amount = None
    return _text(value) if amount is None else yen(amount, language())


def _text(value: object) -> str:
    if value is None or value in ("", [], {}):
        return _NONE
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
