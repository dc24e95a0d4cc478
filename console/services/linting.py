"""The catalogue's linter: what is wrong between products, prices, billing's products and the provider's plans, in words for staff."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from console import clock, log
from console.clients.salesforce import Product
from console.clients.whmcs import SoldProduct
from console.errors import UpstreamError
from console.i18n import gettext as _
from console.models import AuditEntry, CatalogueSnapshot
from console.money import whole
from console.services import catalog
from console.services.product_options import BadOptions, parse
from console.services.products import CLASSES, CYCLES
from console.services.upstreams import Upstreams

_log = log.logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """Something to mend. `stops`: it cannot be ordered so, or its provisioning would stop."""

    sku: str
    name: str
    code: str
    text: str
    stops: bool = True


@dataclass(frozen=True)
class Sold:
    """A product of billing: the cycles it has a price for, its options' ids with their choices', those that cost something there."""

    cycles: frozenset[str]
    options: Mapping[int, frozenset[int]]
    priced: frozenset[int]


@dataclass(frozen=True)
class Reference:
    """What the products are held against; None where it could not be read."""

    whmcs: Mapping[int, Sold] | None = None
    plans: frozenset[str] | None = None
    listed: tuple[tuple[str, str], ...] | None = None

    @property
    def unread(self) -> list[str]:
        found = {"WHMCS": self.whmcs, _("the mobile provider"): self.plans, "Salesforce": self.listed}
        return [name for name, what in found.items() if what is None]


@dataclass(frozen=True)
class Report:
    """The catalogue's state for staff; `checked_at` None: never held against the upstreams."""

    read_at: datetime | None = None
    checked_at: datetime | None = None
    products: int = 0
    unread: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def look(upstreams: Upstreams, actor: str) -> None:
    """Read the catalogue anew and all that it is held against; the UpstreamError when the catalogue itself cannot be read."""
    AuditEntry.note(actor, "refresh_catalogue", "catalogue", correlation_id=log.correlation_id())
    catalog.fresh(upstreams)
    sold = _read(upstreams.whmcs.products)
    plans = _read(upstreams.mobile.plans)
    kept = {
        "whmcs": None if sold is None else {str(each.product_id): _kept(each) for each in sold},
        "plans": None if plans is None else sorted(plans), "listed": _read(upstreams.salesforce.listed),
    }  # fmt: skip
    CatalogueSnapshot.update(reference=kept, reference_at=clock.now()).where(CatalogueSnapshot.id == 1).execute()


