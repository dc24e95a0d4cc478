"""The order's WHMCS side: a valid payment method, one order with all lines, accepted, its services marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console import clock
from console.clients.whmcs import NewService, Service, WhmcsOrder
from console.errors import AlreadyDone, Contradiction, NeedsCustomer, NeedsStaff
from console.models import CustomerLink
from console.services.product_options import whmcs_options
from console.services.provisioning.guard import link_of
from console.services.provisioning.plan import Done, Run

ENDED_ORDERS = frozenset({"Cancelled", "Fraud"})
ENDED_SERVICES = ENDED_ORDERS | {"Terminated"}


def payment_method(run: Run, _line: str) -> Done:
    """One that is not expired, or the customer is asked for one."""
    methods = run.upstreams.whmcs.pay_methods(link_of(run).whmcs_client_id)
    valid = [method for method in methods if method.valid_on(clock.now().date())]
    if not valid:
        CustomerLink.change(run.job.user_id, payment_seen_at=None)
        raise NeedsCustomer("payment_method")
    return Done(str(valid[0].method_id), also=lambda: CustomerLink.change(run.job.user_id, payment_seen_at=clock.now()))


def label(item_id: str) -> str:
    """Our name for one service: WHMCS stores it in AddOrder itself and can be searched by it."""
    return f"sf-{item_id}"


def add_order(run: Run, _line: str) -> Done:
    """One AddOrder with all lines; label and custom fields carry our identity in the same call."""
    services = [_service(run, item_id, line) for item_id, line in run.lines.items()]
    added = run.upstreams.whmcs.add_order(link_of(run).whmcs_client_id, services)
    return Done(str(added.order_id))


def _service(run: Run, item_id: str, line: dict[str, Any]) -> NewService:
    fields = {run.policy.order_id_field: run.job.sf_order_id}
    iccid = _iccid(run, item_id)
    if iccid:
        fields[run.policy.iccid_field] = iccid
    return NewService(
        product_id=line["whmcs_product_id"], label=label(item_id), quantity=line["quantity"], billing_cycle=line["billing_cycle"],
        unit_price=line["unit_price"], options=_options(item_id, line["options"]), fields=fields,
    )  # fmt: skip


def _iccid(run: Run, item_id: str) -> str:
    row = run.journal.get(("esim_profile", item_id))
    return str(row.result["iccid"]) if row else ""


def _options(item_id: str, text: str) -> dict[int, int]:
    """ConfigOptions_JSON__c to WHMCS's option → choice, or option → quantity."""
    try:
        return whmcs_options(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NeedsStaff("bad_options", item_id) from error


def find_order(run: Run, _line: str) -> Done | None:
    """The one living WHMCS order of this client whose services carry our labels; adopted only if it is the approved one."""
    orders = _living(run)
    if not orders:
        return None
    if len(orders) > 1:
        raise Contradiction("two_matches", {"whmcs_orders": sorted(orders)})
    found = run.upstreams.whmcs.order(orders.pop())
    if found is None:
        return None
    _matched(run, found)
    return Done(str(found.order_id))


def _living(run: Run) -> set[int]:
    """The orders of services that carry our labels and have not ended."""
    client_id = link_of(run).whmcs_client_id
    services = [one for item_id in run.lines for one in run.upstreams.whmcs.services_by_label(client_id, label(item_id))]
    return {one.order_id for one in services if one.status not in ENDED_SERVICES}


def confirm_order(run: Run, line: str, ref: str) -> Done | None:
    """The WHMCS order that staff name, under the look-up's rules: our labels on its services, and no other living order with them."""
    given = run.upstreams.whmcs.order(int(ref)) if is_id(ref) else None
    if given is None:
        return None
    _matched(run, given)
    found = find_order(run, line)
    if found is None or found.ref != str(given.order_id):
        evidence = {"given": given.order_id, "status": given.status, "labels_are_on": found.ref if found else "none that is living"}
        raise Contradiction("another_order", evidence)
    return found


def is_id(text: str) -> bool:
    """Whether it can be an id in WHMCS: staff may type anything."""
    return text.isascii() and text.isdigit() and len(text) < 10


def order_gone(run: Run, line: str, ref: str) -> bool:
    """Whether the order was cancelled or deleted, and no other living one carries our labels."""
    known = run.upstreams.whmcs.order(int(ref)) if ref else None
    return (known is None or known.status in ENDED_ORDERS) and not _living(run)


def match_services(run: Run, _line: str) -> Done:
    """Read the order back: services matched to lines by label, amounts equal to the snapshot, before anything is accepted."""
    order_id = int(run.step("add_order").upstream_ref)
    found = run.upstreams.whmcs.order(order_id)
    if found is None:
        raise NeedsStaff("whmcs_order_gone", str(order_id))
    services = _matched(run, found)
    return Done(str(found.invoice_id or ""), {"services": services, "status": found.status})


def _matched(run: Run, order: WhmcsOrder) -> dict[str, int]:
    """OrderItem id → service id; a contradiction unless client, lines and amounts are the approved ones."""
    by_label = {item.label.lower(): item for item in order.items}
    approved = {label(item_id).lower(): line["unit_price"] * line["quantity"] for item_id, line in run.lines.items()}
    found = {name: str(item.amount) for name, item in by_label.items()}
    right = len(order.items) == len(approved) == len(by_label) and all(
        name in by_label and by_label[name].amount == approved[name] for name in approved
    )
    if order.client_id != link_of(run).whmcs_client_id or not right:
        evidence = {
            "whmcs_order": order.order_id,
            "client": order.client_id,
            "found": found,
            "approved": {n: str(a) for n, a in approved.items()},
        }
        raise Contradiction("amount_differs", evidence)
    return {item_id: by_label[label(item_id).lower()].service_id for item_id in run.lines}


def accept_order(run: Run, line: str) -> Done:
    """AcceptOrder; "not Pending" is read back: Active means that it was done before."""
    order_id = int(run.step("add_order").upstream_ref)
    try:
        run.upstreams.whmcs.accept_order(order_id)
    except AlreadyDone as error:
        found = find_accepted(run, line)
        if found is None:
            raise NeedsStaff("order_not_pending", str(order_id)) from error
        return found
    return Done(str(order_id))


def find_accepted(run: Run, _line: str) -> Done | None:
    """Whether the order is Active with all its services."""
    order_id = int(run.step("add_order").upstream_ref)
    found = run.upstreams.whmcs.order(order_id)
    if found is None or found.status == "Pending":
        return None
    waiting = [item.service_id for item in found.items if item.status != "Active"]
    if found.status != "Active" or waiting:
        raise Contradiction("not_active", {"whmcs_order": order_id, "status": found.status, "services": waiting})
    return Done(str(order_id))


def confirm_accepted(run: Run, line: str, ref: str) -> Done | None:
    """The order that this job made or adopted, Active with all its services; None while it is Pending."""
    made = run.step("add_order").upstream_ref
    if ref != made:
        raise Contradiction("another_order", {"given": ref, "whmcs_order": made})
    return find_accepted(run, line)


def all_lines(run: Run) -> Sequence[str]:
    return list(run.lines)


def service_fields(run: Run, line: str) -> Done:
    """Custom fields and one line in the notes, appended: writing notes replaces them."""
    service = _services(run)[run.step("match_services").result["services"][line]]
    note = f"Salesforce order {run.job.sf_order_id}"
    notes = None if note in service.notes else f"{service.notes}\n{note}".strip()
    fields = {run.policy.order_id_field: run.job.sf_order_id}
    iccid = _iccid(run, line)
    if iccid:
        fields[run.policy.iccid_field] = iccid
    run.upstreams.whmcs.update_service(service.service_id, service.product_id, fields=fields, notes=notes)
    return Done(str(service.service_id))


def _services(run: Run) -> dict[int, Service]:
    """The client's services, read once a run."""
    if "services" not in run.memory:
        run.memory["services"] = {one.service_id: one for one in run.upstreams.whmcs.services_of(link_of(run).whmcs_client_id)}
    services: dict[int, Service] = run.memory["services"]
    wanted = run.step("match_services").result["services"].values()
    missing = [service_id for service_id in wanted if service_id not in services]
    if missing:
        raise NeedsStaff("service_gone", ", ".join(map(str, missing)))
    return services
