"""The staff's list of jobs: which tab, which business id, one page by keyset; one query for the rows, one for the counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.clients.salesforce_ids import canonical_id
from console.i18n import full_name
from console.models import CustomerLink, Job, JobStep, Order, Subscription, User
from console.models.base import millis
from console.models.job import ENDED, STATES

PAGE = 50
TABS: dict[str, tuple[str, ...]] = {
    "open": tuple(state for state in STATES if state not in ENDED),
    "attention": ("needs_attention",),
    "retrying": ("retry_wait",),
    "held": ("held",),
    "customer": ("needs_customer",),
    "running": ("queued", "running", "waiting"),
    "done": ("succeeded",),
    "ended": ("cancelled", "skipped"),
    "all": STATES,
}
_COLUMNS = (
    Job.id, Job.kind, Job.sf_order_id, Job.state, Job.current_step, Job.attempt, Job.error_code, Job.next_run_at, Job.created_at,
    Job.snapshot, Order.order_number, Order.lines,
    User.first_name, User.last_name, User.email, User.sf_number.alias("typed_number"), CustomerLink.sf_number,
)  # fmt: skip
_PLANNED = frozenset({"queued", "waiting", "retry_wait", "needs_customer"})
_INTEGER = 2**31 - 1
_LEFT = "LEFT OUTER JOIN"


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; `before` is the cursor of the last row seen, `personal` whether names and e-mails may be read."""

    tab: str = "open"
    text: str = ""
    before: str = ""
    personal: bool = False


@dataclass(frozen=True)
class Listed:
    """A row of the list. Names are empty where they may not be seen; `next_try_at` only where a next try is planned."""

    id: int
    kind: str
    sf_order_id: str
    order_number: str
    sf_number: str
    customer: str
    product: str
    state: str
    step: str
    attempt: int
    error_code: str
    next_try_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Found:
    """A page of rows, how many each tab holds, and the cursor of the next older page ("" at the end)."""

    rows: tuple[Listed, ...]
    counts: dict[str, int]
    older: str


def find(wanted: Wanted, limit: int = PAGE) -> Found:
    """The page that is wanted, newest first."""
    matching = _matching(wanted.text, wanted.personal) if wanted.text else None
    rows = list(_page(wanted, matching).limit(limit + 1))
    listed = tuple(_listed(row, wanted.personal) for row in rows[:limit])
    older = _cursor(listed[-1]) if len(rows) > limit else ""
    return Found(listed, _by_tab(_counts(matching)), older)


def clean(text: str) -> str:
    """A search term as it is looked for: half-width, without control characters, at most 120 characters."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isprintable()).strip()[:120]


def _page(wanted: Wanted, matching: Any) -> Any:
    rows = _joined().order_by(Job.created_at.desc(), Job.id.desc())
    if wanted.tab != "all":
        rows = rows.where(Job.state.in_(TABS[wanted.tab]))
    if matching is not None:
        rows = rows.where(Job.id.in_(matching))
    return _older_than(rows, wanted.before)


def _joined() -> Any:
    rows = Job.select(*_COLUMNS).join(User, _LEFT).join(CustomerLink, _LEFT, on=(CustomerLink.user == User.id))
    return rows.join_from(Job, Order, _LEFT, on=(Order.sf_order_id == Job.sf_order_id)).objects()


def _older_than(rows: Any, before: str) -> Any:
    at, _, job_id = before.partition("-")
    if not re.fullmatch(r"[0-9]{1,15}-[0-9]{1,18}", before):
        return rows
    # Written so that the index on (created_at, id) is entered at the cursor; an OR of the two would scan.
    return rows.where((Job.created_at <= int(at)) & ((Job.created_at < int(at)) | (Job.id < int(job_id))))


def _cursor(row: Listed) -> str:
    return f"{millis(row.created_at)}-{row.id}"


def _counts(matching: Any) -> dict[str, int]:
    if matching is None:
        return Job.counts()
    states = [row.state for row in Job.select(Job.state).where(Job.id.in_(matching)).limit(10_000)]
    return {state: states.count(state) for state in STATES}


def _by_tab(counts: dict[str, int]) -> dict[str, int]:
    return {tab: sum(counts[state] for state in states) for tab, states in TABS.items()}


def _matching(text: str, personal: bool) -> Any:
    """A query of job ids: the union of every business key that the text may be, each by its index."""
    branches = list(_branches(clean(text), personal))
    union = branches[0]
    for branch in branches[1:]:
        union = union | branch
    return union


def _branches(text: str, personal: bool) -> Iterator[Any]:
    ids = Job.select(Job.id)
    yield ids.where(Job.sf_order_id == (canonical_id(text) or text))
    yield ids.where(Job.sf_order_id.in_(Order.select(Order.sf_order_id).where(Order.order_number.in_([text, text.zfill(8)]))))
    yield ids.where(Job.user.in_(CustomerLink.select(CustomerLink.user).where(CustomerLink.sf_number == text.upper())))
    yield ids.where(Job.user.in_(User.select(User.id).where(User.sf_number == text.upper())))
    yield JobStep.select(JobStep.job).where(JobStep.upstream_ref == text)
    yield _by_subscription(Subscription.iccid == text)
    yield _by_subscription(Subscription.mobile_ref == text)
    if text.isascii() and text.isdigit() and int(text) <= _INTEGER:
        yield _by_subscription(Subscription.whmcs_service_id == int(text))
    if personal and "@" in text:
        yield ids.where(Job.user.in_(User.select(User.id).where(User.email == text.lower())))


def _by_subscription(condition: Any) -> Any:
    return Job.select(Job.id).where(Job.sf_order_id.in_(Subscription.select(Subscription.sf_order_id).where(condition)))


def _listed(row: Any, personal: bool) -> Listed:
    return Listed(
        id=row.id, kind=row.kind, sf_order_id=row.sf_order_id or "", order_number=order_number(row.order_number, row.snapshot),
        sf_number=row.sf_number or row.typed_number or "", customer=_name(row) if personal else "",
        product=product(row.lines or approved(row.snapshot).get("lines")), state=row.state, step=row.current_step, attempt=row.attempt,
        error_code=row.error_code, next_try_at=row.next_run_at if row.state in _PLANNED else None, created_at=row.created_at,
    )  # fmt: skip


def _name(row: Any) -> str:
    return full_name(row.first_name or "", row.last_name or "") or row.email or ""


def approved(snapshot: dict[str, Any] | None) -> dict[str, Any]:
    """The order as approved; empty until the guard has read it."""
    return snapshot or {}


def order_number(placed_here: str | None, snapshot: dict[str, Any] | None) -> str:
    """The order's number: from our own row, or as read from Salesforce for an order made by hand."""
    return placed_here or str(approved(snapshot).get("order_number") or "")


def product(lines: list[dict[str, Any]] | None) -> str:
    """What was ordered in a few words: the first service, and how many more; fees are not counted."""
    every = lines or []
    services = [line for line in every if line.get("item_class", "Service") == "Service"] or every[:1]
    more = f" +{len(services) - 1}" if len(services) > 1 else ""
    return f"{services[0].get('name') or services[0].get('sku') or ''}{more}" if services else ""


def named(text: str) -> Job | None:
    """The job of a job number or of an order's Salesforce id."""
    text = clean(text)
    if text.isascii() and text.isdigit() and len(text) < 10:
        return Job.get_or_none(Job.id == int(text))  # type: ignore[no-any-return]
    order_id = canonical_id(text)
    return Job.of_order(order_id) if order_id else None
