"""What this WHMCS sells: product groups, prices in yen, custom fields and configurable options."""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.store import Doc, Store, View

CURRENCY = {"id": 1, "code": "JPY", "prefix": "¥", "suffix": "", "format": 4, "rate": "1.00000"}
PAYMENT_METHODS = {"stripe": "Credit card", "banktransfer": "Bank transfer"}
CUSTOMER_NUMBER_FIELD = 1
ORDER_ID_NAME, ICCID_NAME = "Salesforce Order ID", "ICCID"
CYCLES = {
    "free": "Free Account",
    "onetime": "One Time",
    "monthly": "Monthly",
    "quarterly": "Quarterly",
    "semiannually": "Semi-Annually",
    "annually": "Annually",
    "biennially": "Biennially",
    "triennially": "Triennially",
}


@dataclass(frozen=True)
class Option:
    """A configurable option: a dropdown has choices, a quantity has bounds and one choice that carries the price."""

    option_id: int
    name: str
    choices: dict[int, str]
    quantity: bool = False
    most: int = 0

    @property
    def kind(self) -> str:
        return "quantity" if self.quantity else "dropdown"


# billing cycles that come again, in months
MONTHS = {"monthly": 1, "quarterly": 3, "semiannually": 6, "annually": 12, "biennially": 24, "triennially": 36}
ADDED = "whmcs_product"


@dataclass(frozen=True)
class Product:
    """`prices` by cycle, the usual one first. `setup` is when its module runs: never, on acceptance, order or payment."""

    pid: int
    group: str
    name: str
    prices: dict[str, Decimal]
    options: tuple[Option, ...] = ()
    fields: dict[int, str] = field(default_factory=dict)
    kind: str = "other"
    module: str = ""
    setup: str = ""
    description: str = "Sandbox product"

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    @property
    def cycle(self) -> str:
        return next(iter(self.prices), "onetime")

    @property
    def paytype(self) -> str:
        return self.cycle if self.cycle in ("free", "onetime") else "recurring"


ACCESS = Option(5, "Access mode", {16: "PPPoE", 17: "IPoE"})
ADDRESSES = Option(6, "Static addresses", {18: "Address"}, quantity=True, most=8)
GROUPS = {"SIM": 1, "Internet": 2, "VPN": 3}


def product(pid: int, group: str, name: str, price: int, cycle: str = "monthly", options: tuple[Option, ...] = ()) -> Product:
    """Services (the recurring ones) carry the ICCID field too; ids of fields differ from product to product, as in WHMCS."""
    fields = {pid * 10 + 1: ORDER_ID_NAME}
    if cycle == "monthly":
        fields[pid * 10 + 2] = ICCID_NAME
    return Product(pid, group, name, {cycle: Decimal(price)}, options, fields)


PRODUCTS = {
    row.pid: row
    for row in (
        product(101, "SIM", "eSIM 5 GB", 1280),
        product(102, "SIM", "eSIM 20 GB", 2980),
        product(103, "SIM", "eSIM 20 GB with voice", 3480),
        product(104, "SIM", "Family eSIM 50 GB", 4980),
        product(110, "SIM", "SIM activation", 1100, "onetime"),
        product(111, "SIM", "1 GB extra", 400, "onetime"),
        product(112, "SIM", "Calls up to 10 minutes", 880),
        product(201, "Internet", "Home Internet 1G", 5280, options=(ACCESS, ADDRESSES)),
        product(202, "Internet", "Home Internet 10G", 6930),
        product(203, "Internet", "Apartment Internet 1G", 4180),
        product(210, "Internet", "Standard installation", 16500, "onetime"),
        product(211, "Internet", "Weekend installation", 19800, "onetime"),
        product(301, "VPN", "VPN Tokyo", 880),
        product(302, "VPN", "VPN San Francisco", 880),
        product(303, "VPN", "VPN Tokyo, a year", 8800, "annually"),
        product(310, "VPN", "VPN activation", 550, "onetime"),
    )
}


def find(store: Store | View, pid: int) -> Product | None:
    """One of those above, or one that AddProduct made."""
    if pid in PRODUCTS:
        return PRODUCTS[pid]
    row = store.get(ADDED, str(pid))
    return made(row) if row else None


def sold(store: Store | View, pid: int) -> Product:
    """The product of a service; products are never taken away."""
    return find(store, pid) or Product(pid, "SIM", f"Product {pid}", {})


def everything(store: Store) -> dict[int, Product]:
    return {**PRODUCTS, **{row["pid"]: made(row) for row in store.all(ADDED)}}


def made(row: Doc) -> Product:
    prices = {cycle: Decimal(price) for cycle, price in row["prices"].items()}
    rest = {name: row[name] for name in ("kind", "module", "setup", "description")}
    return Product(row["pid"], row["group"], row["name"], prices, **rest)
