"""How a refused wish, or a system that does not answer, is told to the person: status, title and text by code."""

from __future__ import annotations

from dataclasses import dataclass

from babel.support import LazyProxy

from console.i18n import lazy as _


@dataclass(frozen=True)
class Words:
    status: int
    title: LazyProxy
    text: LazyProxy


UNKNOWN = Words(
    409, _("That is not possible just now"),
    _("Things have changed since this page was shown. Go back, reload the page and look again."),
)  # fmt: skip

BY_CODE = {
    "token_used": Words(
        404, _("This link was used already"), _("Your e-mail is confirmed. Log in with the password that you chose at the sign-up."),
    ),
    "token_ended": Words(
        404, _("This link has ended"), _("It was good for 48 hours. Everything that you typed is kept: we can send you a new one."),
    ),
    "token_unknown": Words(
        404, _("This link does not work any more"),
        _("It was used already, has ended, or is not complete. Log in, or sign up again to get a new one."),
    ),
    "too_many_tries": Words(
        429, _("Too many tries"),
        _("This link is closed after five wrong passwords. Sign up again to get a new one."),
    ),
    "enrolment_unknown": Words(
        409, _("Please begin again"),
        _("This page was made for another login. Open Security and set up two-step sign-in once more."),
    ),
    "two_step_on": Words(409, _("Two-step sign-in is on already"), _("Open Security to see it. Nothing was changed.")),
    "two_step_off": Words(409, _("Two-step sign-in is off"), _("Set it up under Security first. Nothing was changed.")),
    "email_change_running": Words(
        409, _("A change of your e-mail is under way"),
        _("We write to both addresses when it is done. After that you can ask for another one."),
    ),
    "email_taken": Words(
        409, _("This address belongs to another account"), _("Nothing was changed. Ask for another address under Security."),
    ),
    "no_such_login": Words(404, _("This device is not logged in"), _("It was logged out already. Open Security to see who is.")),
    "account_not_ready": Words(
        409, _("Your account is not finished yet"),
        _("We are still setting it up. This page works as soon as that is done; the home page shows how far it is."),
    ),
    "not_waiting": Words(
        409, _("Your customer number is being checked"),
        _("There is nothing to correct just now. The home page shows how far your account is."),
    ),
    "number_refused": Words(
        409, _("We could not confirm this customer number"),
        _("Look at your contract or a letter from us and type another one, or ask our support."),
    ),
    "link_settled": Words(
        409, _("This was decided already"), _("Somebody else was quicker, or the link has changed. Open the customer's page again."),
    ),
    "held_by_another": Words(
        409, _("Another customer has this number now"),
        _("That was not so when the page was shown. Open the customer's page again to see who it is, then decide."),
    ),
    "too_many_numbers": Words(
        409, _("Too many customer numbers"),
        _("Five were tried and none was found. Please ask our support for your number; they can also finish your account."),
    ),
    "checkout_used": Words(
        409, _("This order was placed with other contents"),
        _("The basket has changed since. Look at your orders, or go back to the catalogue for a new one."),
    ),
    "not_placed": Words(409, _("Your order was not placed"), _("Our order system did not take it. Nothing is charged.")),
    "catalogue_unavailable": Words(
        503, _("The catalogue is not available now"),
        _("Our order system does not answer. Nothing is lost; please try again in a few minutes."),
    ),
    "esim_unreadable": Words(
        503, _("Your eSIM's code is not available now"),
        _("The eSIM itself is safe, only its code cannot be shown. Please try again in a few minutes; if it stays so, write to us."),
    ),
    "too_late": Words(
        409, _("It is too late to cancel"),
        _("We have begun to set your order up. Please contact our support: they see what is still possible."),
    ),
    "running": Words(409, _("This job is running now"), _("Wait until it has stopped, then look again.")),
    "not_retryable": Words(409, _("This job cannot be retried"), _("Its present state does not allow it. The job's page shows why.")),
    "busy": Words(409, _("This job is busy for a moment"), _("Its status is being written to Salesforce. Try again in a few seconds.")),
    "reason_needed": Words(422, _("A reason is needed"), _("It is kept in the audit. Go back and write one, of at most 300 characters.")),
    "no_such_step": Words(409, _("This step is not open for that"), _("It has moved on since, or it is not its turn yet.")),
    "nothing_found": Words(409, _("Nothing was found upstream"), _("So nothing was recorded. The job is as it was.")),
    "does_not_match": Words(
        409, _("What is there is not what was approved"),
        _("It differs from the order, or belongs to somebody else, so nothing was recorded. This is what was read:"),
    ),
    "still_there": Words(
        409, _("It still exists upstream"),
        _("A look there has found it, so nothing was undone. Remove it there first, then come back:"),
    ),
    "settling": Words(
        409, _("It is too early to say"),
        _("The answer to this call was lost and it may still take effect. Wait a few minutes, look upstream again, then come back."),
    ),
    "mail_not_failed": Words(409, _("This mail was not given up"), _("It is on its way or was sent. Nothing was changed.")),
    "effects_left": Words(
        409, _("Something is left of this order"),
        _("It can be cancelled once everything that was made is removed upstream and undone here. Left are:"),
    ),
}  # fmt: skip

UPSTREAM = {
    "salesforce": _("Our order system does not answer just now."),
    "whmcs": _("Our billing system does not answer just now."),
    "mobile": _("The mobile network's system does not answer just now."),
    "mail": _("Our mail system does not answer just now."),
}
UPSTREAM_TITLE = _("Please try again in a few minutes")
UPSTREAM_HOPE = _("Nothing is lost. We have been told about it.")
UPSTREAM_OTHER = _("One of our systems does not answer just now.")

HTTP = {
    400: Words(400, _("We could not read that"), _("The request was not complete. Go back and try again.")),
    401: Words(401, _("Please log in"), _("This is only for people who are logged in.")),
    403: Words(403, _("This page is not for this account"), _("Log in with another account, or ask somebody who may.")),
    404: Words(404, _("There is no such page"), _("The address is wrong, or the page belongs to somebody else.")),
    405: Words(405, _("That is not possible here"), _("Go back and try again.")),
    413: Words(413, _("That is too much at once"), _("Shorten what you typed and try again.")),
    429: Words(429, _("Too many tries"), _("Please wait a little and try again. Nothing is lost.")),
    500: Words(500, _("Something went wrong on our side"), _("We have been told. Please try again in a few minutes.")),
}
FORM_TOO_OLD = Words(
    400, _("This page was open too long"),
    _("For your safety nothing was sent. Go back to the page, reload it and send the form again."),
)  # fmt: skip
