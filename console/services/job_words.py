"""What staff call the states, steps and lanes of a job: one vocabulary for list, page and timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.i18n import gettext, lazy, ngettext

SALESFORCE, WHMCS, MOBILE, MAIL, CONSOLE = "Salesforce", "WHMCS", "Mobile", "Mail", "Console"

# state: the pill's look (ok | wait | bad | calm | live) and its word
STATES: dict[str, tuple[str, Any]] = {
    "queued": ("live", lazy("Queued")),
    "running": ("live", lazy("Running")),
    "waiting": ("live", lazy("Waiting for upstream")),
    "retry_wait": ("wait", lazy("Retrying")),
    "held": ("calm", lazy("Held")),
    "needs_customer": ("wait", lazy("Waiting for customer")),
    "needs_attention": ("bad", lazy("Needs attention")),
    "succeeded": ("ok", lazy("Done")),
    "cancelled": ("calm", lazy("Cancelled")),
    "skipped": ("calm", lazy("Skipped")),
}

KINDS: dict[str, Any] = {
    "provision": lazy("Order"), "signup": lazy("Sign-up"), "email": lazy("Change of e-mail"), "billing": lazy("Billing details"),
    "case": lazy("Question to support"),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """Where a step takes place and what it is called."""

    lane: str
    title: Any


PLANS: dict[str, dict[str, Step]] = {
    "provision": {
        "guard": Step(SALESFORCE, lazy("Order read and checked")),
        "payment_method": Step(WHMCS, lazy("Payment method")),
        "mobile_user": Step(MOBILE, lazy("Mobile user")),
        "esim": Step(MOBILE, lazy("eSIM")),
        "esim_profile": Step(MOBILE, lazy("eSIM profile")),
        "add_order": Step(WHMCS, lazy("WHMCS order")),
        "match_services": Step(WHMCS, lazy("Services matched")),
        "accept_order": Step(WHMCS, lazy("Accept order")),
        "service_fields": Step(WHMCS, lazy("Service fields")),
        "salesforce": Step(SALESFORCE, lazy("Write back")),
    },
    "signup": {
        "account": Step(SALESFORCE, lazy("Account by number")),
        "link": Step(SALESFORCE, lazy("Link to the Account")),
        "whmcs_client": Step(WHMCS, lazy("WHMCS client")),
        "customer_number": Step(WHMCS, lazy("Customer number in billing")),
        "finish": Step(CONSOLE, lazy("Account finished")),
    },
    "billing": {
        "client_details": Step(WHMCS, lazy("Name and address")),
    },
    "case": {
        "case": Step(SALESFORCE, lazy("Case")),
    },
    "email": {
        "address_free": Step(WHMCS, lazy("Address free")),
        "whmcs_client": Step(WHMCS, lazy("E-mail of the client")),
        "whmcs_user": Step(WHMCS, lazy("E-mail of the user")),
        "own_row": Step(CONSOLE, lazy("E-mail in the portal")),
        "account_case": Step(SALESFORCE, lazy("Case for the Account")),
    },
}
MOBILE_STEPS = frozenset({"mobile_user", "esim", "esim_profile"})
SELDOM = frozenset({"customer_number"})  # not told of before it is its turn

# how a try of a step went; the table of outcomes in words
OUTCOMES: dict[str, Any] = {
    "done": "",
    "adopted": lazy("found and adopted"),
    "pending": lazy("still at work there"),
    "retryable": lazy("did not get through"),
    "ambiguous": lazy("outcome unknown"),
    "needs_customer": lazy("the customer has to act"),
    "permanent": lazy("refused"),
    "config": lazy("our access was refused"),
    "stock": lazy("out of stock"),
    "contradiction": lazy("what exists differs from the order"),
    "stopped": lazy("nothing to do"),
}

# what people of ours did with a job, as its events name it
STAFF_VERBS: dict[str, Any] = {
    "resume": lazy("Run now asked for"),
    "hold": lazy("Held by staff"),
    "release": lazy("Released"),
    "adopt": lazy("adopted as found upstream"),
    "complete": lazy("marked complete"),
    "undo": lazy("undone, as it was removed upstream"),
    "keep": lazy("To go on as approved"),
    "cancel": lazy("Cancelled by staff"),
}
ABOUT_A_STEP = frozenset({"adopt", "complete", "undo"})

MAILS: dict[str, Any] = {
    "confirm": lazy("Confirm the address"),
    "welcome": lazy("Welcome"),
    "customer_number": lazy("Customer number not found"),
    "already_registered": lazy("Already registered"),
    "link_verified": lazy("Customer number confirmed"),
    "link_rejected": lazy("Customer number refused"),
    "link_moved": lazy("Customer number moved away"),
    "reset": lazy("Link for a new password"),
    "password_changed": lazy("Password changed"),
    "email_confirm": lazy("Confirm the new address"),
    "email_changed": lazy("E-mail changed"),
    "email_changed_former": lazy("E-mail changed, to the former address"),
    "email_not_changed": lazy("E-mail not changed"),
    "two_step_on": lazy("Two-step sign-in on"),
    "two_step_off": lazy("Two-step sign-in off"),
    "recovery_used": lazy("Recovery code used"),
    "recovery_renewed": lazy("New recovery codes"),
    "order_received": lazy("Order received"),
    "action_needed": lazy("Action needed"),
    "action_reminder": lazy("Reminder"),
    "esim_ready": lazy("eSIM ready"),
    "order_provisioned": lazy("Order provisioned"),
    "not_approved": lazy("Not approved"),
    "order_cancelled": lazy("Order cancelled"),
}


def pill(state: str) -> tuple[str, str]:
    """Look and word of a state; an unknown state is shown as it is."""
    look, word = STATES.get(state, ("calm", state))
    return look, str(word)


def step_title(kind: str, name: str) -> str:
    """The name of a step for people, "" for none."""
    step = PLANS.get(kind, {}).get(name)
    return str(step.title) if step else name


def step_lane(kind: str, name: str) -> str:
    """The system in which a step takes place."""
    step = PLANS.get(kind, {}).get(name)
    return step.lane if step else CONSOLE


def outcome_words(outcome: str) -> str:
    """How a try went, "" when it went well."""
    return str(OUTCOMES.get(outcome, outcome))


def event_title(actor: str, what: str) -> str:
    """What became of a job from outside of its run."""
    known = {
        ("sweeper", "queued"): gettext("Taken over from a worker that stopped"),
        ("sweeper", "needs_attention"): gettext("Given up: workers stopped too often here"),
        ("watch", "needs_attention"): gettext("Cancelled in Salesforce, but something was made"),
        ("watch", "cancelled"): gettext("Ended in Salesforce"),
        ("customer", "cancelled"): gettext("Cancelled by the customer"),
    }
    any_actor = {
        "queued": gettext("Queued again by a further event"),
        "event_again": gettext("A further event"),
        "number_corrected": gettext("The customer corrected the number"),
    }
    return known.get((actor, what)) or any_actor.get(what) or pill(what)[1]


def reference(step: str, ref: str, result: Mapping[str, Any]) -> str:
    """What a finished step brought, in words; references only, the journal holds no secrets."""
    if step == "guard":
        lines = ngettext("one line", "%(num)s lines", int(result.get("lines") or 0))
        return f"{result['status']} · {lines}" if result.get("status") else lines
    if result.get("iccid"):
        return f"ICCID {result['iccid']}"
    known = {
        "add_order": gettext("order %(ref)s", ref=ref),
        "accept_order": gettext("order %(ref)s", ref=ref),
        "match_services": gettext("invoice %(ref)s", ref=ref),
        "service_fields": gettext("service %(ref)s", ref=ref),
        "whmcs_client": gettext("client %(ref)s", ref=ref),
        "payment_method": "",
        "salesforce": "",
    }
    return known.get(step, ref) if ref else ""


def mail_title(template: str) -> str:
    """What a mail is about."""
    return str(MAILS.get(template, template))


def source_words(source: str) -> str:
    """What made a job."""
    known = {
        "stream": gettext("from the platform event"),
        "backfill": gettext("by back-fill: its event had not arrived"),
        "console": gettext("by the portal"),
    }
    return known.get(source, source)
