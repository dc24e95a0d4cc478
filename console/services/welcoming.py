"""What a customer sees first: how far the account is, then the newest orders."""

from __future__ import annotations

from console import clock
from console.models import CustomerLink, Order, User
from console.services.explaining import OrderStatus, status_of
from console.services.signing_up import job_of

NEWEST = 3


def progress(user: User) -> str:
    """How far the account is: ready | working | number (the person must correct it) | stuck (staff look at it)."""
    link = CustomerLink.of(user.id)
    if link is not None and link.ready:
        return "ready"
    job = job_of(user)
    if job is None or not job.open:
        return "stuck"
    # one that is due is being looked at again, with the number as it is now
    return "number" if job.state == "needs_customer" and job.next_run_at > clock.now() else "working"


def newest_orders(user: User) -> list[tuple[Order, OrderStatus]]:
    """The last few, each with its status."""
    rows = Order.select().where(Order.user == user.id).order_by(Order.created_at.desc(), Order.id.desc()).limit(NEWEST)
    return [(order, status_of(order)) for order in rows]
