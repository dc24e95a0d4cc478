"""Products as Salesforce's client gives them, for tests that need a catalogue and no Salesforce."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from console import clock
from console.clients.salesforce import Product
from console.models import CatalogueSnapshot
from console.services import catalog

_PLAIN: dict[str, Any] = {
    "product_id": "01t", "pricebook_id": "01s", "name": "", "description": "", "billing_cycle": "Monthly", "price": Decimal(0),
    "accessible": True, "auto_add": False, "valid_from": "", "valid_until": "",
    "order": 1, "options_json": "", "labels_json": "", "whmcs_product_id": 1,
    "mobile_plan_id": "", "mobile_addon_id": "", "internet_plan_tier": "", "internet_offering_type": "", "sim_data_size": "",
    "sim_plan_type": "", "vpn_region": "", "setup_guide_url": "", "sim_family_discount": False,
}  # fmt: skip


def product(sku: str, category: str, item_class: str, price: int | str, **changes: Any) -> Product:
    """A product that may be ordered unless `changes` say otherwise."""
    own = {"sku": sku, "name": sku.title(), "category": category, "item_class": item_class, "price": Decimal(price)}
    return Product(**{**_PLAIN, **own, "pricebook_entry_id": f"01u-{sku}", **changes})


ESIM = product("ESIM", "SIM", "Service", 2980, mobile_plan_id="pln")
ESIM_FEE = product("ESIM-ACT", "SIM", "Activation", 1100, billing_cycle="Onetime", auto_add=True)
TOP_UP = product("TOPUP", "SIM", "Add-on", 400, billing_cycle="Onetime", mobile_addon_id="add")
CALLS = product("CALLS", "SIM", "Add-on", 880)
LINE = product("LINE", "Internet", "Service", 5280, internet_offering_type="Home 1G")
WEEKDAY = product("WEEKDAY", "Internet", "Installation", 16500, billing_cycle="Onetime")
WEEKEND = product("WEEKEND", "Internet", "Installation", 19800, billing_cycle="Onetime")
VPN = product("VPN", "VPN", "Service", 880)
VPN_YEAR = product("VPN-YEAR", "VPN", "Service", 8800, billing_cycle="Annually")
ALL = (ESIM, ESIM_FEE, TOP_UP, LINE, WEEKDAY, WEEKEND, VPN)


def packed(products: tuple[Product, ...] = ALL) -> list[dict[str, Any]]:
    """As the snapshot's row keeps them."""
    return [asdict(each) | {"price": str(each.price)} for each in products]


def catalogue(*products: Product) -> catalog.Catalogue:
    """A catalogue of these, read just now."""
    return catalog.of(packed(products or ALL), clock.now())


def keep(*products: Product, age_s: float = 0) -> None:
    """The snapshot's row, as if read that long ago."""
    values = {"items": packed(products or ALL), "read_at": clock.after(-age_s), "stale_at": clock.after(catalog.FRESH_S - age_s)}
    CatalogueSnapshot.delete().execute()
    CatalogueSnapshot.insert(id=1, **values).execute()
