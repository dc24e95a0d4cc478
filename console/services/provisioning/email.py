"""The durable change of a customer's e-mail: billing's client and user, our row, a Case; nothing of it when the address is taken."""

from __future__ import annotations

from collections.abc import Callable

from console.clients.whmcs import ClientRecord
from console.errors import AlreadyDone, NeedsStaff, Stop
from console.models import CustomerLink, Job, User
from console.models.base import millis
from console.services import changing_email, mailing
from console.services.provisioning.plan import Done, Plan, Run, Step

# All writes are absolute: made again after an unknown outcome, they leave the same. The user's row decides: while `new_email` stands
# the change goes forward; once it is given up, every step puts billing back.


def address_free(run: Run, _line: str) -> Done:
    """Ends here, with nothing changed anywhere, when another person or another client has the address by now."""
    user, link = _people(run)
    here, there = User.by_email(user.new_email), run.upstreams.whmcs.client_by_email(user.new_email)
    if not user.new_email or (here and here.confirmed and here.id != user.id) or _anothers(there, link):
        _give_up(user)
    return Done(str(link.whmcs_client_id))


def _anothers(found: ClientRecord | None, link: CustomerLink) -> bool:
    return found is not None and found.client_id != link.whmcs_client_id


def whmcs_client(run: Run, _line: str) -> Done:
    """The client, who gets billing's mails."""
    user, link = _people(run)
    _move(run, user, link, lambda: run.upstreams.whmcs.update_client_email(_id(link.whmcs_client_id), user.new_email))
    return Done(str(link.whmcs_client_id))


def whmcs_user(run: Run, _line: str) -> Done:
    """The user, who owns the client."""
    user, link = _people(run)
    _move(run, user, link, lambda: run.upstreams.whmcs.update_user_email(_id(link.whmcs_user_id), user.new_email))
    return Done(str(link.whmcs_user_id))


def _move(run: Run, user: User, link: CustomerLink, write: Callable[[], None]) -> None:
    """Billing's address; put back when the change was given up, or somebody else has the address by now."""
    if not user.new_email:
        _put_back(run, user, link)
    try:
        write()
    except AlreadyDone:
        _put_back(run, user, link)


def own_row(run: Run, _line: str) -> Done:
    """Ours, and with it the mails to both addresses."""
    user, link = _people(run)
    if not user.new_email or not user.take_new_email():
        _put_back(run, user, link)
    return Done(str(user.id), also=lambda: changing_email.tell(run.policy, user, str(run.job.id)))


def account_case(run: Run, _line: str) -> Done:
    """The Account's e-mail is the staff's to change: they are asked to."""
    user, link = _people(run)
    case_number = run.upstreams.salesforce.open_case(
        key=case_key(run.job), subject="Portal customer changed the e-mail",
        description=f"Portal user {user.id} confirmed {user.email} as the new e-mail. Please look whether the Account's is to follow.",
        account_id=link.sf_account_id,
    )  # fmt: skip
    return Done(case_number, {"case": case_number})


def case_key(job: Job) -> str:
    """Born with the job; the moment is part of it, since a restored database gives its ids a second time."""
    return f"email-{job.user_id}-{job.id}-{millis(job.created_at)}"


def _people(run: Run) -> tuple[User, CustomerLink]:
    user: User = User.get_by_id(run.job.user_id)
    link = CustomerLink.of(user.id)
    if link is None:
        raise NeedsStaff("account_not_ready", "the person has no link")
    return user, link


def _id(number: int | None) -> int:
    if number is None:
        raise NeedsStaff("account_not_ready", "the link has no WHMCS ids")
    return number


def _put_back(run: Run, user: User, link: CustomerLink) -> None:
    """The decision first, then the writes: whoever dies between them, the next run comes here again."""
    User.update(new_email="").where(User.id == user.id).execute()
    run.upstreams.whmcs.update_client_email(_id(link.whmcs_client_id), user.email)
    run.upstreams.whmcs.update_user_email(_id(link.whmcs_user_id), user.email)
    _give_up(user)


def _give_up(user: User) -> None:
    User.update(new_email="").where(User.id == user.id).execute()
    raise Stop("cancelled", "email_taken")


def _finished(run: Run) -> None:
    User.update(new_email="").where(User.id == run.job.user_id).execute()


def _changed(run: Run) -> None:
    """Nothing was changed: the person is told at the address that stays."""
    if run.job.state == "cancelled":
        mailing.leave(run.policy, "email_not_changed", run.job.user_id, str(run.job.id), correlation_id=run.job.correlation_id)


EMAIL = Plan(
    steps=(
        Step("address_free", "whmcs", address_free),
        Step("whmcs_client", "whmcs", whmcs_client),
        Step("whmcs_user", "whmcs", whmcs_user),
        Step("own_row", "whmcs", own_row),
        Step("account_case", "salesforce", account_case),
    ),
    finished=_finished,
    changed=_changed,
)
