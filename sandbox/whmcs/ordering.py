"""AddOrder: a cart of products becomes an order, its services and an invoice, all in one go."""

import re
import string
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.chance import below, letters, unused
from sandbox.store import Doc
from sandbox.whmcs.acting import action
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import NO_DATE, Answer, Refused, money, stamp, today
from sandbox.whmcs.asked import Asked, decimal, whole
from sandbox.whmcs.emails import INVOICE_CREATED, ORDER_CONFIRMATION, post_template
from sandbox.whmcs.ledger import BLANK, credit_of, use_credit
from sandbox.whmcs.options import chosen_options
from sandbox.whmcs.php import decode_array
from sandbox.whmcs.products import PAYMENT_METHODS, Product, find, sold

ORDER, SERVICE, INVOICE = "whmcs_order", "whmcs_service", "whmcs_invoice"
DOMAIN = re.compile(r"([a-z0-9-]{1,63}\.)+[a-z]{2,63}", re.IGNORECASE)
PASSWORD_LETTERS = string.ascii_letters + string.digits
PER_PRODUCT = ("qty", "domain", "billingcycle", "customfields", "configoptions", "priceoverride")


@dataclass(frozen=True)
class CartLine:
    """One product of the cart with what was sent for its index."""

    product: Product
    cycle: str
    sent: dict[str, str]

    @property
    def quantity(self) -> int:
        text = self.sent["qty"]
        return max(1, whole(text)) if len(text) < 7 else 1

    @property
    def unit(self) -> Decimal:
        """An override that is no amount is ignored."""
        override = decimal(self.sent["priceoverride"])
        return self.product.prices[self.cycle] if override is None or override < 0 else override

    @property
    def amount(self) -> Decimal:
        return self.unit * self.quantity

    def fields(self) -> dict[str, str]:
        """Fields of other products are dropped without a word."""
        sent = decode_array(self.sent["customfields"])
        return {key: str(value) for key, value in sent.items() if whole(key) in self.product.fields}


@action
def add_order(asked: Asked) -> Answer:
    client = buyer(asked)
    check_payment_method(asked.text("paymentmethod"))
    lines = cart(asked)
    if not lines:
        raise Refused("No items added to cart so order cannot proceed")
    order = new_order(asked, client, lines)
    services = [new_service(asked, order, line) for line in lines]
    order["service_ids"] = [service["id"] for service in services]
    if order["total"] != "0.00" and not asked.flag("noinvoice"):
        order["invoiceid"] = new_invoice(asked, order, services)["id"]
    asked.store.put(ORDER, str(order["id"]), order)
    tell(asked, order)
    return ordered(asked, order)


def tell(asked: Asked, order: Doc) -> None:
    log(asked.store, f"New Order Placed - Order ID: {order['id']}", order["userid"], asked.caller)
    if not asked.flag("noemail"):
        post_template(asked.store, order["userid"], ORDER_CONFIRMATION, f"Order {order['ordernum']}")
    if order["invoiceid"] and not asked.flag("noinvoiceemail"):
        post_template(asked.store, order["userid"], INVOICE_CREATED, f"Invoice #{order['invoiceid']}")


def ordered(asked: Asked, order: Doc) -> Answer:
    """`productids` is a relic that always equals `serviceids`. What an order without an invoice says is not settled."""
    ids = ",".join(str(at) for at in order["service_ids"])
    answer = {"orderid": order["id"], "productids": ids, "serviceids": ids, "addonids": "", "domainids": ""}
    return {**answer, "invoiceid": order["invoiceid"] or asked.quirks["no_invoice_id"]}


def buyer(asked: Asked) -> Doc:
    client = asked.store.get("whmcs_client", str(asked.whole("clientid")))
    if client is None:
        raise Refused("Client ID Not Found")
    if client["status"] == "Closed":
        raise Refused("Unable to add order when client status is Closed")
    return client


def check_payment_method(module: str) -> None:
    if module not in PAYMENT_METHODS:
        raise Refused(f"Invalid Payment Method. Valid options include {','.join(PAYMENT_METHODS)}")


