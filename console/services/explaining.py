"""What is going on with an order, in one set of rules: the customer's page, the staff page and the command line read it here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from console.i18n import gettext as _
from console.i18n import lazy
from console.models import Job, JobStep, Order, Pace
from console.models.base import millis
from console.models.followed import stamp_of
from console.services import cancelling, incidents
from console.services.expecting import Kinds, expected, polls
from console.services.job_words import step_title
from console.services.milestones import ENDS, Milestone, ending, milestones

# job state → (order state in the field's words, who must act, pill)
STATUS = {
    "queued": ("in_progress", "us", "live"),
    "running": ("in_progress", "us", "live"),
    "waiting": ("in_progress", "us", "live"),
    "retry_wait": ("in_progress", "us", "live"),
    "held": ("held", "us", "calm"),
    "needs_customer": ("pending", "you", "wait"),
    "needs_attention": ("failed", "us", "bad"),
    "succeeded": ("completed", "nobody", "ok"),
    "cancelled": ("cancelled", "nobody", "calm"),
    "skipped": ("acknowledged", "us", "calm"),
}


@dataclass(frozen=True)
class OrderStatus:
    """All that the status page shows; `version` changes when and only when any of it does. `poll_s` 0: settled, stop asking."""

    status: str
    settled: bool
    actor: str
    headline: str
    message: str
    pill: str
    word: str
    milestones: tuple[Milestone, ...]
    updated_at: datetime
    iccids: tuple[str, ...]
    whmcs_order_id: str
    poll_s: int
    resume_url: str
    can_cancel: bool
    next_step: str
    expected: str
    stamp: str = field(repr=False)
    until: datetime | None = field(repr=False)

    @property
    def version(self) -> str:
        """Of what was read, the moment until which it holds, and what is shown: see tracking.unchanged."""
        until = millis(self.until) if self.until else 0
        return f"{self.stamp}-{until}-{hashlib.sha256(repr(self).encode()).hexdigest()[:16]}"


def status_of(order: Order) -> OrderStatus:
    """The order's status from our own rows: three queries, no upstream."""
    job = Job.of_order(order.sf_order_id) if order.sf_order_id else None
    steps = list(JobStep.of(job).values()) if job else []
    pace = Pace.select(Pace.kinds).first()
    return order_status(order, job, steps, pace.kinds if pace else {})


def order_status(order: Order, job: Job | None, steps: list[JobStep], kinds: Kinds = MappingProxyType({})) -> OrderStatus:
    """As status_of, from rows in hand; `kinds` are the measured paces."""
    status, actor, pill = _state(order, job)
    settled = order.settled or status in {"completed", "cancelled"}
    expects = expected(kinds, order, job, steps, status)
    headline, message = _words(order, job, status, expects.late)
    since = max(order.updated_at, job.updated_at) if job else order.updated_at
    poll_s, calm_at = (0, None) if settled else polls(status, since)
    return OrderStatus(
        status=status, settled=settled, actor=actor, headline=headline, message=message, pill=pill, word=_word(order, job, status),
        milestones=milestones(order, job, steps, status), updated_at=since,
        iccids=tuple(step.result["iccid"] for step in steps if step.name == "esim_profile" and step.finished),
        whmcs_order_id=next((step.upstream_ref for step in steps if step.name == "add_order" and step.finished), ""),
        poll_s=poll_s, resume_url="/account/payment" if status == "pending" else "",
        can_cancel=cancelling.possible(order, job, steps), next_step=str(NEXT.get(status, "")), expected=expects.text,
        stamp=stamp_of(order, job), until=min((at for at in (expects.until, calm_at) if at), default=None),
    )  # fmt: skip


def _state(order: Order, job: Job | None) -> tuple[str, str, str]:
    if order.state == "completed":
        return STATUS["succeeded"]
    if order.settled:
        return ("cancelled", "nobody", "bad") if order.state == "failed" else STATUS["cancelled"]
    if order.state == "placing":
        return "acknowledged", "us", "live"
    return STATUS[job.state] if job else ("acknowledged", "us", "calm")


# what comes after this state, if all goes well
NEXT = {
    "acknowledged": lazy("Once it is approved we set everything up and e-mail you."),
    "in_progress": lazy("We e-mail you as soon as everything is ready."),
    "held": lazy("We go on as soon as we can and e-mail you when everything is ready."),
    "pending": lazy("Once a payment method is there we set everything up and e-mail you."),
    "failed": lazy("Our team solves it and goes on with your order."),
}
WORDS: dict[str, Callable[[], str]] = {
    "acknowledged": lambda: _("Received"),
    "in_progress": lambda: _("In progress"),
    "held": lambda: _("On hold"),
    "pending": lambda: _("Action needed from you"),
    "failed": lambda: _("Delayed"),
    "completed": lambda: _("Completed"),
}


def _word(order: Order, job: Job | None, status: str) -> str:
    if order.state == "placing":
        return _("Being placed")
    return str(ENDS[ending(order, job)]) if status == "cancelled" else WORDS[status]()


