"""The staff's customers: found by number or name, and whose a customer number is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.i18n import lazy
from console.models import CustomerLink, User
from console.models.user import ROLES
from console.services import finding_customers, job_facts, job_words, linking
from console.services.finding_customers import Customer, standing
from console.services.finding_jobs import clean
from console.web.auth import me, staff
from console.web.forms.customer import DecisionForm, MoveForm, RenumberForm
from console.web.wired import bell, policy

blueprint = Blueprint("staff_customers", __name__, url_prefix="/staff/customers")
_ONE = "/<int(max=2147483647):user_id>"
# standing: the pill's look and word
STANDINGS: dict[str, tuple[str, Any]] = {
    "verified": ("ok", lazy("Verified")),
    "unverified": ("wait", lazy("Not verified")),
    "rejected": ("bad", lazy("Refused")),
    "signing_up": ("live", lazy("Signing up")),
    "unconfirmed": ("calm", lazy("E-mail not confirmed")),
}
DECISIONS: dict[str, Any] = {
    "verify_link": lazy("Link verified"),
    "move_link": lazy("Number moved to another customer"),
    "reject_link": lazy("Link refused"),
    "correct_number": lazy("Customer number corrected"),
}


@blueprint.get("")
@staff("viewer")
def index() -> ResponseReturnValue:
    text, personal = clean(request.args.get("q", "")), _personal()
    rows = finding_customers.find(text, personal) if text else finding_customers.waiting(personal)
    return render_template(
        "staff/customers.html", text=text, rows=rows, personal=personal, standings=STANDINGS, most=finding_customers.MOST,
        not_allowed="@" in text and not personal,
    )  # fmt: skip


@blueprint.get(_ONE)
@staff("viewer")
def show(user_id: int) -> ResponseReturnValue:
    return _page(_customer(user_id))


@blueprint.post(f"{_ONE}/verification")
@staff("support")
def verify(user_id: int) -> ResponseReturnValue:
    found = finding_customers.tell(_customer(user_id), personal=True)
    form = MoveForm(prefix="verify") if found.holder else DecisionForm(prefix="verify")
    if found.link is None or not form.validate():
        return _page(found.user, verify=form), 422
    moving_from = form.holder.data if isinstance(form, MoveForm) else None
    linking.verify(policy(), found.link, actor=_actor(), reason=form.reason.data, moving_from=moving_from)
    return _done(user_id)


@blueprint.post(f"{_ONE}/rejection")
@staff("support")
def reject(user_id: int) -> ResponseReturnValue:
    user, form = _customer(user_id), DecisionForm(prefix="reject")
    link = CustomerLink.of(user.id)
    if link is None or not form.validate():
        return _page(user, reject=form), 422
    linking.reject(policy(), link, actor=_actor(), reason=form.reason.data)
    return _done(user_id)


@blueprint.post(f"{_ONE}/number")
@staff("support")
def renumber(user_id: int) -> ResponseReturnValue:
    user, form = _customer(user_id), RenumberForm(prefix="renumber")
    if not form.validate():
        return _page(user, renumber=form), 422
    bell().jobs(linking.renumber(user, form.sf_number.data, actor=_actor(), reason=form.reason.data))
    return _done(user_id)


def _done(user_id: int) -> ResponseReturnValue:
    bell().outbox()
    return redirect(f"/staff/customers/{user_id}", 303)


def _page(user: User, **forms: DecisionForm) -> str:
    found = finding_customers.tell(user, _personal())
    names = job_facts.names_of(entry.actor for entry in found.decided)
    return render_template(
        "staff/customer.html", found=found, user=user, link=found.link, personal=_personal(), pill=STANDINGS[standing(user, found.link)],
        standings=STANDINGS, jobs=[(job, job_words.KINDS[job.kind], job_words.pill(job.state)) for job in found.jobs],
        decided=[(entry, DECISIONS.get(entry.verb, entry.verb), names.get(entry.actor, entry.actor)) for entry in found.decided],
        forms=_forms(found, forms) if _personal() else {},
    )  # fmt: skip


def _forms(found: Customer, sent: dict[str, DecisionForm]) -> dict[str, DecisionForm]:
    """What can be decided now, each with its form: the one that was sent, or an empty one."""
    link, offered = found.link, dict[str, DecisionForm]()
    if link and not link.verified:
        verifying = MoveForm if found.holder else DecisionForm
        offered["verify"] = sent.get("verify") or verifying(formdata=None, prefix="verify")
        if isinstance(offered["verify"], MoveForm) and found.holder:
            offered["verify"].holder.data = found.holder.id
        if not link.rejected_at:
            offered["reject"] = sent.get("reject") or DecisionForm(formdata=None, prefix="reject")
    if found.user.confirmed and not (link and link.verified):
        offered["renumber"] = sent.get("renumber") or RenumberForm(formdata=None, prefix="renumber")
    return offered


def _customer(user_id: int) -> User:
    found: User | None = User.get_or_none((User.id == user_id) & (User.role == "customer"))
    if found is None:
        abort(404)
    return found


def _personal() -> bool:
    """Whether this person may read names and e-mail addresses, and decide: support and above."""
    return ROLES.index(me().role) >= ROLES.index("support")


def _actor() -> str:
    return f"user:{me().id}"