def cart(asked: Asked) -> list[CartLine]:
    """The arrays line up by index. What is not for sale, or not at that cycle, never enters the cart."""
    check_addons(asked)
    arrays = {name: asked.array(name) for name in PER_PRODUCT}
    lines = [
        cart_line(asked, pid, {name: text_of(values.get(index)) for name, values in arrays.items()})
        for index, pid in asked.array("pid").items()
    ]
    return [line for line in lines if line]


def cart_line(asked: Asked, pid: object, sent: dict[str, str]) -> CartLine | None:
    product = find(asked.store, whole(text_of(pid)))
    cycle = sent["billingcycle"] or (product.cycle if product else "")
    return CartLine(product, cycle, sent) if product and cycle in product.prices else None


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def check_addons(asked: Asked) -> None:
    """No addon is on sale here: an order for one ends as one for an unknown addon does."""
    if not asked.text("addonid"):
        return
    service = asked.store.get(SERVICE, str(asked.whole("serviceid")))
    if service is None or service["clientid"] != asked.whole("clientid"):
        raise Refused("Service ID not owned by Client ID provided")
    raise Refused("Addon ID invalid")


def new_order(asked: Asked, client: Doc, lines: list[CartLine]) -> Doc:
    return {
        "id": asked.store.number("whmcs_order"),
        "ordernum": unused(lambda: new_number(asked), lambda number: asked.store.find(ORDER, "ordernum", number)),
        "userid": client["id"],
        "requestor_id": client["owner_user_id"],
        "name": f"{client['firstname']} {client['lastname']}".strip(),
        "date": stamp(),
        "total": money(sum(line.amount for line in lines)),
        "paymentmethod": asked.text("paymentmethod"),
        "invoiceid": 0,
        "status": "Pending",
        "ipaddress": asked.text("clientip"),
        "service_ids": [],
    }


def new_number(asked: Asked) -> int:
    """Ten digits, in no order."""
    return 10**9 + below(asked.store, "order number", 9 * 10**9)


def new_service(asked: Asked, order: Doc, line: CartLine) -> Doc:
    label = line.sent["domain"] if asked.quirks["order_labels"] == "any" or DOMAIN.fullmatch(line.sent["domain"]) else ""
    once = line.cycle in ("onetime", "free")
    service = {
        "id": asked.store.number("whmcs_service"),
        "clientid": order["userid"],
        "orderid": order["id"],
        "ordernumber": order["ordernum"],
        "pid": line.product.pid,
        "qty": line.quantity,
        "regdate": today(),
        "domain": label,
        "domain_key": label.lower(),
        "firstpaymentamount": money(line.amount),
        "recurringamount": money(0 if once else line.amount),
        "paymentmethod": order["paymentmethod"],
        "billingcycle": line.cycle,
        "nextduedate": NO_DATE if once else today(),
        "status": "Pending",
        "username": "",
        "password": letters(asked.store, "password", 12, PASSWORD_LETTERS),
        "notes": "",
        "fields": line.fields() if asked.quirks["keeps_order_fields"] else {},
        "options": chosen_options(line.product, decode_array(line.sent["configoptions"])),
    }
    asked.store.put(SERVICE, str(service["id"]), service)
    return service


def new_invoice(asked: Asked, order: Doc, services: list[Doc]) -> Doc:
    invoice = {
        **BLANK,
        "id": asked.store.number("whmcs_invoice"),
        "userid": order["userid"],
        "orderid": order["id"],
        "date": today(),
        "duedate": today(),
        "created_at": stamp(),
        "total": order["total"],
        "status": "Unpaid",
        "paymentmethod": order["paymentmethod"],
        "items": [invoice_item(asked, service) for service in services],
        "transactions": [],
    }
    asked.store.put(INVOICE, str(invoice["id"]), invoice)
    credit = min(credit_of(asked.store, order["userid"]), Decimal(order["total"]))
    if asked.quirks["credit_pays_orders"] and credit > 0:
        use_credit(asked.store, invoice, credit, quiet=True)
    return invoice


def invoice_item(asked: Asked, service: Doc) -> Doc:
    name = sold(asked.store, service["pid"]).name
    text = f"{name} - {service['domain']}" if service["domain"] else name
    at = asked.store.number("whmcs_invoice_item")
    return {"id": at, "type": "Hosting", "relid": service["id"], "description": text, "amount": service["firstpaymentamount"], "taxed": 0}
