"""The durable sign-up after the e-mail is confirmed: Account, link, WHMCS client, welcome."""

from __future__ import annotations

from collections.abc import Sequence

from console.clients.salesforce import Account
from console.clients.whmcs import Address, ClientRecord, NewClient
from console.errors import AlreadyDone, Contradiction, NeedsCustomer, NeedsStaff
from console.models import CustomerLink, User
from console.services import eligibility, mailing
from console.services.provisioning.invoicing import is_id
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.vault import random_password


def account(run: Run, _line: str) -> Done:
    """The Account of the customer number; an unknown number is the person's to correct."""
    found = _account(run)
    return Done(found.account_id)


def _account(run: Run) -> Account:
    user = _user(run)
    found = run.upstreams.salesforce.account_by_number(user.sf_number)
    if found is None:
        raise NeedsCustomer("customer_number")
    return found


def _user(run: Run) -> User:
    user: User = User.get_by_id(run.job.user_id)
    return user


def link(run: Run, _line: str) -> Done:
    """Verified if the confirmed e-mail is the Account's and nobody verified holds it; else unverified with a Case, which blocks nothing."""
    user, found = _user(run), _account(run)
    holder = CustomerLink.holder_of(found.account_id)
    theirs = found.email.lower() == user.email and (holder is None or holder.user_id == user.id)
    if theirs and _link(user, found, verified=True, case_number=""):
        return Done(found.account_id, {"verified": True})
    reason = "The e-mail differs from the account's." if found.email.lower() != user.email else "The account already has a portal user."
    case_number = run.upstreams.salesforce.open_case(
        key=f"signup-{user.id}-{found.account_id}", subject="Portal sign-up to verify", description=f"{reason} Portal user {user.id}.",
        account_id=found.account_id,
    )  # fmt: skip
    _link(user, found, verified=False, case_number=case_number)
    return Done(found.account_id, {"verified": False, "case": case_number})


def _link(user: User, found: Account, *, verified: bool, case_number: str) -> bool:
    """Whether the link stands as asked; a verified one may find the Account taken at this very moment."""
    values = {"sf_number": found.number, "sf_account_id": found.account_id, "case_number": case_number, **eligibility.columns(found)}
    return CustomerLink.stand(user.id, verified=verified, **values)


def make_client(run: Run, line: str) -> Done:
    """One AddClient makes WHMCS user and client together; "already exists" is looked up by the adoption rule."""
    user = _user(run)
    new = NewClient(
        email=user.email, password=random_password(), customer_number=user.sf_number, note=_note(user),
        address=Address(user.first_name, user.last_name, user.phone, "", "", "", "", "", "JP"),
    )  # fmt: skip
    try:
        made = run.upstreams.whmcs.add_client(new)
    except AlreadyDone as error:
        found = find_client(run, line)
        if found is None:
            raise NeedsStaff("account_taken", "a WHMCS user has this e-mail, but no client does") from error
        return found
    return Done(str(made.client_id), {"user": made.user_id, "number": user.sf_number})


def find_client(run: Run, _line: str) -> Done | None:
    """The client with this e-mail, adopted only when it carries our note, or our customer number, or none and the link is verified."""
    user = _user(run)
    found = run.upstreams.whmcs.client_by_email(user.email)
    if found is None:
        return None
    if not _ours(found, user):
        raise NeedsStaff("account_taken", f"WHMCS client {found.client_id}")
    return _adopted(found)


def _adopted(found: ClientRecord) -> Done:
    return Done(str(found.client_id), {"user": found.user_id, "number": found.customer_number})


def confirm_client(run: Run, _line: str, ref: str) -> Done | None:
    """The client that staff name, under the look-up's rules; one without our marks must have the person's e-mail."""
    user = _user(run)
    found = run.upstreams.whmcs.client(int(ref)) if is_id(ref) else None
    if found is None:
        return None
    if not (_marked(found, user) or (found.email.lower() == user.email and _ours(found, user))):
        raise Contradiction("not_ours", {"whmcs_client": found.client_id, "customer_number": found.customer_number})
    if _somebodys(found, user):
        raise Contradiction("not_ours", {"whmcs_client": found.client_id, "linked": "to another portal user"})
    return _adopted(found)


def client_gone(run: Run, _line: str, ref: str) -> bool:
    """Whether the client was deleted, and none has the person's e-mail."""
    known = run.upstreams.whmcs.client(int(ref)) if ref else None
    return known is None and run.upstreams.whmcs.client_by_email(_user(run).email) is None


def _ours(found: ClientRecord, user: User) -> bool:
    row = CustomerLink.of(user.id)
    verified = row is not None and row.verified
    return not _somebodys(found, user) and (_marked(found, user) or (not found.customer_number and verified))


def _somebodys(found: ClientRecord, user: User) -> bool:
    """Whether another portal user has this client: one who changed their e-mail here may still have the older one there."""
    theirs = (CustomerLink.whmcs_client_id == found.client_id) & (CustomerLink.user != user.id)
    return bool(CustomerLink.select().where(theirs).exists())


def _marked(found: ClientRecord, user: User) -> bool:
    return _note(user) in found.notes.split() or found.customer_number == user.sf_number


def _note(user: User) -> str:
    return f"portal:{user.id}"


def misnumbered(run: Run) -> Sequence[str]:
    """One line where billing has another customer number than the link: an adopted client without one, a number put right later."""
    told = run.journal.get(("customer_number", "")) or run.step("whmcs_client")
    return () if told.result.get("number") == _user(run).sf_number else ("",)


def write_number(run: Run, _line: str) -> Done:
    """The customer number into billing's custom field."""
    client, user = run.step("whmcs_client"), _user(run)
    run.upstreams.whmcs.set_customer_number(int(client.upstream_ref), user.sf_number)
    return Done(client.upstream_ref, {"number": user.sf_number})


def _finished(run: Run) -> None:
    step = run.step("whmcs_client")
    ids = {"whmcs_client_id": int(step.upstream_ref), "whmcs_user_id": step.result["user"]}
    CustomerLink.change(run.job.user_id, **ids)
    mailing.leave(run.policy, "welcome", run.job.user_id, str(run.job.user_id), correlation_id=run.job.correlation_id)


def _changed(run: Run) -> None:
    """Each wrong number is written about once."""
    if run.job.state == "needs_customer":
        number = _user(run).sf_number
        mailing.leave(run.policy, "customer_number", run.job.user_id, f"{run.job.user_id}:{number}", correlation_id=run.job.correlation_id)


SIGNUP = Plan(
    steps=(
        Step("account", "salesforce", account),
        Step("link", "salesforce", link),
        Step("whmcs_client", "whmcs", make_client, look_up=find_client, confirm=confirm_client, gone=client_gone, after=("link",)),
        Step("customer_number", "whmcs", write_number, lines=misnumbered, after=("whmcs_client",), every_run=True),
    ),
    finished=_finished,
    changed=_changed,
)
