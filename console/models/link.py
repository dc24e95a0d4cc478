"""Who a customer is in Salesforce, WHMCS and at the mobile provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from peewee import SQL, BooleanField, CharField, ForeignKeyField, IntegerField, IntegrityError

from console import clock
from console.models import statements
from console.models.base import Moment, Row, transaction
from console.models.statements import insert_once
from console.models.user import User

_WAITS = SQL("NOT verified AND rejected_at IS NULL")  # word for word as the index has it


class CustomerLink(Row):
    """One per customer, made by the signup job. Only a verified link takes the customer number.

    `internet_eligibility`, `sim_eligible` and `vpn_eligible` are the Account's as of `eligibility_read_at` (None: never read)."""

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE", backref="links")
    sf_number = CharField(20, index=True)
    sf_account_id = CharField(18, index=True)
    verified = BooleanField(default=False)
    case_number = CharField(30, default="")
    whmcs_client_id = IntegerField(null=True, index=True)
    whmcs_user_id = IntegerField(null=True)
    mobile_user_ref = CharField(64, default="")
    payment_seen_at = Moment(null=True)
    payment_checked_at = Moment(null=True)
    rejected_at = Moment(null=True)
    internet_eligibility = CharField(40, default="")
    sim_eligible = BooleanField(default=True)
    vpn_eligible = BooleanField(default=True)
    eligibility_read_at = Moment(null=True)
    eligibility_due_at = Moment(null=True)
    created_at = Moment(default=clock.now)

    @property
    def ready(self) -> bool:
        """Whether the account is finished: orders and billing pages need the WHMCS client."""
        return self.whmcs_client_id is not None and self.rejected_at is None

    @classmethod
    def of(cls, user_id: int) -> Self | None:
        return statements.find_one(cls, user=user_id)

    @classmethod
    def change(cls, user_id: int, **values: object) -> None:
        statements.update(cls, {"user": user_id}, **values)

    @classmethod
    def holder_of(cls, sf_account_id: str) -> Self | None:
        """The verified link of an Account."""
        return cls.get_or_none((cls.sf_account_id == sf_account_id) & (cls.verified == True))  # type: ignore[no-any-return]  # noqa: E712

    def claim_eligibility(self, seconds: float) -> bool:
        """Whether the caller is the one to have it read anew: it is due, and for so long now nobody else is."""
        if self.eligibility_due_at is not None and self.eligibility_due_at > clock.now():
            return False
        row = type(self)
        due = row.eligibility_due_at.is_null() | (row.eligibility_due_at <= clock.now())
        return bool(row.update(eligibility_due_at=clock.after(seconds)).where((row.id == self.id) & due).execute())

    @classmethod
    def stand(cls, user_id: int, *, verified: bool, **values: object) -> bool:
        """Insert the person's link, or replace one that is not verified; whether a link of that kind stands now."""
        if insert_once(cls, user=user_id, verified=verified, **values):
            return True
        row = cls.of(user_id)
        if row is None or row.verified:
            return row is not None and verified  # None: a verified one of somebody else took the Account this very moment
        unread = {"eligibility_read_at": None, "eligibility_due_at": None}  # what was read may be another Account's
        waits = (cls.id == row.id) & (cls.verified == False)  # noqa: E712
        return _unless_taken(lambda: cls.update(verified=verified, rejected_at=None, **(unread | values)).where(waits).execute())

    def take_number(self, holder: Self | None) -> bool:
        """Verified from now on, in the place of `holder`, who waits with this one's Case; False when things are not as they were."""
        row = type(self)

        def change() -> bool:
            if holder is not None:
                row.update(verified=False, case_number=self.case_number).where((row.id == holder.id) & row.verified).execute()
            waits = (row.id == self.id) & (row.sf_account_id == self.sf_account_id) & (row.verified == False)  # noqa: E712
            if not row.update(verified=True, rejected_at=None).where(waits).execute():
                raise _Moved
            return True

        return _unless_taken(change)

    def reject(self) -> bool:
        """Refused by staff; False when it does not wait any more."""
        row = type(self)
        waits = (row.id == self.id) & (row.verified == False) & row.rejected_at.is_null()  # noqa: E712
        return bool(row.update(rejected_at=clock.now()).where(waits).execute())

    @classmethod
    def waiting(cls, limit: int) -> list[Self]:
        """Unverified links that staff have to resolve, oldest first, each with its person."""
        return list(cls.select(cls, User).join(User).where(_WAITS).order_by(cls.created_at, cls.id).limit(limit))

    @classmethod
    def of_account(cls, sf_account_id: str) -> list[Self]:
        """All links of an Account, the verified one first, each with its person."""
        rows = cls.select(cls, User).join(User).where(cls.sf_account_id == sf_account_id)
        return list(rows.order_by(cls.verified.desc(), cls.id))


class _Moved(Exception):
    """The row is not as it was: nothing is changed."""


def _unless_taken(change: Callable[[], object]) -> bool:
    """Make the change; False, and nothing changed, where somebody else's verified link has the Account or the row has moved on."""
    try:
        with transaction():
            return bool(change())
    except (IntegrityError, _Moved):
        return False


# Any number of unverified links may wait for one Account; a verified one is alone.
CustomerLink.add_index(CustomerLink.index(CustomerLink.sf_account_id, unique=True, where=SQL("verified"), name="customer_link_holder"))
CustomerLink.add_index(CustomerLink.index(CustomerLink.created_at, CustomerLink.id, where=_WAITS, name="customer_link_waiting"))
