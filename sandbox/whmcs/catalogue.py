"""Actions about what is on sale and about the installation itself."""

from sandbox.whmcs.answers import Answer, money
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.products import CURRENCY, CYCLES, GROUPS, PAYMENT_METHODS, PRODUCTS, Option, Product

VERSION = "9.0.4"


def get_products(asked: Asked) -> Answer:
    wanted = {int(text) for text in asked.text("pid").split(",") if text.strip().isdecimal()}
    rows = [
        row
        for row in PRODUCTS.values()
        if (not asked.text("pid") or row.pid in wanted)
        and (not asked.text("gid") or asked.whole("gid") == GROUPS[row.group])
        and not asked.text("module")
    ]
    return {"totalresults": len(rows), "products": {"product": [product_row(row, asked.url) for row in rows]}}


def product_row(row: Product, url: str) -> Answer:
    return {
        "pid": row.pid,
        "gid": GROUPS[row.group],
        "type": "other",
        "name": row.name,
        "slug": row.slug,
        "product_url": f"{url}/store/{row.group.lower()}/{row.slug}",
        "description": f"{row.name}<br />\r\nSandbox product",
        "module": "",
        "paytype": "onetime" if row.cycle == "onetime" else "recurring",
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
    cycles = [word for word in CYCLES if word not in ("free", "onetime")]
    at = "monthly" if row.cycle == "onetime" else row.cycle
    return {
        "prefix": CURRENCY["prefix"],
        "suffix": CURRENCY["suffix"],
        **fees,
        **{word: money(row.price) if word == at else "-1.00" for word in cycles},
    }


def option_row(option: Option) -> Answer:
    free = {word: "0.00" for word in CYCLES if word not in ("free", "onetime")}
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


def get_payment_methods(asked: Asked) -> Answer:
    rows = [{"module": module, "displayname": name} for module, name in PAYMENT_METHODS.items()]
    return {"totalresults": len(rows), "paymentmethods": {"paymentmethod": rows}}


def get_currencies(asked: Asked) -> Answer:
    return {"totalresults": 1, "currencies": {"currency": [CURRENCY]}}


def whmcs_details(asked: Asked) -> Answer:
    return {"whmcs": {"version": VERSION, "canonicalversion": f"{VERSION}-release.1"}}
