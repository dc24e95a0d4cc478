"""Server modules: what the Module… actions do to a service, from which status, and what a module says when it cannot."""

from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.activity import log
from sandbox.whmcs.answers import Answer, Refused
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.emails import PRODUCT_WELCOME, SUSPENDED, post_template
from sandbox.whmcs.products import sold
from sandbox.whmcs.quirks import quirks

SERVICE = "whmcs_service"
FAILED = "Could not connect to the provisioning server"
# action → the statuses it works from, the status it leads to
MOVES = {
    "create": (("Pending", "Cancelled", "Terminated"), "Active"),
    "suspend": (("Active",), "Suspended"),
    "unsuspend": (("Suspended",), "Active"),
    "terminate": (("Active", "Suspended"), "Terminated"),
}


@action
def module_create(asked: Asked) -> Answer:
    service = run(asked, "create")
    post_template(asked.store, service["clientid"], PRODUCT_WELCOME, service["domain"])
    return {}


@action
def module_suspend(asked: Asked) -> Answer:
    reason = asked.text("suspendreason") or "Overdue on Payment"
    service = run(asked, "suspend", suspensionreason=reason)
    post_template(asked.store, service["clientid"], SUSPENDED, reason)
    return {}


@action
def module_unsuspend(asked: Asked) -> Answer:
    run(asked, "unsuspend", suspensionreason="")
    return {}


@action
def module_terminate(asked: Asked) -> Answer:
    run(asked, "terminate")
    return {}


def run(asked: Asked, command: str, **changes: str) -> Doc:
    service = wanted(asked)
    if not has_module(asked.store, service):
        raise Refused(asked.quirks["no_module_words"])
    if asked.quirks["module"] == "fails":
        raise Refused(FAILED)
    before, after = MOVES[command]
    if service["status"] not in before:
        raise Refused(f"Cannot {command} a service that is {service['status']}")
    service |= {"status": after, **changes}
    asked.store.put(SERVICE, str(service["id"]), service)
    log(asked.store, f"Module {command.title()} Successful - Service ID: {service['id']}", service["clientid"], asked.caller)
    return service


def wanted(asked: Asked) -> Doc:
    """`accountid` is the name of old."""
    number = asked.text("serviceid") or asked.text("accountid")
    if not number:
        raise Refused("Service ID is required")
    service = asked.store.get(SERVICE, number) if number.isdecimal() else None
    if service is None:
        raise Refused("Service ID not found")
    return service


def has_module(store: Store, service: Doc) -> bool:
    return bool(sold(store, service["pid"]).module) or bool(quirks(store)["every_product_has_module"])


def set_up(store: Store, service_id: int) -> bool:
    """Runs the module without being asked by an action; False when it fails."""
    service = store.get(SERVICE, str(service_id))
    if service is None or quirks(store)["module"] == "fails":
        return False
    store.put(SERVICE, str(service_id), {**service, "status": "Active"})
    post_template(store, service["clientid"], PRODUCT_WELCOME, service["domain"])
    return True
