"""Rows of jobs as the engine leaves them: people, orders, tries and events, made by hand for tests of what staff see."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from console import clock
from console.clients.salesforce_ids import canonical_id
from console.models import Attempt, CustomerLink, InboxEvent, Job, JobStep, Order, Subscription, User

_numbers = count(1)
ESIM = "eSIM 5 GB"


def order_id(number: int) -> str:
    """An order's id, 18 characters with its checksum."""
    found = canonical_id(f"8015g{number:010d}")
    assert found
    return found


def customer(email: str = "", sf_number: str = "", **values: Any) -> User:
    """A customer with a finished, verified link."""
    n = next(_numbers)
    email, sf_number = email or f"customer{n}@example.com", sf_number or f"SF-{200000 + n}"
    names = {"first_name": "Sara", "last_name": "Lindqvist"} | values
    user = User.create(email=email, password_hash="none", sf_number=sf_number, confirmed_at=clock.now(), **names)
    CustomerLink.create(user=user, sf_number=sf_number, sf_account_id=f"001{n:015d}", verified=True, whmcs_client_id=4700 + n)
    return user


def order(user: User, number: int | None = None, name: str = ESIM) -> Order:
    """A placed order of one mobile line."""
    n = number or next(_numbers)
    line = {
        "sku": "ESIM-5", "name": name, "category": "SIM", "item_class": "Service", "quantity": 1, "mobile": True, "unit_price": 1980,
        "billing_cycle": "Monthly",
    }  # fmt: skip
    return Order.create(
        user=user, checkout_id=f"checkout-{n}", idem_key=f"key-{n}", state="placed", sf_order_id=order_id(n), order_number=f"{n:08d}",
        request={}, lines=[line], due_today=3300, monthly=1980,
    )  # fmt: skip


def job(user: User | None = None, state: str = "queued", number: int | None = None, placed: bool = True, **values: Any) -> Job:
    """A provision job of a placed order (or of one made by hand), in that state."""
    n = number or next(_numbers)
    if user is not None and placed:
        order(user, n)
    values = {"source": "stream", "correlation_id": "7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11", "snapshot": snapshot(n)} | values
    made, _new = Job.make("provision", order_id(n), sf_order_id=order_id(n), user=user.id if user else None, state=state, **values)
    return made


def snapshot(number: int, plan: str = "plan_5gb") -> dict[str, Any]:
    """The order as approved."""
    line = {"item_id": item_id(number), "name": ESIM, "sku": "ESIM-5", "item_class": "Service", "category": "SIM", "plan": plan}
    return {"order_number": f"{number:08d}", "account_id": "001000000000001AAA", "lines": [line]}


def item_id(number: int) -> str:
    return f"8025g{number:010d}AAA"


def tried(of: Job, step: str, outcome: str, at: datetime | None = None, **values: Any) -> None:
    """A try of a step, as the engine records it."""
    Attempt.create(job=of, step=step, outcome=outcome, at=at or clock.now(), fence=of.fence, **{"duration_ms": 100} | values)


def stepped(of: Job, name: str, ref: str = "", state: str = "done", line: str = "", **result: Any) -> None:
    """A step in the journal and the try that ended it."""
    JobStep.put(of, name, line, state=state, upstream_ref=ref, result=result, finished_at=clock.now(), started_at=clock.now())
    tried(of, name, state, line=line)


def arrived(of: Job, state: str = "recorded", reason: str = "") -> None:
    """The platform event of the job's order."""
    n = next(_numbers)
    InboxEvent.create(event_uuid=f"uuid-{n}", sf_order_id=of.sf_order_id, state=state, reason=reason)


def subscribed(of: Job, iccid: str, service_id: int, mobile_ref: str) -> Subscription:
    """What provisioning made for the order's line."""
    return Subscription.create(
        user=of.user_id, sf_order_id=of.sf_order_id, sf_item_id=item_id(next(_numbers)), name=ESIM, category="SIM",
        iccid=iccid, whmcs_service_id=service_id, mobile_ref=mobile_ref,
    )  # fmt: skip
