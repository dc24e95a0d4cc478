"""Mails: what is left in the outbox, and how it is sent from there, with names and addresses read only at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console import crash, log
from console.clock import after
from console.errors import Ambiguous, Rejected, UpstreamError
from console.models import CustomerLink, EmailToken, Job, Order, OutboxMessage, Subscription, User
from console.models.base import DatabaseTrouble
from console.models.order import named, needs_installation
from console.money import yen
from console.services.provisioning.outcomes import backoff
from console.services.upstreams import Policy, Upstreams

_log = log.logger(__name__)
MAIL_ATTEMPTS = 300  # about three days at the longest back-off


def leave(
    policy: Policy, template: str, user_id: int, key: str, *, sf_order_id: str = "", correlation_id: str = "", **values: object
) -> bool:
    """Leave a mail in the outbox, in the caller's transaction, once per template and key; whether it is new."""
    given = correlation_id or log.correlation_id()
    return OutboxMessage.mail(
        template, user_id, key, domain=policy.mail_domain, sf_order_id=sf_order_id, correlation_id=given, **values
    )  # fmt: skip


def deliver(message_id: int, upstreams: Upstreams, policy: Policy) -> None:
    """Send one mail of the outbox if it is due and nobody else does."""
    message = OutboxMessage.claim(message_id, policy.deadlines["mail"] * 1.5)
    if message is None:
        return
    with log.correlated(message.correlation_id):
        try:
            _send(message, upstreams, policy)
            crash.point("mail.call")
        except UpstreamError as error:
            _postpone(message, error, policy)
        except DatabaseTrouble:
            raise  # the claim ends by itself and the mail is due again
        except Exception:  # a defect of ours: this mail waits for staff, the outbox goes on
            _log.exception("mail_broke", message_id=message.id, template=message.template)
            message.write(state="failed", attempts=message.attempts + 1, error_code="internal_error")
        else:
            message.sent_now()
            _log.info("mail_sent", message_id=message.id, template=message.template)


def _send(message: OutboxMessage, upstreams: Upstreams, policy: Policy) -> None:
    user = message.user
    headers = {"X-Correlation-Id": log.correlation_id()}
    if message.sf_order_id:
        headers["X-Entity-Ref-ID"] = message.sf_order_id
    values = {"name": user.name, **VALUES[message.template](message, policy, user.language)}
    upstreams.mailer.send(
        template=message.template, to=TO.get(message.template, _present)(user), language=user.language, message_id=message.message_id,
        headers=headers, values=values,
    )  # fmt: skip


def _postpone(message: OutboxMessage, error: UpstreamError, policy: Policy) -> None:
    """Try again later with the same Message-ID; a definite no, or too many tries, is left as failed for staff to see."""
    attempts = message.attempts + 1
    over = isinstance(error, Rejected) or attempts >= MAIL_ATTEMPTS
    _log.warning(
        "mail_failed", message_id=message.id, template=message.template, error_class=type(error).__name__, code=error.code, attempt=attempts
    )
    wait = policy.backoff_base_s if isinstance(error, Ambiguous) else backoff(attempts, policy)
    message.write(
        state="failed" if over else "due", attempts=attempts, next_try_at=after(wait), error_code=error.code or type(error).__name__
    )


def _confirm(message: OutboxMessage, policy: Policy, _language: str) -> Mapping[str, Any]:
    row = EmailToken.get_by_id(message.values["token_id"])
    return {"confirm_url": f"{policy.public_url}/confirm/{policy.vault.token(row.purpose, row.id, row.nonce)}"}


def _by_link(path: str) -> Callable[[OutboxMessage, Policy, str], Mapping[str, Any]]:
    """A link to the page under `path` that its token opens."""

    def values(message: OutboxMessage, policy: Policy, _language: str) -> Mapping[str, Any]:
        row = EmailToken.get_by_id(message.values["token_id"])
        return {"url": f"{policy.public_url}{path}/{policy.vault.token(row.purpose, row.id, row.nonce)}"}

    return values


