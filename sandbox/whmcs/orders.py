"""Actions about orders once they exist: accept, cancel, delete, read."""

from sandbox.store import Doc, Store
from sandbox.whmcs import modules
from sandbox.whmcs.acting import action
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import NO_TIME, Answer, Refused, counted, money, stamp
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.emails import PRODUCT_WELCOME, post_template
from sandbox.whmcs.ledger import invoice_of, save
from sandbox.whmcs.ordering import INVOICE, ORDER, SERVICE
from sandbox.whmcs.products import CURRENCY, CYCLES, PAYMENT_METHODS, sold

NOT_PENDING = "Order ID not found or Status not Pending"
STATUSES = ("Pending", "Active", "Fraud", "Cancelled")


@action
def accept_order(asked: Asked) -> Answer:
    """Services without a module become Active at once; those with one do when it runs, here or later."""
    order = wanted(asked, NOT_PENDING, ("Pending",))
    done = [accept_service(asked, service) for service in services_of(asked.store, order)]
    order["status"] = "Active" if all(done) else asked.quirks["order_after_module_failure"]
    asked.store.put(ORDER, str(order["id"]), order)
    if not all(done):
        raise Refused(modules.FAILED, kept=True)
    log(asked.store, f"Order Accepted - Order ID: {order['id']}", order["userid"], asked.caller)
    return {}


def accept_service(asked: Asked, service: Doc) -> bool:
    """False when its module failed."""
    if service["status"] != "Pending":
        return True
    if modules.has_module(asked.store, service):
        setup = sold(asked.store, service["pid"]).setup == "on"
        runs = asked.flag("autosetup") if asked.has("autosetup") else setup
        return modules.set_up(asked.store, service["id"]) if runs else True
    asked.store.put(SERVICE, str(service["id"]), {**service, "status": "Active"})
    if asked.flag("sendemail"):
        post_template(asked.store, service["clientid"], PRODUCT_WELCOME, service["domain"])
    return True


@action
def cancel_order(asked: Asked) -> Answer:
    end(asked, wanted(asked, NOT_PENDING, ("Pending",)), "Cancelled")
    return {}


@action
def fraud_order(asked: Asked) -> Answer:
    end(asked, wanted(asked, "Order ID Not Found"), "Fraud")
    return {}


@action
def pending_order(asked: Asked) -> Answer:
    """All of it back to the start, whatever it was."""
    order = wanted(asked, "Order ID Not Found")
    move(asked, order, "Pending")
    invoice = invoice_of(asked.store, order["invoiceid"])
    if invoice and invoice["status"] == "Cancelled" and asked.quirks["pending_wakes_invoice"]:
        save(asked.store, {**invoice, "status": "Unpaid", "date_cancelled": NO_TIME})
    return {}


@action
def delete_order(asked: Asked) -> Answer:
    """With its services and its invoice."""
    order = wanted(asked, "Order ID not found")
    if order["status"] not in ("Cancelled", "Fraud"):
        raise Refused("The order status must be in Cancelled or Fraud to be deleted")
    for at in order["service_ids"]:
        asked.store.drop(SERVICE, str(at))
    asked.store.drop(INVOICE, str(order["invoiceid"]))
    asked.store.drop(ORDER, str(order["id"]))
    log(asked.store, f"Order Deleted - Order ID: {order['id']}", order["userid"], asked.caller)
    return {}


def wanted(asked: Asked, missing: str, statuses: tuple[str, ...] = STATUSES) -> Doc:
    order = asked.store.get(ORDER, str(asked.whole("orderid")))
    if order is None or order["status"] not in statuses:
        raise Refused(missing)
    return order


def end(asked: Asked, order: Doc, status: str) -> None:
    """An invoice that nobody paid ends with its order."""
    move(asked, order, status)
    invoice = invoice_of(asked.store, order["invoiceid"])
    if invoice and invoice["status"] == "Unpaid":
        save(asked.store, {**invoice, "status": "Cancelled", "date_cancelled": stamp()})


def move(asked: Asked, order: Doc, status: str) -> None:
    asked.store.put(ORDER, str(order["id"]), {**order, "status": status})
    for service in services_of(asked.store, order):
        asked.store.put(SERVICE, str(service["id"]), {**service, "status": status})


def services_of(store: Store, order: Doc) -> list[Doc]:
    return [row for at in order["service_ids"] if (row := store.get(SERVICE, str(at)))]


@action
def get_order_statuses(asked: Asked) -> Answer:
    counts = dict.fromkeys(STATUSES, 0)
    for order in asked.store.all(ORDER):
        counts[order["status"]] += 1
    rows = [{"title": title, "count": count} for title, count in counts.items()]
    return {"totalresults": len(rows), "statuses": {"status": rows}}


@action
def get_orders(asked: Asked) -> Answer:
    """Newest first, as the list in the admin area; no order is documented."""
    rows = sorted(matching(asked), key=lambda row: -row["id"])
    return counted("orders", "order", rows, asked.window(), lambda row: order_row(asked.store, row))


def matching(asked: Asked) -> list[Doc]:
    store = asked.store
    if asked.text("id"):
        one = store.get(ORDER, str(asked.whole("id")))
        rows = [one] if one else []
    else:
        rows = store.find(ORDER, "userid", asked.whole("userid")) if asked.text("userid") else store.all(ORDER)
    wanted = {"userid": asked.text("userid"), "requestor_id": asked.text("requestor_id"), "status": asked.text("status")}
    return [row for row in rows if all(not value or str(row[name]) == value for name, value in wanted.items())]


def order_row(store: Store, order: Doc) -> Answer:
    items = [line_item(store, row) for row in services_of(store, order)]
    return {**head(order), **payment(store, order), "frauddata": "", "validationdata": "", "lineitems": {"lineitem": items}}


def head(order: Doc) -> Answer:
    return {
        "id": order["id"],
        "ordernum": order["ordernum"],
        "userid": order["userid"],
        "contactid": 0,
        "requestor_id": order["requestor_id"],
        "admin_requestor_id": 0,
        "date": order["date"],
        "nameservers": "",
        "transfersecret": "",
        "renewals": "",
        "renewalsByType": {"domains": [], "services": [], "addons": []},
        "promocode": "",
        "promotype": "",
        "promovalue": "",
        "orderdata": "[]",
    }


def payment(store: Store, order: Doc) -> Answer:
    invoice = store.get(INVOICE, str(order["invoiceid"]))
    return {
        "amount": money(order["total"]),
        "paymentmethod": order["paymentmethod"],
        "invoiceid": order["invoiceid"],
        "status": order["status"],
        "ipaddress": order["ipaddress"],
        "fraudmodule": "",
        "fraudoutput": "",
        "notes": "",
        "paymentmethodname": PAYMENT_METHODS[order["paymentmethod"]],
        "paymentstatus": invoice["status"] if invoice else "No Invoice",
        "name": order["name"],
        "currencyprefix": CURRENCY["prefix"],
        "currencysuffix": CURRENCY["suffix"],
    }


def line_item(store: Store, service: Doc) -> Answer:
    product = sold(store, service["pid"])
    cycle = CYCLES[service["billingcycle"]].replace("One Time", "One-Time")
    return {
        "type": "product",
        "relid": service["id"],
        "producttype": "Other Product/Service",
        "product": f"{product.group} - {product.name}",
        "domain": service["domain"],
        "billingcycle": cycle,
        "amount": service["firstpaymentamount"],
        "status": service["status"],
    }
