"""Actions about orders once they exist: accept, cancel, read."""

from sandbox.store import Doc, Store
from sandbox.whmcs.answers import Answer, Refused, listed, money, page
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.ordering import INVOICE, ORDER, SERVICE
from sandbox.whmcs.products import CURRENCY, CYCLES, PAYMENT_METHODS, PRODUCTS

NOT_PENDING = "Order ID not found or Status not Pending"
STATUSES = ("Pending", "Active", "Fraud", "Cancelled")


def accept_order(asked: Asked) -> Answer:
    """No product has a module, so accepting makes the services Active at once."""
    settle(asked, "Active")
    return {}


def cancel_order(asked: Asked) -> Answer:
    order = settle(asked, "Cancelled")
    invoice = asked.store.get(INVOICE, str(order["invoiceid"]))
    if invoice and invoice["status"] == "Unpaid":
        asked.store.put(INVOICE, str(invoice["id"]), {**invoice, "status": "Cancelled"})
    return {}


def settle(asked: Asked, status: str) -> Doc:
    order = asked.store.get(ORDER, str(asked.whole("orderid")))
    if order is None or order["status"] != "Pending":
        raise Refused(NOT_PENDING)
    order["status"] = status
    asked.store.put(ORDER, str(order["id"]), order)
    for service in services_of(asked.store, order):
        asked.store.put(SERVICE, str(service["id"]), {**service, "status": status})
    return order


def services_of(store: Store, order: Doc) -> list[Doc]:
    return [row for at in order["service_ids"] if (row := store.get(SERVICE, str(at)))]


def get_order_statuses(asked: Asked) -> Answer:
    counts = dict.fromkeys(STATUSES, 0)
    for order in asked.store.all(ORDER):
        counts[order["status"]] += 1
    rows = [{"title": title, "count": count} for title, count in counts.items()]
    return {"totalresults": len(rows), "statuses": {"status": rows}}


def get_orders(asked: Asked) -> Answer:
    """Newest first, as the list in the admin area; no order is documented."""
    rows = sorted(matching(asked), key=lambda row: -row["id"])
    start, size = asked.window()
    shown = [order_row(asked.store, row) for row in page(rows, start, size)]
    return {"totalresults": len(rows), "startnumber": start, "numreturned": len(shown), **listed("orders", "order", shown)}


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
    items = [line_item(row) for row in services_of(store, order)]
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


def line_item(service: Doc) -> Answer:
    product = PRODUCTS[service["pid"]]
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
