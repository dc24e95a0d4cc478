"""Actions about what is on sale, and how it can be paid."""

from decimal import Decimal
from typing import Any

from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, money
from sandbox.whmcs.asked import Asked, decimal, whole
from sandbox.whmcs.products import ADDED, CURRENCY, CYCLES, GROUPS, PAYMENT_METHODS, Option, Product, everything

KINDS, PAYTYPES = ("hostingaccount", "reselleraccount", "server", "other"), ("free", "onetime", "recurring")
SETUPS = ("", "on", "order", "payment")
RECURRING = tuple(word for word in CYCLES if word not in ("free", "onetime"))
FIRST_ADDED = 1001


@action
def get_products(asked: Asked) -> Answer:
    wanted = {whole(text.strip()) for text in asked.text("pid").split(",")}
    rows = [
        row
        for row in everything(asked.store).values()
        if (not asked.text("pid") or row.pid in wanted)
        and (not asked.text("gid") or asked.whole("gid") == GROUPS[row.group])
        and (not asked.text("module") or row.module == asked.text("module"))
    ]
    return {"totalresults": len(rows), "products": {"product": [product_row(row, asked.url) for row in rows]}}


def product_row(row: Product, url: str) -> Answer:
    return {
        "pid": row.pid,
        "gid": GROUPS[row.group],
        "type": row.kind,
        "name": row.name,
        "slug": row.slug,
        "product_url": f"{url}/store/{row.group.lower()}/{row.slug}",
        "description": f"{row.name}<br />\r\n{row.description}",
        "module": row.module,
        "paytype": row.paytype,
        "allowqty": 3,
        "quantity_available": 0,
        "pricing": {str(CURRENCY["code"]): prices(row)},
        "customfields": {"customfield": [field_row(at, name) for at, name in row.fields.items()]},
        "configoptions": {"configoption": [option_row(option) for option in row.options]},
    }


def field_row(field_id: int, name: str) -> Answer:
    return {"id": field_id, "name": name, "description": "", "required": ""}


def prices(row: Product) -> Answer:
    """-1.00 says "not offered"; a one-time price sits under monthly."""
    fees = {f"{letter}setupfee": "0.00" for letter in "mqsabt"}
    held = {"monthly" if cycle == "onetime" else cycle: price for cycle, price in row.prices.items()}
    return {
        "prefix": CURRENCY["prefix"],
        "suffix": CURRENCY["suffix"],
        **fees,
        **{word: money(held.get(word, -1)) for word in RECURRING},
    }


def option_row(option: Option) -> Answer:
    free = dict.fromkeys(RECURRING, "0.00")
    choices = [
        {"id": at, "name": name, "rawName": name, "recurring": 0, "required": None, "pricing": {"JPY": free}}
        for at, name in option.choices.items()
    ]
    return {
        "id": option.option_id,
        "name": option.name,
        "type": 4 if option.quantity else 1,
        "minqty": 0,
        "maxqty": option.most,
        "options": {"option": choices},
    }


@action
def get_payment_methods(asked: Asked) -> Answer:
    rows = [{"module": module, "displayname": name} for module, name in PAYMENT_METHODS.items()]
    return {"totalresults": len(rows), "paymentmethods": {"paymentmethod": rows}}


@action
def get_currencies(asked: Asked) -> Answer:
    return {"totalresults": 1, "currencies": {"currency": [CURRENCY]}}


@action
def add_product(asked: Asked) -> Answer:
    check_product(asked)
    group = next(name for name, at in GROUPS.items() if at == asked.whole("gid"))
    row = {
        "pid": asked.store.number(ADDED, FIRST_ADDED),
        "group": group,
        "name": asked.text("name"),
        "prices": asked_prices(asked),
        "kind": asked.text("type") or "hostingaccount",
        "module": asked.text("module"),
        "setup": asked.text("autosetup"),
        "description": asked.text("description"),
    }
    asked.store.put(ADDED, str(row["pid"]), row)
    return {"pid": row["pid"]}


def check_product(asked: Asked) -> None:
    if not asked.text("name"):
        raise Refused("You must supply a name for the product")
    if asked.whole("gid") not in GROUPS.values():
        raise Refused("You must supply a valid Product Group ID")
    if asked.text("type") not in ("", *KINDS):
        raise Refused('Invalid product type. Must be one of "hostingaccount", "reselleraccount", "server" or "other"')
    if asked.text("paytype") not in ("", *PAYTYPES):
        raise Refused('Invalid pay type. Must be one of "free", "onetime" or "recurring"')
    if asked.text("autosetup") not in SETUPS:
        raise Refused('Invalid autosetup value. Must be one of "", "on", "order" or "payment"')


def asked_prices(asked: Asked) -> dict[str, str]:
    """By cycle, of the one currency; a one-time price is sent under monthly, and a negative price says "not offered"."""
    paytype = asked.text("paytype") or "free"
    if paytype == "free":
        return {"free": "0.00"}
    sent: Any = asked.array("pricing").get(str(CURRENCY["id"]), {})
    prices = {cycle: decimal(sent.get(cycle, "")) for cycle in RECURRING} if isinstance(sent, dict) else {}
    held = {cycle: money(price) for cycle, price in prices.items() if price is not None and price >= 0}
    if paytype == "onetime":
        return {"onetime": held.get("monthly", money(Decimal(0)))}
    return held
