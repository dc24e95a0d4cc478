"""An order's page that refreshes itself: what it shows now, and whether what a browser shows is still true."""

from __future__ import annotations

from console import clock
from console.models import JobStep, User
from console.models.base import millis
from console.models.followed import Followed
from console.services.explaining import OrderStatus, order_status


def follow(user: User, sf_order_id: str) -> Followed | None:
    """This person's order of that Salesforce id: one query."""
    found = Followed.of(sf_order_id)
    return found if found is not None and found.user_id == user.id else None


def status_of(followed: Followed) -> OrderStatus:
    """One query more, for the steps of its job."""
    steps = list(JobStep.of(followed.job).values()) if followed.job else []
    return order_status(followed.order, followed.job, steps, followed.kinds)


def unchanged(followed: Followed, version: str) -> bool:
    """Whether a browser that shows this version need not be told anything: nothing was written, and no moment has passed that matters."""
    stamp, _, rest = version.partition("-")
    until = rest.partition("-")[0]
    return stamp == followed.stamp and until.isascii() and until.isdigit() and (until == "0" or millis(clock.now()) < int(until[:18]))
