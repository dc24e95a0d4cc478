"""May this order be provisioned, and as what: the guard, the snapshot of what was approved, and whose it is."""

from __future__ import annotations

from typing import Any

from console.clients.salesforce import OrderLine, OrderRecord
from console.errors import Contradiction, NeedsStaff, Stop
from console.models import CustomerLink, Job, JobStep, Order
from console.money import whole
from console.services import ordering
from console.services.provisioning.plan import Done, Run

EFFECTS = frozenset({"esim", "add_order", "accept_order"})
DRAFT_ENDS = {"Cancelled": "cancelled", "Rejected": "rejected"}


def effects(run: Run) -> list[str]:
    """The effects that exist or may exist upstream, as `step line`."""
    return [
        f"{name} {line}".strip()
        for (name, line), row in run.journal.items()
        if name in EFFECTS and row.state in {"started", "done", "adopted"}
    ]


def is_made(step: JobStep) -> bool:
    """Whether it is an effect that exists or may exist upstream."""
    return step.name in EFFECTS and step.state in {"started", "done", "adopted"}


def has_effects(job: Job) -> bool:
    """As `effects`, from the job's rows."""
    made = JobStep.name.in_(sorted(EFFECTS)) & JobStep.state.in_(["started", "done", "adopted"])
    return bool(JobStep.select().where((JobStep.job == job.id) & made).exists())


def guard(run: Run, _line: str) -> Done:
    """One SOQL with the items. Before the first effect the order's state decides; after it the snapshot rules and lines must not differ."""
    order = run.upstreams.salesforce.read_order(run.job.sf_order_id)
    made = effects(run)
    run.order_modified = order.last_modified if order else None
    if order is None:
        raise NeedsStaff("order_gone", ", ".join(made)) if made else Stop("skipped", "order_not_found")
    if made:
        _unchanged(run, order)
        return Done(order.order_id, {"status": order.status, "lines": len(order.lines)})
    if order.status in DRAFT_ENDS:
        raise Stop("cancelled", DRAFT_ENDS[order.status])
    if order.activation_status != "Activating" or order.status not in {"Approved", "Activated"}:
        raise Stop("skipped", "not_activating")
    snapshot, placed = take_snapshot(order), _placed_here(order)
    user_id = placed.user_id if placed else _holder(order)

    def keep() -> None:
        run.job.write(snapshot=snapshot, user=user_id)
        if placed is not None:
            ordering.known(run.policy, placed, order.order_id, order.order_number)

    return Done(order.order_id, {"status": order.status, "lines": len(order.lines)}, keep)


def take_snapshot(order: OrderRecord) -> dict[str, Any]:
    """What was approved, as plain JSON; NeedsStaff when a line cannot be carried out as it stands."""
    if not order.lines:
        raise NeedsStaff("no_lines", order.order_number)
    return {"order_number": order.order_number, "account_id": order.account_id, "lines": [_line(line) for line in order.lines]}


def _line(line: OrderLine) -> dict[str, Any]:
    quantity, price = whole(line.quantity), whole(line.unit_price)
    if quantity is None or quantity < 1 or (line.mobile_plan_id and quantity != 1):
        raise NeedsStaff("bad_quantity", f"{line.item_id}: {line.quantity}")
    if price is None or price < 0:
        raise NeedsStaff("bad_price", f"{line.item_id}: {line.unit_price}")
    if line.whmcs_product_id is None:
        raise NeedsStaff("no_whmcs_product", f"{line.item_id}: {line.sku}")
    if line.category == "SIM" and line.item_class == "Service" and not line.mobile_plan_id:
        raise NeedsStaff("no_mobile_plan", f"{line.item_id}: {line.sku}")
    return {
        "item_id": line.item_id, "sku": line.sku, "name": line.name, "category": line.category, "item_class": line.item_class,
        "quantity": quantity, "unit_price": price, "billing_cycle": line.billing_cycle, "options": line.options,
        "whmcs_product_id": line.whmcs_product_id, "plan": line.mobile_plan_id,
    }  # fmt: skip


def _unchanged(run: Run, order: OrderRecord) -> None:
    """A contradiction unless the lines are the approved ones, or differ in the way that staff have seen and set aside (`kept`)."""
    approved = run.snapshot["lines"]
    try:
        now = take_snapshot(order)["lines"]
    except NeedsStaff as error:
        now = [{"problem": error.code, "detail": error.text}]
    if now not in (approved, run.snapshot.get("kept")):
        raise Contradiction("order_changed", {"approved": approved, "now": now})


def _placed_here(order: OrderRecord) -> Order | None:
    """Our row, found by the key too: a reviewer may be quicker than the lost answer that would have told us the order's id."""
    return Order.at(order.order_id) or (Order.keyed(order.idem_key) if order.idem_key else None)


def _holder(order: OrderRecord) -> int:
    """Whose an order made by hand is: the customer with the verified link of its Account."""
    link = CustomerLink.holder_of(order.account_id)
    if link is None:
        raise NeedsStaff("no_portal_account", order.order_number)
    return int(link.user_id)


def link_of(run: Run) -> CustomerLink:
    """The customer's link, finished: with a WHMCS client."""
    link = run.link
    if link is None or link.whmcs_client_id is None:
        raise NeedsStaff("no_whmcs_client")
    return link
