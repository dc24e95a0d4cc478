"""A customer's subscriptions, in JSON."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from console.models import Subscription
from console.routes.api.doors import Shape, answer, noun
from console.services import esim
from console.web.auth import customer, me

blueprint = noun("api_subscriptions")


class Service(Shape):
    """`iccid` is null for what is no eSIM."""

    id: int
    name: str
    category: str
    active: bool
    iccid: str | None
    sf_order_id: str
    since: datetime


class Services(Shape):
    items: list[Service]


@blueprint.get("/subscriptions", responses={200: Services})
@customer
def index() -> Response:
    """The newest first."""
    return answer(Services(items=[_service(row) for row in esim.all_of(me())]))


def _service(row: Subscription) -> Service:
    return Service(
        id=row.id, name=row.name, category=row.category, active=row.active, iccid=row.iccid or None, sf_order_id=row.sf_order_id,
        since=row.created_at,
    )  # fmt: skip
