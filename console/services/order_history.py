"""A customer's orders with where each of them is, in three queries."""

from __future__ import annotations

from console.models import Job, Order, User
from console.services.explaining import OrderStatus, order_status

SHOWN = 50


def history(user: User) -> list[tuple[Order, OrderStatus]]:
    """The newest fifty, newest first."""
    orders = list(Order.select().where(Order.user == user.id).order_by(Order.created_at.desc(), Order.id.desc()).limit(SHOWN))
    placed = [order.sf_order_id for order in orders if order.sf_order_id]
    jobs = {job.sf_order_id: job for job in Job.select().where((Job.kind == "provision") & Job.sf_order_id.in_(placed))}
    return [(order, order_status(order, jobs.get(order.sf_order_id), [])) for order in orders]


def mine(user: User, sf_order_id: str) -> Order | None:
    """This person's order of that Salesforce id."""
    order = Order.at(sf_order_id)
    return order if order is not None and order.user_id == user.id else None
