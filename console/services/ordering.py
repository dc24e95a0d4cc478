"""Placing an order: one row and one key before Salesforce is called, so that a repeat, a crash or a lost answer makes no second order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console import log
from console.clients.salesforce import NewOrder, NewOrderLine, PlacedOrder
from console.errors import AlreadyDone, Ambiguous, Refused, Rejected, UpstreamError
from console.masking import masked
from console.models import Cart, CustomerLink, Order, User, insert_once, transaction
from console.models.base import db_now
from console.services import billing, catalog, eligibility, mailing
from console.services.provisioning.outcomes import backoff
from console.services.quoting import Line, Quote, Wish, kept, quote
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)


@dataclass(frozen=True)
class Shown:
    """The totals that the customer saw, in yen: the first bill, and what follows each month and each year."""

    today: int
    monthly: int
    yearly: int = 0

    @classmethod
    def of(cls, quote: Quote) -> Shown:
        return cls(quote.today, quote.monthly, quote.yearly)


def place(
    upstreams: Upstreams,
    policy: Policy,
    user: User,
    link: CustomerLink | None,
    checkout_id: str,
    shown: Shown,
    chosen: Sequence[Wish] | None = None,
) -> Order:
    """The order of that checkout, made now or before; its state tells how far it is. `chosen` in the place of what the cart holds.

    Refused: account_not_ready, cart_changed, checkout_used, payment_method_required, price_changed (`quote`), or as `quote`.
    An UpstreamError means that nothing was ordered.
    """
    cart = Cart.of(user.id)
    before = _placed_before(user, cart, checkout_id, chosen)
    if before:
        return before
    if link is None or not link.ready:
        raise Refused("account_not_ready")
    asked = cart.lines if chosen is None else [dict(wish) for wish in chosen]
    if cart.checkout_id != checkout_id or not asked:
        raise Refused("cart_changed")
    if not billing.payment_method(upstreams, link).has:
        raise Refused("payment_method_required")
    shelf = eligibility.personal(catalog.fresh(upstreams), link)
    priced = quote(shelf, asked)
    if Shown.of(priced) != shown:
        raise Refused("price_changed", quote=priced)
    cart.lines = kept(shelf, asked)
    order = commit(policy, user, link, cart, priced, _digest(asked))
    if order is None:
        return _placed_before(user, cart, checkout_id, chosen) or _taken()
    if chosen is not None:
        cart.keep()  # what was ordered under this checkout is what the cart shows
    send(upstreams, policy, order)
    made = reread(order)
    made.made_now = True
    return made


def _placed_before(user: User, cart: Cart, checkout_id: str, chosen: Sequence[Wish] | None) -> Order | None:
    order = of_checkout(user, checkout_id)
    asked = cart.lines if chosen is None and cart.checkout_id == checkout_id else chosen
    if order and asked is not None and not _same(asked, order.request):
        raise Refused("checkout_used")
    return order


def _same(asked: Sequence[Wish], request: Mapping[str, Any]) -> bool:
    """Whether this is what was ordered: as it is kept, or as it was sent then."""
    return _canonical(asked) == _canonical(request["chosen"]) or _digest(asked) == request.get("asked")


def _digest(wishes: Sequence[Wish]) -> str:
    """Of wishes as they were sent: what is not kept of them is in no row, and a repeat is known all the same. No card goes into it."""
    return hashlib.sha256(masked("\n".join(_canonical(wishes))).encode(errors="backslashreplace")).hexdigest()


def _canonical(wishes: Sequence[Wish]) -> list[str]:
    """Wishes as they are compared, in whatever order and shape they came: an installation is a line, an empty answer is none."""
    flat = [*wishes, *({"sku": wish["installation"]} for wish in wishes if wish.get("installation"))]
    answers = [{key: str(value) for key, value in (wish.get("options") or {}).items() if value not in ("", 0, None)} for wish in flat]
    plain = ([wish["sku"], wish.get("quantity", 1), given] for wish, given in zip(flat, answers, strict=True))
    return sorted(json.dumps(each, sort_keys=True, default=str, ensure_ascii=False) for each in plain)


def of_checkout(user: User, checkout_id: str) -> Order | None:
    """This person's order of that checkout."""
    return Order.get_or_none((Order.checkout_id == checkout_id) & (Order.user == user.id))  # type: ignore[no-any-return]


def reread(order: Order) -> Order:
    """The row as it is now."""
    return Order.get_by_id(order.id)  # type: ignore[no-any-return]


def _taken() -> Order:
    raise Refused("checkout_used")


