"""Actions about services: what a client has, and changes of it by staff or by a program."""

from sandbox.store import Doc
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, money, stamp
from sandbox.whmcs.asked import Asked, decimal, whole
from sandbox.whmcs.options import chosen_options, option_rows
from sandbox.whmcs.ordering import SERVICE, check_payment_method
from sandbox.whmcs.php import decode_array
from sandbox.whmcs.products import CYCLES, PAYMENT_METHODS, find, sold

EMPTY = (
    "dedicatedip", "serverid", "servername", "serverip", "serverhostname", "suspensionreason", "promoid", "overideautosuspend",
    "overidesuspenduntil", "ns1", "ns2", "assignedips", "diskusage", "disklimit", "bwusage", "bwlimit", "subscriptionid",
)  # fmt: skip
PLAIN = (
    "regdate", "nextduedate", "terminationdate", "domain", "subscriptionid", "notes", "overideautosuspend", "overidesuspenduntil", "ns1",
    "ns2", "dedicatedip", "assignedips", "diskusage", "disklimit", "bwusage", "bwlimit", "promoid", "serverid",
)  # fmt: skip
RENAMED = {"serviceusername": "username", "servicepassword": "password", "suspendreason": "suspensionreason"}
UNSETTABLE = {"domain", "subscriptionid", "ns1", "ns2", "dedicatedip", "assignedips", "notes", "username", "password", "suspensionreason"}
STATUSES = ("Pending", "Active", "Suspended", "Terminated", "Cancelled", "Fraud", "Completed")


@action
def get_clients_products(asked: Asked) -> Answer:
    rows = matching(asked)
    echo = {name: asked.text(name) or None for name in ("clientid", "serviceid", "pid", "domain")}
    found = counted("products", "product", rows, asked.window(), lambda row: service_row(asked, row))
    return {**echo, **found, "totalresults": str(len(rows))}


def matching(asked: Asked) -> list[Doc]:
    """The label and the user name are compared as the database does: without case."""
    store = asked.store
    if asked.text("domain"):
        rows = store.find(SERVICE, "domain_key", asked.text("domain").lower())
    elif asked.text("clientid"):
        rows = store.find(SERVICE, "clientid", asked.whole("clientid"))
    else:
        rows = store.all(SERVICE)
    return [row for row in rows if wanted(row, asked)]


def wanted(row: Doc, asked: Asked) -> bool:
    return (
        (not asked.text("clientid") or row["clientid"] == asked.whole("clientid"))
        and (not asked.text("serviceid") or row["id"] == asked.whole("serviceid"))
        and (not asked.text("pid") or row["pid"] == asked.whole("pid"))
        and (not asked.text("username2") or row["username"].lower() == asked.text("username2").lower())
    )


def service_row(asked: Asked, row: Doc) -> Answer:
    """Every value is a text here, numbers too; the password comes in clear."""
    product = sold(asked.store, row["pid"])
    words = {
        "name": product.name,
        "translated_name": product.name,
        "groupname": product.group,
        "translated_groupname": product.group,
        "paymentmethodname": PAYMENT_METHODS[row["paymentmethod"]],
        "lastupdate": row.get("lastupdate", "0000-00-00 00:00:00"),
        "billingcycle": CYCLES[row["billingcycle"]],
    }
    held = {name: str(row[name]) for name in row if name not in ("fields", "options", "domain_key", "lastupdate")}
    called = asked.quirks["field_name_key"]
    rows = [{"id": str(at), called: name, "translated_name": name, "value": field_value(row, at)} for at, name in product.fields.items()]
    options = [{key: str(value) for key, value in option.items()} for option in option_rows(product, row["options"])]
    lists = {"customfields": {"customfield": rows}, "configoptions": {"configoption": options}}
    return {**dict.fromkeys(EMPTY, ""), **held, **words, **lists}


def field_value(row: Doc, field_id: int) -> str:
    return str(row["fields"].get(str(field_id), ""))


@action
def update_client_product(asked: Asked) -> Answer:
    """A change of the row and nothing more: no module runs, and an empty value clears nothing (that takes `unset`)."""
    row = asked.store.get(SERVICE, str(asked.whole("serviceid")))
    if row is None:
        raise Refused("Service ID Not Found")
    row |= {name: asked.text(name) for name in PLAIN if asked.text(name)}
    row |= {name: asked.text(sent) for sent, name in RENAMED.items() if asked.text(sent)}
    row |= money_sent(asked) | checked(asked)
    row |= dict.fromkeys(cleared(asked), "")
    row["domain_key"], row["lastupdate"] = row["domain"].lower(), stamp()
    set_fields(asked, row)
    asked.store.put(SERVICE, str(row["id"]), row)
    return {"serviceid": asked.text("serviceid")}


def money_sent(asked: Asked) -> Doc:
    sent = {name: decimal(asked.text(name)) for name in ("firstpaymentamount", "recurringamount")}
    return {name: money(value) for name, value in sent.items() if value is not None}


def checked(asked: Asked) -> Doc:
    """Words that must be known: status, cycle, gateway, product."""
    changes: Doc = {}
    if asked.text("status") in STATUSES:
        changes["status"] = asked.text("status")
    cycle = asked.text("billingcycle").lower().replace(" ", "").replace("-", "")
    if cycle in CYCLES:
        changes["billingcycle"] = cycle
    if asked.text("paymentmethod"):
        check_payment_method(asked.text("paymentmethod"))
        changes["paymentmethod"] = asked.text("paymentmethod")
    if find(asked.store, asked.whole("pid")):
        changes["pid"] = asked.whole("pid")
    return changes


def cleared(asked: Asked) -> set[str]:
    names = asked.array("unset").values()
    return {RENAMED.get(name, name) for name in names if isinstance(name, str)} & UNSETTABLE


def set_fields(asked: Asked, row: Doc) -> None:
    product = sold(asked.store, row["pid"])
    sent = decode_array(asked.form.get("customfields"))
    row["fields"] |= {key: str(value) for key, value in sent.items() if whole(key) in product.fields}
    row["options"] = chosen_options(product, decode_array(asked.form.get("configoptions")), row["options"])
