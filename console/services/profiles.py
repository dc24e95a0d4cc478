"""Who a customer is: names and phone go to billing too, language and time zone are ours alone."""

from __future__ import annotations

from dataclasses import dataclass

from console.models import CustomerLink, User
from console.services import billing_changes
from console.services.billing import Address
from console.services.upstreams import Policy, Upstreams


@dataclass(frozen=True)
class Profile:
    """As the person wants it."""

    first_name: str
    last_name: str
    phone: str
    language: str
    zone: str


def unaddressed(user: User) -> Address:
    """What we know of a person without billing: everything but where they live."""
    where = dict.fromkeys(("postcode", "state", "city", "address1", "address2"), "")
    return Address(first_name=user.first_name, last_name=user.last_name, phone=user.phone, country="JP", **where)


def change(upstreams: Upstreams, policy: Policy, user: User, wanted: Profile) -> list[int]:
    """Write it here, and what has changed of it to billing; the jobs to ring where billing has not taken it yet."""
    names = {"first_name": wanted.first_name, "last_name": wanted.last_name, "phone": wanted.phone}
    changed = {name: value for name, value in names.items() if getattr(user, name) != value}
    User.update(**names, language=wanted.language, zone=wanted.zone).where(User.id == user.id).execute()
    link = CustomerLink.of(user.id)
    if link is None or not link.ready or not changed:
        return []
    pending = billing_changes.change(upstreams, policy, link, changed) == "pending"
    return billing_changes.open_jobs(link) if pending else []