def order_key(user_id: int, checkout_id: str, lines: Sequence[Line]) -> str:
    """Portal_Idem_Key__c: SHA-256 over person, checkout and lines as they will be ordered."""
    canonical = [[line.sku, line.quantity, line.billing_cycle, line.options] for line in lines]
    text = json.dumps([user_id, checkout_id, canonical], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def commit(policy: Policy, user: User, link: CustomerLink, cart: Cart, priced: Quote, asked: str = "") -> Order | None:
    """The row, on disk before the call; None when another request was quicker. `asked`: the digest of what was sent."""
    key = order_key(user.id, cart.checkout_id, priced.lines)
    rows = [line.row() | {"line_key": f"{key[:60]}-{n}"} for n, line in enumerate(priced.lines, 1)]
    request = {
        "chosen": cart.lines, "account_id": link.sf_account_id, "pricebook_id": priced.lines[0].pricebook_id,
        "link_unverified": not link.verified, "case_number": "" if link.verified else link.case_number,
        "effective_date": catalog.today().isoformat(), "asked": asked,
    }  # fmt: skip
    made = insert_once(
        Order, user=user.id, checkout_id=cart.checkout_id, idem_key=key, request=request, lines=rows, due_today=priced.today,
        monthly=priced.monthly, correlation_id=log.correlation_id(), place_again_at=db_now(policy.deadlines["salesforce"] + 5),
    )  # fmt: skip
    return of_checkout(user, cart.checkout_id) if made else None


def finish_placing(upstreams: Upstreams, policy: Policy, order: Order) -> bool:
    """Go on with an order that a crash or a lost answer left; whether it is no longer `placing`. One caller at a time gets to it."""
    again = db_now(policy.deadlines["salesforce"] * 2 + backoff(order.place_attempts + 1, policy))
    waiting = (Order.id == order.id) & (Order.state == "placing") & (Order.place_attempts == order.place_attempts)
    if not Order.update(place_attempts=Order.place_attempts + 1, place_again_at=again).where(waiting).execute():
        return bool(reread(order).state != "placing")
    with log.correlated(order.correlation_id):
        try:
            found = upstreams.salesforce.order_by_key(order.idem_key)
        except UpstreamError as error:
            _postpone(policy, order, error)
            return False
        if found:
            return _accept(policy, order, found)
        return send(upstreams, policy, reread(order))


def send(upstreams: Upstreams, policy: Policy, order: Order) -> bool:
    """Call Salesforce; whether the order is decided."""
    try:
        order_id = upstreams.salesforce.place_order(_wire(order))
    except (AlreadyDone, Ambiguous) as error:
        return _look(upstreams, policy, order, error)
    except Rejected as error:
        return _fail(order, error.code or "rejected")
    except UpstreamError as error:
        return _not_sent(policy, order, error)
    return known(policy, order, order_id, _number(upstreams, order))


def _look(upstreams: Upstreams, policy: Policy, order: Order, error: UpstreamError) -> bool:
    """The answer was lost, or the key is taken: what Salesforce has under the key is the order."""
    try:
        found = upstreams.salesforce.order_by_key(order.idem_key)
    except UpstreamError as lost:
        found, error = None, lost
    if found:
        return _accept(policy, order, found)
    _postpone(policy, order, error)
    return False


def _accept(policy: Policy, order: Order, found: PlacedOrder) -> bool:
    if found.account_id != order.request["account_id"]:
        return _fail(order, "key_of_another_account")
    return known(policy, order, found.order_id, found.order_number)


def _number(upstreams: Upstreams, order: Order) -> str:
    """The number for people; composite/tree answers ids only. Without it the order is as good."""
    try:
        found = upstreams.salesforce.order_by_key(order.idem_key)
    except UpstreamError as error:
        _log.warning("order_number_unread", order_id=order.id, error_class=type(error).__name__, code=error.code)
        return ""
    return found.order_number if found else ""


def known(policy: Policy, order: Order, sf_order_id: str, number: str) -> bool:
    """Salesforce has the order under this id: whoever learns it first writes it down, and the customer is told once."""
    if order.state != "placing" and order.order_number:
        return True  # as it was read, and neither goes back
    with transaction():
        values = {"sf_order_id": sf_order_id, "order_number": number, "place_again_at": None, "error_code": ""}
        if order.move("placed", ("placing",), **values):
            mailing.leave(
                policy, "order_received", order.user_id, sf_order_id, sf_order_id=sf_order_id, correlation_id=order.correlation_id,
                order_id=order.id,
            )  # fmt: skip
            _log.info("order_placed", order_id=order.id, sf_order_id=sf_order_id)
        elif number:
            Order.update(order_number=number).where((Order.id == order.id) & (Order.order_number == "")).execute()
    return True


def _fail(order: Order, code: str) -> bool:
    _log.error("order_not_placed", order_id=order.id, code=code)
    order.move("failed", ("placing",), error_code=code[:60], place_again_at=None)
    return True


def _not_sent(policy: Policy, order: Order, error: UpstreamError) -> bool:
    """Surely not executed. After many tries, each begun by a look that found nothing, the customer is told that nothing was ordered."""
    if order.place_attempts >= policy.attempts:
        return _fail(order, "salesforce_unavailable")
    _postpone(policy, order, error)
    return False


def _postpone(policy: Policy, order: Order, error: UpstreamError) -> None:
    _log.warning("order_unplaced", order_id=order.id, error_class=type(error).__name__, code=error.code, attempt=order.place_attempts)
    again = db_now(backoff(order.place_attempts + 1, policy))
    order.move("placing", ("placing",), place_again_at=again, error_code=(error.code or type(error).__name__)[:60])


def _wire(order: Order) -> NewOrder:
    request: dict[str, Any] = order.request
    lines = (
        NewOrderLine(
            line["line_key"], line["pricebook_entry_id"], line["quantity"], line["unit_price"], line["billing_cycle"], line["options_json"]
        )
        for line in order.lines
    )
    return NewOrder(
        idem_key=order.idem_key, account_id=request["account_id"], pricebook_id=request["pricebook_id"],
        effective_date=request["effective_date"], link_unverified=request["link_unverified"], case_number=request["case_number"],
        lines=tuple(lines),
    )  # fmt: skip
