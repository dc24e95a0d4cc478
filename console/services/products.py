"""A product as a person sees it: named in their language, priced, and with the reason where it may not be ordered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from console import clock, log, zones
from console.clients.salesforce import Product
from console.i18n import LANGUAGES, language
from console.i18n import gettext as _
from console.money import whole
from console.services.product_options import BadOptions, Option, parse

_log = log.logger(__name__)
CYCLES = frozenset({"Monthly", "Annually", "Onetime"})
CLASSES = frozenset({"Service", "Installation", "Activation", "Add-on", "Other"})
# What a person may look at and choose by itself; the other classes come with it.
SOLD = ("Service", "Other")
# Reasons that somebody set on purpose; any other is a fault of the product's data.
DELIBERATE = frozenset({"", "not_accessible", "not_yet", "no_longer"})


@dataclass(frozen=True)
class Item:
    """A product as a person sees it; `price` in yen, tax included. `reason` "" means that it may be ordered; `detail` belongs to it.

    `names`: what it is called, by language, for those who look at an order in another one later.
    """

    sku: str
    name: str
    description: str
    category: str
    item_class: str
    billing_cycle: str
    price: int
    auto_add: bool
    mobile: bool
    top_up: bool
    offering: str
    options: tuple[Option, ...]
    pricebook_id: str
    pricebook_entry_id: str
    reason: str
    names: Mapping[str, str]
    detail: str = ""

    @property
    def orderable(self) -> bool:
        return not self.reason

    @property
    def why(self) -> str:
        """The reason in a customer's words."""
        said = _WORDS.get(self.reason)
        return said(self.detail) if said else _("Not available at the moment. We are working on it.")


_WORDS: dict[str, Callable[[str], str]] = {
    "not_accessible": lambda _detail: _("Not available for ordering here. Ask our support team about it."),
    "not_yet": lambda _detail: _("Not available yet."),
    "no_longer": lambda _detail: _("No longer available."),
    "not_checked": lambda _detail: _("We have not checked your address for Internet yet. Ask our support team, or look again later."),
    "not_available": lambda _detail: _("Internet is not available at your address."),
    "other_offering": lambda detail: _("Not available at your address. There you can have %(offering)s.", offering=detail),
    "not_eligible": lambda _detail: _("Not available for your account. Ask our support team about it."),
}


def today() -> date:
    """The day where the products are sold."""
    return zones.at_home(clock.now()).date()


def item(product: Product) -> Item:
    """The product for the person who is being served; what its data lack never breaks the page."""
    options, reason = _options(product)
    labels = _labels(product)
    words = labels.get(language(), {})
    return Item(
        sku=product.sku, name=words.get("name") or product.name, description=words.get("description") or product.description,
        category=product.category or "Other", item_class=product.item_class, billing_cycle=product.billing_cycle,
        price=whole(product.price) or 0, auto_add=product.auto_add, mobile=bool(product.mobile_plan_id), options=options,
        top_up=product.item_class == "Add-on" and product.billing_cycle == "Onetime" and bool(product.mobile_addon_id),
        offering=product.internet_offering_type, pricebook_id=product.pricebook_id, pricebook_entry_id=product.pricebook_entry_id,
        reason=_reason(product) or reason, names={spoken: label["name"] for spoken, label in labels.items() if "name" in label},
    )  # fmt: skip


def _options(product: Product) -> tuple[tuple[Option, ...], str]:
    try:
        return parse(product.options_json), ""
    except BadOptions as error:
        _log.warning("bad_options", sku=product.sku, reason=str(error))
        return (), "bad_options"


def _labels(product: Product) -> dict[str, dict[str, str]]:
    """Name and description by language; {} for a product that is called as Salesforce calls it."""
    try:
        told = json.loads(product.labels_json or "{}")
        return {spoken: _said(told[spoken]) for spoken in LANGUAGES if isinstance(told.get(spoken), dict)}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _said(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(words[key]) for key in ("name", "description") if words.get(key)}


def _reason(product: Product) -> str:
    """Why it may not be ordered, "" when it may."""
    day = today().isoformat()
    checks = (
        (not product.accessible, "not_accessible"),
        (product.valid_from and day < product.valid_from, "not_yet"),
        (product.valid_until and day > product.valid_until, "no_longer"),
        (whole(product.price) is None or product.price < 0, "bad_price"),
        (product.billing_cycle not in CYCLES, "bad_cycle"),
        (product.whmcs_product_id is None, "no_billing_product"),
        (product.category == "SIM" and product.item_class == "Service" and not product.mobile_plan_id, "no_mobile_plan"),
    )
    return next((code for wrong, code in checks if wrong), "")
