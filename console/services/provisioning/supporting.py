"""The durable Case: what a customer asked our support, written to Salesforce once, whenever that answers."""

from __future__ import annotations

from collections.abc import Iterator

from console.models import CustomerLink, SupportRequest
from console.services.provisioning.plan import Done, Plan, Run, Step

# for our support, in its own language
TOPICS = {
    "progress": "How far the order is", "change": "Change of an order", "cancel": "Cancellation", "billing": "Price, payment or invoice",
    "esim": "eSIM", "account": "Account or details", "other": "Something else",
}  # fmt: skip


def open_case(run: Run, _line: str) -> Done:
    """Opened under the row's key, or found there: repeatable. Salesforce has the text then, and we need not."""
    asked = _asked(run)
    number = run.upstreams.salesforce.open_case(
        key=asked.idem_key, subject=_subject(asked), description="\n".join([*_context(asked, run.link), "", asked.text]),
        account_id=run.link.sf_account_id if run.link else None,
    )  # fmt: skip
    return Done(number, also=lambda: _kept(asked, number))


def _asked(run: Run) -> SupportRequest:
    asked: SupportRequest = SupportRequest.get_by_id(int(run.job.dedupe_key.partition(":")[2]))
    return asked


def _kept(asked: SupportRequest, number: str) -> None:
    SupportRequest.update(case_number=number, text="").where(SupportRequest.id == asked.id).execute()


def _subject(asked: SupportRequest) -> str:
    about = f" · order {asked.order.order_number or asked.order.sf_order_id}" if asked.order else ""
    return f"Portal: {TOPICS[asked.topic]}{about}"


def _context(asked: SupportRequest, link: CustomerLink | None) -> Iterator[str]:
    """What our support would ask first; ids, no names."""
    yield f"Reference: {asked.reference} of {asked.created_at:%Y-%m-%d %H:%M} UTC"
    if asked.order:
        yield f"Order: {asked.order.order_number} ({asked.order.sf_order_id}), shown to the customer as {asked.order_status}"
    yield f"Customer number: {link.sf_number if link else asked.user.sf_number}{'' if link and link.verified else ' (not verified)'}"
    yield f"Portal user: {asked.user_id}"


def _nothing(_run: Run) -> None:
    """The page tells by the row itself."""


CASE = Plan(steps=(Step("case", "salesforce", open_case),), finished=_nothing, changed=_nothing)
