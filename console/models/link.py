"""Who a customer is in Salesforce, WHMCS and at the mobile provider."""

from __future__ import annotations

from typing import Self

from peewee import SQL, BooleanField, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models.base import Moment, Row
from console.models.user import User


class CustomerLink(Row):
    """One per customer, made by the signup job. Only a verified link takes the customer number."""

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE", backref="links")
    sf_number = CharField(20, index=True)
    sf_account_id = CharField(18, index=True)
    verified = BooleanField(default=False)
    case_number = CharField(30, default="")
    whmcs_client_id = IntegerField(null=True, index=True)
    whmcs_user_id = IntegerField(null=True)
    mobile_user_ref = CharField(64, default="")
    payment_seen_at = Moment(null=True)
    created_at = Moment(default=clock.now)

    @property
    def ready(self) -> bool:
        """Whether the account is finished: orders and billing pages need the WHMCS client."""
        return self.whmcs_client_id is not None

    @classmethod
    def of(cls, user_id: int) -> Self | None:
        return cls.get_or_none(cls.user == user_id)  # type: ignore[no-any-return]

    @classmethod
    def holder_of(cls, sf_account_id: str) -> Self | None:
        """The verified link of an Account."""
        return cls.get_or_none((cls.sf_account_id == sf_account_id) & (cls.verified == True))  # type: ignore[no-any-return]  # noqa: E712


# Any number of unverified links may wait for one Account; a verified one is alone.
CustomerLink.add_index(CustomerLink.index(CustomerLink.sf_account_id, unique=True, where=SQL("verified"), name="customer_link_holder"))
