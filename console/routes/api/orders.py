"""Placing an order and seeing how it is, in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from flask import Response, abort, request
from pydantic import Field

from console.errors import Refused
from console.i18n import gettext as _
from console.models import Order
from console.models.followed import Followed
from console.routes.api.doors import PROBLEM, Body, Shape, answer, bad_fields, noun
from console.services import cancelling, choosing, order_history, ordering, tracking
from console.services.explaining import OrderStatus
from console.services.order_history import Wanted
from console.services.ordering import Shown
from console.services.quoting import Quote
from console.web import limits, problems
from console.web.auth import customer, me
from console.web.forms.product import words
from console.web.gate import my_link
from console.web.problems import FieldError
from console.web.wired import bell, policy, upstreams

blueprint = noun("api_orders")
Mark = Literal["done", "current", "todo", "problem"]
# the pages' finer marks → the contract's
MARKS: dict[str, Mark] = {"done": "done", "current": "current", "todo": "todo", "problem": "problem", "you": "problem", "ended": "done"}


NEEDS_PAYMENT = {"description": "`payment_method_required`", **PROBLEM}


class OrderPath(Shape):
    sf_order_id: str = Field(alias="sf_order_id", pattern="^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")


class Step(Shape):
    key: str
    state: Mark
    at: datetime | None


class Status(Shape):
    sf_order_id: str
    order_number: str
    status: Literal["acknowledged", "pending", "held", "in_progress", "completed", "failed", "cancelled"]
    settled: bool
    actor: Literal["us", "you", "nobody"]
    milestones: list[Step]
    message: str
    whmcs_order_id: str | None
    iccids: list[str]
    updated_at: datetime


class Orders(Shape):
    items: list[Status]
    older: str | None


class Paging(Shape):
    q: str = Field("", max_length=80)
    state: str = Field("all", max_length=20)
    before: str = Field("", max_length=40)


class Checkout(Shape):
    checkout_id: str


class Wish(Body):
    """A product of the catalogue; an installation or an add-on is a line of its own."""

    sku: str = Field(min_length=1, max_length=80)
    quantity: int = Field(1, ge=1, le=100)
    options: dict[str, str | int | None] = Field(default_factory=dict, max_length=50)


class Sum(Body):
    amount: int = Field(ge=0, le=10**9)
    currency: Literal["JPY"] = "JPY"


Yen = Annotated[int, Field(ge=0, le=10**9)] | Sum


def _yen(given: int | Sum) -> int:
    return given.amount if isinstance(given, Sum) else given


class Expected(Body):
    """What the customer saw, in yen, each plain or as money: what is charged once, and what each month and each year."""

    monthly: Yen
    onetime: Yen
    annually: Yen = 0

    @classmethod
    def of(cls, quote: Quote) -> Expected:
        return cls(monthly=quote.monthly, onetime=quote.once, annually=quote.yearly)


class NewOrder(Body):
    checkout_id: str = Field(min_length=1, max_length=36)
    lines: list[Wish] = Field(min_length=1, max_length=50)
    expected_total: Expected
    accept_terms: Literal[True]

    @property
    def shown(self) -> Shown:
        monthly, onetime, annually = (
            _yen(one) for one in (self.expected_total.monthly, self.expected_total.onetime, self.expected_total.annually)
        )
        return Shown(monthly + onetime + annually, monthly, annually)

    @property
    def wishes(self) -> list[dict[str, Any]]:
        return [line.model_dump() for line in self.lines]


class Placed(Shape):
    sf_order_id: str


class Placing(Shape):
    checkout_id: str
    status: Literal["placing"] = "placing"


def shape(order: Order, now: OrderStatus) -> Status:
    """The status page's values."""
    steps = [Step(key=step.key, state=MARKS[step.state], at=step.at) for step in now.milestones if step.key != "ended"]
    return Status(
        sf_order_id=order.sf_order_id, order_number=order.order_number, status=now.status, settled=now.settled, actor=now.actor,
        milestones=steps, message=now.message,
        whmcs_order_id=now.whmcs_order_id or None, iccids=list(now.iccids), updated_at=now.updated_at,
    )  # fmt: skip


def mine(sf_order_id: str) -> Followed:
    return tracking.follow(me(), sf_order_id) or abort(404)


def status(followed: Followed) -> Response:
    """How the order is, with an ETag."""
    now = tracking.status_of(followed)
    made = answer(shape(followed.order, now))
    made.set_etag(now.version)
    made.make_conditional(request)
    return made


@blueprint.post("/checkout", responses={201: Checkout})
@customer
def begin() -> Response:
    """The checkoutId of the next order; a new one where the last was placed."""
    return answer(Checkout(checkout_id=choosing.checkout(me())), 201)


@blueprint.post("/orders", responses={200: Placed, 201: Placed, 202: Placing, 402: NEEDS_PAYMENT})
@customer
@limits.on_order
def place(body: NewOrder) -> Response:
    """Once for each checkoutId: the same again answers the same order with 200. 202 while Salesforce's answer is lost."""
    try:
        order = ordering.place(upstreams(), policy(), me(), my_link(), body.checkout_id, body.shown, body.wishes)
    except Refused as refused:
        return _refused(refused)
    bell().outbox()
    if order.state == "failed":
        raise Refused("not_placed")
    if order.sf_order_id is None:
        return answer(Placing(checkout_id=order.checkout_id), 202)
    return answer(Placed(sf_order_id=order.sf_order_id), 201 if order.made_now else 200)


def _refused(refused: Refused) -> Response:
    if refused.code == "payment_method_required":
        return problems.answer(402, refused.code, _("A payment method is needed"), _("Add a payment method first."))
    if refused.code == "price_changed":
        total = Expected.of(cast(Quote, refused.detail["quote"]))
        more = {"expectedTotal": total.model_dump(by_alias=True)}
        what = _("The price has changed. Look at it and order again.")
        return problems.answer(409, refused.code, _("The price has changed"), what, more=more)
    if refused.code in {"checkout_used", "cart_changed"}:
        return problems.answer(409, "checkout_used", _("This checkout is over"), _("This checkout is over. Begin a new one."))
    if refused.code == "account_not_ready":
        raise refused
    about = str(refused.detail.get("sku", ""))
    return bad_fields([FieldError("lines", refused.code, f"{about}: {words(refused)}" if about else words(refused))])


@blueprint.get("/orders", responses={200: Orders})
@customer
def index(query: Paging) -> Response:
    """The newest first; orders that are still being placed are not among them. `older` is `before` of the next page."""
    page = order_history.history(me(), Wanted(query.q, query.state, query.before))
    return answer(Orders(items=[shape(order, now) for order, now in page.rows if order.sf_order_id], older=page.older or None))


@blueprint.get("/orders/<sf_order_id>", responses={200: Status, 304: None})
@customer
def show(path: OrderPath) -> Response:
    """How the order is; 304 while the `ETag` is still true."""
    return status(mine(path.sf_order_id))


@blueprint.post("/orders/<sf_order_id>/cancellation", responses={200: Status})
@customer
def cancel(path: OrderPath) -> Response:
    """Until the first effect is begun; then 409 `too_late`."""
    cancelling.cancel(policy(), mine(path.sf_order_id).order)
    bell().outbox()
    return status(mine(path.sf_order_id))