def _read(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except UpstreamError as error:
        _log.warning("reference_unread", upstream=error.upstream, error_class=type(error).__name__, code=error.code)
        return None


def _kept(sold: SoldProduct) -> dict[str, Any]:
    options = {str(option): sorted(choices) for option, choices in sold.options.items()}
    return {"cycles": sorted(sold.cycles), "options": options, "priced": sorted(sold.priced_options)}


def report() -> Report:
    """What the kept rows tell; no upstream is asked."""
    row = CatalogueSnapshot.get_or_none(CatalogueSnapshot.id == 1)
    if row is None:
        return Report()
    products = [catalog.unpacked(each) for each in row.items]
    against = _reference(row.reference)
    found = sorted(findings(products, against), key=lambda finding: not finding.stops)
    return Report(row.read_at, row.reference_at, len(products), against.unread if row.reference else [], found)


def _reference(kept: Mapping[str, Any] | None) -> Reference:
    if not kept:
        return Reference()
    plans, listed, sold = kept["plans"], kept["listed"], kept["whmcs"]
    return Reference(
        whmcs=None if sold is None else {int(pid): _sold(each) for pid, each in sold.items()},
        plans=None if plans is None else frozenset(plans), listed=None if listed is None else tuple((sku, name) for sku, name in listed),
    )  # fmt: skip


def _sold(kept: Mapping[str, Any]) -> Sold:
    options = {int(option): frozenset(choices) for option, choices in kept["options"].items()}
    return Sold(frozenset(kept["cycles"]), options, frozenset(kept["priced"]))


def findings(products: Iterable[Product], against: Reference) -> Iterator[Finding]:
    """All there is to mend, product by product."""
    known = list(products)
    times = Counter(product.sku for product in known)
    for product in known:
        if times[product.sku] > 1:
            yield _finding(product, "sku_twice", _("Another product has the same code."))
        yield from _by_itself(product)
        yield from _in_billing(product, against.whmcs)
        yield from _at_the_provider(product, against.plans)
    for sku, name in against.listed or ():
        if sku not in times:
            yield Finding(sku, name, "no_price", _("It is marked for the portal, and the portal's price book has no active price for it."))


def _finding(product: Product, code: str, text: str, *, stops: bool = True) -> Finding:
    return Finding(product.sku, product.name, code, text, stops)


def _by_itself(product: Product) -> Iterator[Finding]:
    """What the product's own fields tell."""
    service = product.item_class == "Service"
    checks = (
        (not product.sku, "no_sku", _("It has neither SKU nor product code.")),
        (whole(product.price) is None or product.price < 0, "bad_price", _("Its price is not a whole number of yen.")),
        (product.billing_cycle not in CYCLES, "bad_cycle", _("Its billing cycle is none of Monthly, Annually, Onetime.")),
        (product.item_class not in CLASSES, "bad_class", _("Its item class is empty or unknown, so it is listed nowhere.")),
        (product.whmcs_product_id is None, "no_billing_product", _("It has no WHMCS product id.")),
        (service and product.category == "SIM" and not product.mobile_plan_id, "no_mobile_plan", _("A SIM service needs a mobile plan.")),
        (
            service and product.category == "Internet" and not product.internet_offering_type, "no_offering",
            _("It has no offering type, so no customer's address can match it."),
        ),
        (
            product.valid_from and product.valid_until and product.valid_from > product.valid_until, "bad_dates",
            _("It ends before it begins."),
        ),
        (
            product.auto_add and product.item_class != "Activation", "bad_auto_add",
            _("Only products of class Activation are added automatically."),
        ),
    )  # fmt: skip
    yield from (_finding(product, code, text) for wrong, code, text in checks if wrong)
    yield from _json(product)


def _json(product: Product) -> Iterator[Finding]:
    try:
        parse(product.options_json)
    except BadOptions as error:
        yield _finding(product, "bad_options", _("Its options cannot be read: %(why)s.", why=str(error)))
    try:
        labels = json.loads(product.labels_json or "{}")
        sound = isinstance(labels, dict) and all(isinstance(words, dict) for words in labels.values())
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        yield _finding(product, "bad_labels", _("Its names by language cannot be read; everybody sees Salesforce's own."), stops=False)


def _in_billing(product: Product, sold: Mapping[int, Sold] | None) -> Iterator[Finding]:
    if sold is None or product.whmcs_product_id is None:
        return
    there = sold.get(product.whmcs_product_id)
    if there is None:
        yield _finding(product, "no_such_billing_product", _("WHMCS has no product %(id)s.", id=product.whmcs_product_id))
        return
    if product.billing_cycle in CYCLES and product.billing_cycle not in there.cycles:
        text = _("WHMCS product %(id)s is not sold %(cycle)s.", id=product.whmcs_product_id, cycle=product.billing_cycle)
        yield _finding(product, "cycle_not_in_billing", text)
    yield from _options_in_billing(product, there)


def _options_in_billing(product: Product, there: Sold) -> Iterator[Finding]:
    for option_id, choice_id in _named(product):
        if option_id not in there.options or (choice_id and choice_id not in there.options[option_id]):
            named = f"{option_id}/{choice_id}" if choice_id else str(option_id)
            text = _("WHMCS product %(id)s has no option %(option)s.", id=product.whmcs_product_id, option=named)
            yield _finding(product, "no_such_option", text)
        elif option_id in there.priced:
            text = _("Option %(option)s costs something in WHMCS: it would be charged twice.", option=option_id)
            yield _finding(product, "option_priced_twice", text)


def _named(product: Product) -> list[tuple[int, int]]:
    """The options of WHMCS that the product's own name, with the choice or 0."""
    try:
        options = parse(product.options_json)
    except BadOptions:
        return []
    ids = [each for option in options for each in (option.whmcs or {}, *(choice.whmcs for choice in option.choices))]
    return [(each["option_id"], each.get("choice_id", 0)) for each in ids if "option_id" in each]


def _at_the_provider(product: Product, plans: frozenset[str] | None) -> Iterator[Finding]:
    if plans is not None and product.mobile_plan_id and product.mobile_plan_id not in plans:
        yield _finding(product, "no_such_plan", _("The mobile provider has no plan %(plan)s.", plan=product.mobile_plan_id))
