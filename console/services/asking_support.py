"""A question to our support: kept here at once, a Case in Salesforce as soon as that answers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from console import log
from console.errors import Refused
from console.masking import masked
from console.models import Job, Order, SupportRequest, User, insert_once, transaction
from console.services.explaining import status_of
from console.services.provisioning.supporting import TOPICS

_log = log.logger(__name__)
LONGEST = 4000
LISTED = 10
_CONTROL = frozenset({"Cc", "Cs", "Co", "Cn"})
ABOUT_ORDERS = frozenset({"progress", "change", "cancel"})


@dataclass(frozen=True)
class Asked:
    """The row, and the job to ring."""

    request: SupportRequest
    jobs: tuple[int, ...]


def topics(order: Order | None) -> tuple[str, ...]:
    """What can be asked about this order, or about none."""
    return tuple(topic for topic in TOPICS if order or topic not in ABOUT_ORDERS)


def clean(text: str | None) -> str:
    """Plain text of several lines: NFKC, no other control characters, at most one empty line in a row, card numbers masked."""
    lines = unicodedata.normalize("NFKC", text or "").splitlines()
    seen = ("".join(" " if unicodedata.category(char) in _CONTROL else char for char in line).strip() for line in lines)
    return masked(re.sub(r"\n{3,}", "\n\n", "\n".join(seen)).strip())


def ask(user: User, order: Order | None, topic: str, text: str, form_id: str) -> Asked:
    """The message of that form, kept now or before. Refused("fields"). The caller rings the jobs."""
    text = clean(text)
    errors = _errors(order, topic, text, form_id)
    if errors:
        raise Refused("fields", errors=errors)
    with transaction():
        values = {"topic": topic, "text": text, "order": order.id if order else None, "correlation_id": log.correlation_id()}
        made = insert_once(SupportRequest, user=user.id, form_id=form_id, order_status=status_of(order).status if order else "", **values)
        asked = SupportRequest.sent(user.id, form_id)
        assert asked is not None  # noqa: S101  the unique key just held
        jobs = (_job(asked),) if made else ()
    if made:
        _log.info("support_asked", user_id=user.id, order_id=order.id if order else None)
    return Asked(asked, jobs)


def _job(asked: SupportRequest) -> int:
    job, _made = Job.make("case", str(asked.id), user=asked.user_id, source="console", correlation_id=asked.correlation_id)
    return int(job.id)


def _errors(order: Order | None, topic: str, text: str, form_id: str) -> dict[str, str]:
    found = {
        "topic": "" if topic in topics(order) else "unknown",
        "text": "needed" if not text else "too_long" if len(text) > LONGEST else "",
        "form_id": "" if _is_uuid(form_id) else "malformed",
    }
    return {name: code for name, code in found.items() if code}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def mine(user: User, request_id: int) -> SupportRequest | None:
    """This person's message of that id."""
    return SupportRequest.get_or_none((SupportRequest.id == request_id) & (SupportRequest.user == user.id))  # type: ignore[no-any-return]


def newest(user: User) -> list[SupportRequest]:
    """The last few, newest first."""
    return SupportRequest.newest(user.id, LISTED)
