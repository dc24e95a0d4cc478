"""What a customer sees first: how far the account is; then what needs them, what is under way and what they have."""

from __future__ import annotations

from dataclasses import dataclass

from console import clock
from console.models import CustomerLink, Order, Subscription, User
from console.services import order_history
from console.services.explaining import OrderStatus
from console.services.order_history import Wanted
from console.services.signing_up import job_of

SHOWN = 5


@dataclass(frozen=True)
class Glance:
    """`needs`: what only the person can do, the most urgent first: payment_method | address. `acting`: orders that wait for them.

    `orders`: under way, or the newest ones where none is (`busy` False).
    """

    link: CustomerLink
    needs: tuple[str, ...]
    acting: tuple[Order, ...]
    orders: tuple[tuple[Order, OrderStatus], ...]
    busy: bool
    subscriptions: tuple[Subscription, ...]


def progress(user: User) -> str:
    """How far the account is: ready | working | stuck (staff look at it) | number or refused (the person must correct it)."""
    return _progress(user, CustomerLink.of(user.id))


def glance(user: User, link: CustomerLink | None) -> tuple[str, Glance | None]:
    """The progress, and once it is `ready` the glance: three queries of our own rows at most, no upstream."""
    how = _progress(user, link)
    if link is None or how != "ready":
        return how, None
    busy = order_history.history(user, Wanted(state="open"), SHOWN).rows
    orders = busy or order_history.history(user, Wanted(), SHOWN).rows
    mine = Subscription.select().where(Subscription.user == user.id).order_by(Subscription.id.desc()).limit(SHOWN + 1)
    acting = tuple(order for order, status in busy if status.actor == "you")
    return how, Glance(link, _needs(user, link, bool(orders)), acting, orders, bool(busy), tuple(mine))


def _needs(user: User, link: CustomerLink, ordered: bool) -> tuple[str, ...]:
    """Who has ordered has given an address: the checkout asks for it."""
    wanted = {"payment_method": not link.payment_seen_at, "address": user.address_skipped and not ordered}
    return tuple(name for name, missing in wanted.items() if missing)


def _progress(user: User, link: CustomerLink | None) -> str:
    if link is not None and link.ready:
        return "ready"
    job = job_of(user)
    if job is None or not job.open:
        return "refused" if link is not None and link.rejected_at else "stuck"
    # one that is due is being looked at again, with the number as it is now
    return "number" if job.state == "needs_customer" and job.next_run_at > clock.now() else "working"