def _words(order: Order, job: Job | None, status: str, late: bool) -> tuple[str, str]:
    if status == "cancelled":
        return _ended(ending(order, job))
    if status == "in_progress" and job is not None and (job.attempt or late):
        return _progress(order), _("It is taking longer than usual. We keep trying by ourselves; there is nothing for you to do.")
    if status == "held" and job is not None and job.held_by == "staff":
        return (
            _("Your order is on hold for a moment"),
            _("Our team checks something first and goes on afterwards. There is nothing for you to do."),
        )
    return {
        "acknowledged": lambda: (
            _("We have your order"),
            _("Our team looks at it and we start as soon as it is approved. There is nothing for you to do."),
        ),
        "in_progress": lambda: (_progress(order), _("There is nothing for you to do.")),
        "held": lambda: (
            _("Your order is on hold for a moment"),
            _(
                "Something that we need for it is not available now. We go on by ourselves as soon as it is;"
                " there is nothing for you to do."
            ),
        ),
        "pending": lambda: (
            _("One thing before we can go on"),
            _("Your order is kept. It goes on by itself as soon as a payment method is there."),
        ),
        "failed": lambda: (
            _("It is taking longer than planned"),
            _("We are on it; there is nothing for you to do. We write to you as soon as it is ready."),
        ),
        "completed": lambda: _completed(order),
    }[status]()


def _completed(order: Order) -> tuple[str, str]:
    """All that this portal does is done; with an installation that is not all there is."""
    if order.has_installation:
        return _("Your order is in billing"), _("We contact you about the installation date. We have sent you an e-mail.")
    return _("Your order is complete"), _("Everything is set up. We have sent you an e-mail.")


def _ended(how: str) -> tuple[str, str]:
    return {
        "rejected": lambda: (
            _("Your order was not approved"),
            _("We are sorry. Nothing was set up and nothing is charged; we have sent you an e-mail."),
        ),
        "cancelled": lambda: (_("This order was cancelled"), _("Nothing more happens with it.")),
        "failed": lambda: (_("Your order was not placed"), _("Our order system did not take it. Nothing is charged.")),
    }[how]()


def _progress(order: Order) -> str:
    return _("We are setting up your eSIM") if order.has_mobile else _("We are setting up your order")


REASONS: dict[str, Callable[[], str]] = {
    "payment_method": lambda: _("The customer has no valid payment method in WHMCS. It goes on by itself once one is there."),
    "payment_expired": lambda: _("The customer added no payment method in two weeks. Agree with the customer, then retry or cancel."),
    "customer_number": lambda: _("No Salesforce account has the customer number given. The person was asked to correct it."),
    "no_portal_account": lambda: _(
        "The order was made by hand and its account has no verified portal customer. Verify the link, then retry."
    ),
    "no_whmcs_client": lambda: _("The customer's sign-up has not finished: there is no WHMCS client yet. Mend the sign-up job first."),
    "order_changed": lambda: _("The order's lines were changed in Salesforce after work had begun. Both versions are shown below."),
    "order_gone": lambda: _("The order no longer exists in Salesforce, but something was made for it."),
    "order_not_found": lambda: _("Salesforce has no such order."),
    "not_activating": lambda: _("The order was not in Activating when its event arrived, so nothing was done."),
    "cancelled_after_effect": lambda: _(
        "The order was cancelled in Salesforce after something had been made. Undo what is listed, then close it."
    ),
    "cancelled_by_staff": lambda: _("Staff cancelled it. Nothing is left upstream."),
    "outcome_unknown": lambda: _(
        "A call was repeated twice without a clear answer, and nothing was found upstream. Look there, then retry."
    ),
    "two_matches": lambda: _("More than one match exists upstream for one line. Keep one, remove the rest, then retry."),
    "amount_differs": lambda: _("What exists upstream differs from what was approved. The evidence is shown below."),
    "crashed": lambda: _("The worker died several times at this step. Look at its log, then retry."),
    "internal_error": lambda: _("Our own code failed. The log has the trace under the correlation id; retry once it is mended."),
    "still_pending": lambda: _("The upstream has been at work for too long without finishing."),
    "account_taken": lambda: _("A WHMCS client with this e-mail exists and is not surely the same person. Decide who it is."),
}


def why(job: Job) -> str:
    """Why this job is where it is, in one sentence for staff; "" when it simply runs."""
    if job.state in {"queued", "running", "succeeded"} and not job.error_code:
        return ""
    if job.state == "held":
        return incidents.why_held(job)
    if job.error_code in REASONS:
        return REASONS[job.error_code]()
    return _CLASSES[job.error_class](job) if job.error_class in _CLASSES else str(job.error_text or job.error_code)


def _step(job: Job) -> str:
    return str(step_title(job.kind, job.current_step))


def _tried(job: Job) -> str:
    if job.state == "needs_attention" and job.attempt > 1:
        return _(
            "%(step)s did not get through (%(code)s) in %(num)s tries. See that the upstream works, then retry.",
            num=job.attempt, step=_step(job), code=job.error_code,
        )  # fmt: skip
    if job.state == "needs_attention":
        return _("%(step)s did not get through (%(code)s). See that the upstream works, then retry.", step=_step(job), code=job.error_code)
    return _("%(step)s did not get through (%(code)s). It is tried again by itself.", step=_step(job), code=job.error_code)


_CLASSES: dict[str, Callable[[Job], str]] = {
    "retryable": _tried,
    "ambiguous": lambda job: _("The answer to %(step)s was lost. It is looked up before anything is repeated.", step=_step(job)),
    "pending": lambda job: _("%(step)s was accepted and is still at work upstream.", step=_step(job)),
    "config": lambda job: _(
        "Our access was refused at %(step)s (%(code)s): credentials, address or permission. Mend it, then retry.",
        step=_step(job),
        code=job.error_code,
    ),
    "stock": lambda job: _("The provider has no eSIM left for this plan. Refill, then retry."),
    "permanent": lambda job: _("%(step)s was refused: %(code)s. %(text)s", step=_step(job), code=job.error_code, text=job.error_text),
}
