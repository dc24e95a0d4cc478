"""The plans: the steps of each kind of job in order, and what is written when one ends or has to wait."""

from __future__ import annotations

from console import clock
from console.models import Order, OutboxMessage
from console.services import mailing
from console.services.provisioning import activation, addressing, email, guard, invoicing, signup, supporting, write_back
from console.services.provisioning.plan import Plan, Run, Step
from console.services.upstreams import Policy


def _provisioned(run: Run) -> None:
    """T5: services of the customer, the order's row and the mails, together with the job's end."""
    services = run.step("match_services").result["services"]
    for item_id, line in run.lines.items():
        if line["item_class"] == "Service":
            activation.keep_subscription(run, item_id, whmcs_service_id=services[item_id], active=True)
    if run.order is not None:
        run.order.move("completed", ("placed",))
    if activation.mobile_lines(run):
        _mail(run, "esim_ready")
    _mail(run, "order_provisioned")


def _changed(run: Run) -> None:
    """The order goes another way: Salesforce is told, the customer where it concerns them, the order's row follows."""
    job = run.job
    # What Salesforce was told last may be anything but Pending once a status has gone out; before that it is the Flow's Pending.
    if job.state in {"needs_customer", "needs_attention", "cancelled"} or OutboxMessage.status_told(job.sf_order_id):
        OutboxMessage.want_status(job.sf_order_id, job.correlation_id)
    if job.state == "needs_customer":
        _mail(run, "action_needed")
        if (clock.now() - job.waiting_since).total_seconds() > run.policy.customer_reminder_s:
            _mail(run, "action_reminder")
    if job.state == "cancelled" and run.order is not None:
        close(run.policy, run.order, "rejected" if job.error_code == "rejected" else "cancelled")


def close(policy: Policy, order: Order, state: str) -> bool:
    """An order that ends without being provisioned, by this call or not; a rejected one's customer is written to."""
    closed = order.move(state, ("placed",))
    if closed and state == "rejected":
        mailing.leave(
            policy,
            "not_approved",
            order.user_id,
            order.sf_order_id,
            sf_order_id=order.sf_order_id,
            order_id=order.id,
            correlation_id=order.correlation_id,
        )
    return closed


def _mail(run: Run, template: str) -> None:
    ids = {"order_id": run.order.id} if run.order else {"order_number": run.snapshot["order_number"]}
    mailing.leave(
        run.policy,
        template,
        run.job.user_id,
        run.job.sf_order_id,
        sf_order_id=run.job.sf_order_id,
        correlation_id=run.job.correlation_id,
        **ids,
    )


PROVISION = Plan(
    steps=(
        Step("guard", "salesforce", guard.guard, every_run=True),
        Step("payment_method", "whmcs", invoicing.payment_method),
        Step("mobile_user", "mobile", activation.mobile_user, lines=activation.any_mobile),
        Step(
            "esim", "mobile", activation.activate, activation.find_activation, activation.mobile_lines, stock=activation.plan_of,
            confirm=activation.confirm_activation, gone=activation.ended, after=("mobile_user",),
        ),
        Step("esim_profile", "mobile", activation.profile, lines=activation.mobile_lines, after=("esim",)),
        Step(
            "add_order", "whmcs", invoicing.add_order, look_up=invoicing.find_order, confirm=invoicing.confirm_order,
            gone=invoicing.order_gone, after=("guard",),
        ),
        Step("match_services", "whmcs", invoicing.match_services, after=("add_order",)),
        Step(
            "accept_order", "whmcs", invoicing.accept_order, look_up=invoicing.find_accepted, confirm=invoicing.confirm_accepted,
            after=("add_order",),
        ),
        Step("service_fields", "whmcs", invoicing.service_fields, lines=invoicing.all_lines, after=("match_services", "esim_profile")),
        # in the very run that ends the job: a status may have gone out since an earlier one died behind this step
        Step("salesforce", "salesforce", write_back.write_result, after=("match_services", "service_fields"), every_run=True),
    ),
    finished=_provisioned,
    changed=_changed,
)  # fmt: skip

PLANS = {"provision": PROVISION, "signup": signup.SIGNUP, "email": email.EMAIL, "billing": addressing.BILLING, "case": supporting.CASE}
