"""The staff's customers: who waits for a decision about the number, who is found by an id or a name, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.models import AuditEntry, CustomerLink, Job, User
from console.services.finding_jobs import clean

MOST = 50
_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class Listed:
    """A customer in a list; names and e-mail are empty where they may not be seen. `standing`: see `standing`."""

    user_id: int
    name: str
    email: str
    sf_number: str
    standing: str
    case_number: str
    whmcs_client_id: int | None
    since: datetime


@dataclass(frozen=True)
class Customer:
    """One customer: their link, who else claims the same Account (the verified one first), their jobs, and what staff decided."""

    user: User
    link: CustomerLink | None
    others: tuple[Listed, ...]
    holder: CustomerLink | None
    jobs: tuple[Job, ...]
    decided: tuple[AuditEntry, ...]


def standing(user: User, link: CustomerLink | None) -> str:
    """unconfirmed | signing_up | verified | unverified | rejected."""
    if link is None:
        return "signing_up" if user.confirmed else "unconfirmed"
    return "rejected" if link.rejected_at else "verified" if link.verified else "unverified"


def waiting(personal: bool) -> list[Listed]:
    """Unverified links that staff have to resolve, oldest first."""
    return [_listed(link.user, link, personal) for link in CustomerLink.waiting(MOST)]


def find(text: str, personal: bool) -> list[Listed]:
    """By customer number or WHMCS client; by e-mail or name only for who may see them. Whole values, not parts of them."""
    wanted = clean(text)
    ids = {row.id: None for query in _queries(wanted, personal) for row in query.limit(MOST)} if wanted else {}
    found = {user.id: user for user in User.select().where(User.id.in_(list(ids)[:MOST]) & (User.role == "customer"))}
    links = {link.user_id: link for link in CustomerLink.select().where(CustomerLink.user.in_(list(found)))}
    return [_listed(found[user_id], links.get(user_id), personal) for user_id in ids if user_id in found]


def _queries(text: str, personal: bool) -> Iterator[Any]:
    """Each finds by an index."""
    ids = User.select(User.id)
    yield ids.where(User.sf_number == text.upper())
    yield ids.where(User.id.in_(CustomerLink.select(CustomerLink.user).where(CustomerLink.sf_number == text.upper())))
    if text.isascii() and text.isdigit() and int(text) <= _INTEGER:
        yield ids.where(User.id.in_(CustomerLink.select(CustomerLink.user).where(CustomerLink.whmcs_client_id == int(text))))
    if personal and "@" in text:
        yield ids.where(User.email == text.lower())
    elif personal:
        yield from (ids.where(condition) for condition in _named(text))


def _named(text: str) -> Iterator[Any]:
    """Either name, or both in either order; as typed, and with capitals as people have them."""
    first, _space, last = text.partition(" ")
    yield User.last_name.in_(_spelt(text))
    yield User.first_name.in_(_spelt(text))
    if last:
        yield User.last_name.in_(_spelt(last)) & User.first_name.in_(_spelt(first))
        yield User.last_name.in_(_spelt(first)) & User.first_name.in_(_spelt(last))


def _spelt(name: str) -> list[str]:
    return sorted({name, name.title(), name.upper(), name.lower()})


def tell(user: User, personal: bool) -> Customer:
    """What is known of this customer."""
    link = CustomerLink.of(user.id)
    claims = CustomerLink.of_account(link.sf_account_id) if link else []
    jobs = Job.select().where(Job.user == user.id).order_by(Job.id.desc()).limit(10)
    decided = AuditEntry.select().where(AuditEntry.subject == f"user:{user.id}").order_by(AuditEntry.id.desc()).limit(20)
    return Customer(
        user, link, tuple(_listed(each.user, each, personal) for each in claims if each.user_id != user.id),
        next((each for each in claims if each.verified and each.user_id != user.id), None), tuple(jobs), tuple(decided),
    )  # fmt: skip


def _listed(user: User, link: CustomerLink | None, personal: bool) -> Listed:
    return Listed(
        user_id=user.id, name=user.name if personal else "", email=user.email if personal else "",
        sf_number=link.sf_number if link else user.sf_number, standing=standing(user, link),
        case_number=link.case_number if link and not link.verified else "", whmcs_client_id=link.whmcs_client_id if link else None,
        since=link.created_at if link else user.created_at,
    )  # fmt: skip