def _security(_message: OutboxMessage, policy: Policy, _language: str) -> Mapping[str, Any]:
    return {
        "portal_url": policy.public_url,
        "forgot_url": f"{policy.public_url}/forgot",
        "security_url": f"{policy.public_url}/account/security",
    }


def _order(message: OutboxMessage, policy: Policy, language: str) -> Mapping[str, Any]:
    order = Order.get_by_id(message.values["order_id"])
    return {
        "order_number": order.order_number,
        "order_url": f"{policy.public_url}/orders/{order.sf_order_id}",
        "payment_url": f"{policy.public_url}/account/payment",
        "lines": [{"name": named(line, language), "quantity": line["quantity"]} for line in order.lines],
        "due_today": yen(order.due_today, language),
        "monthly": yen(order.monthly, language) if order.monthly or not order.yearly else "",
        "yearly": yen(order.yearly, language) if order.yearly else "",
    }


def _made_by_hand(message: OutboxMessage, policy: Policy, language: str) -> Mapping[str, Any]:
    """An order that was made in Salesforce has no row here: its number is enough."""
    if message.values.get("order_id"):
        return _order(message, policy, language)
    return {
        "order_number": message.values["order_number"], "order_url": f"{policy.public_url}/subscriptions",
        "payment_url": f"{policy.public_url}/account/payment", "lines": [], "due_today": "", "monthly": "", "yearly": "",
    }  # fmt: skip


def _provisioned(message: OutboxMessage, policy: Policy, language: str) -> Mapping[str, Any]:
    """With whether there is an installation to come: by the lines as approved."""
    job = Job.of_order(message.sf_order_id)
    lines = (job.snapshot or {}).get("lines", []) if job else []
    return {**_made_by_hand(message, policy, language), "installation": needs_installation(lines)}


def _esims(message: OutboxMessage, policy: Policy, language: str) -> Mapping[str, Any]:
    rows = Subscription.select().where((Subscription.sf_order_id == message.sf_order_id) & (Subscription.mobile_ref != ""))
    links = [{"name": row.name, "url": f"{policy.public_url}/subscriptions/{row.id}"} for row in rows.order_by(Subscription.id)]
    return {**_made_by_hand(message, policy, language), "esims": links}


def _home(_message: OutboxMessage, policy: Policy, _language: str) -> Mapping[str, Any]:
    return {"home_url": f"{policy.public_url}/", "login_url": f"{policy.public_url}/login"}


def _link(message: OutboxMessage, policy: Policy, language: str) -> Mapping[str, Any]:
    """The customer number, whether it is the person's, and the Case that asks."""
    link = CustomerLink.get(CustomerLink.user == message.user_id)
    told = {"sf_number": link.sf_number, "case_number": link.case_number, "verified": link.verified}
    return {**_home(message, policy, language), **told}


def _present(user: User) -> str:
    return str(user.email)


# whom, where it is not the person's present address
TO: dict[str, Callable[[User], str]] = {
    "email_confirm": lambda user: user.new_email or user.email,  # sent once more after the link was used: to the same mailbox
    "email_changed_former": lambda user: user.former_email,
}
VALUES: dict[str, Callable[[OutboxMessage, Policy, str], Mapping[str, Any]]] = {
    "confirm": _confirm,
    "already_registered": _home,
    "customer_number": _home,
    "welcome": _link,
    "link_verified": _link,
    "link_rejected": _link,
    "link_moved": _link,
    "reset": _by_link("/reset"),
    "password_changed": _security,
    "email_confirm": _by_link("/account/security/email"),
    "email_changed": _security,
    "email_changed_former": _security,
    "email_not_changed": _security,
    "two_step_on": _security,
    "two_step_off": _security,
    "recovery_used": _security,
    "recovery_renewed": _security,
    "order_received": _order,
    "action_needed": _made_by_hand,
    "action_reminder": _made_by_hand,
    "esim_ready": _esims,
    "order_provisioned": _provisioned,
    "not_approved": _order,
    "order_cancelled": _order,
}
