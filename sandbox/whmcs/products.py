"""What this WHMCS sells: product groups, prices in yen, custom fields and configurable options."""

from dataclasses import dataclass, field
from decimal import Decimal

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


@dataclass(frozen=True)
class Product:
    pid: int
    group: str
    name: str
    price: Decimal
    cycle: str = "monthly"
    options: tuple[Option, ...] = ()
    fields: dict[int, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")


ACCESS = Option(5, "Access mode", {16: "PPPoE", 17: "IPoE"})
ADDRESSES = Option(6, "Static addresses", {18: "Address"}, quantity=True, most=8)
GROUPS = {"SIM": 1, "Internet": 2, "VPN": 3}


def product(pid: int, group: str, name: str, price: int, cycle: str = "monthly", options: tuple[Option, ...] = ()) -> Product:
    """Services (the recurring ones) carry the ICCID field too; ids of fields differ from product to product, as in WHMCS."""
    fields = {pid * 10 + 1: ORDER_ID_NAME}
    if cycle == "monthly":
        fields[pid * 10 + 2] = ICCID_NAME
    return Product(pid, group, name, Decimal(price), cycle, options, fields)


PRODUCTS = {
    row.pid: row
    for row in (
        product(101, "SIM", "eSIM 5 GB", 1280),
        product(102, "SIM", "eSIM 20 GB", 2980),
        product(103, "SIM", "eSIM 20 GB with voice", 3480),
        product(104, "SIM", "Family eSIM 50 GB", 4980),
        product(110, "SIM", "SIM activation", 1100, "onetime"),
        product(111, "SIM", "1 GB extra", 400, "onetime"),
        product(201, "Internet", "Home Internet 1G", 5280, options=(ACCESS, ADDRESSES)),
        product(202, "Internet", "Home Internet 10G", 6930),
        product(203, "Internet", "Apartment Internet 1G", 4180),
        product(210, "Internet", "Standard installation", 16500, "onetime"),
        product(211, "Internet", "Weekend installation", 19800, "onetime"),
        product(301, "VPN", "VPN Tokyo", 880),
        product(302, "VPN", "VPN San Francisco", 880),
        product(310, "VPN", "VPN activation", 550, "onetime"),
    )
}
