"""What a customer chose (the cart) and what was placed (the order)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self
from uuid import uuid4

from peewee import JOIN, BooleanField, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models import statements
from console.models.base import Json, Moment, Row, db_now
from console.models.statements import insert_once
from console.models.user import User


class Cart(Row):
    """The one open cart of a customer.

    `lines`: [{"sku","quantity","options":{key: value},"installation": sku,"seen": yen}]. `installation` stands where one was chosen with
    it; `seen` is the unit price that was shown then, to tell of a change, and never what is charged.
    """

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE")
    checkout_id = CharField(36, unique=True, default=lambda: str(uuid4()))
    lines = Json(default=list)
    updated_at = Moment(default=clock.now)

    @classmethod
    def of(cls, user_id: int) -> Self:
        """The cart, an empty one at first."""
        insert_once(cls, user=user_id, checkout_id=str(uuid4()), lines=[], updated_at=clock.now())
        return cls.get(cls.user == user_id)  # type: ignore[no-any-return]

    @classmethod
    def with_order(cls, user_id: int) -> tuple[Self, str] | None:
        """The cart if there is one, and the state of the order that its checkout became ("" while there is none)."""
        joined = cls.select(cls, Order.state.alias("state")).join(Order, JOIN.LEFT_OUTER, on=(Order.checkout_id == cls.checkout_id))
        found = joined.where(cls.user == user_id).objects().first()
        return (found, found.state or "") if found is not None else None

    def choose(self, lines: list[dict[str, object]]) -> bool:
        """Replace the lines; a change makes a new checkoutId, so that the next order is another order. False: another tab was quicker."""
        row, was = type(self), self.checkout_id
        if lines == self.lines:
            return True
        values = {"lines": lines, "checkout_id": str(uuid4()), "updated_at": clock.now()}
        if not row.update(**values).where((row.id == self.id) & (row.checkout_id == was)).execute():
            return False
        self.lines, self.checkout_id = lines, values["checkout_id"]
        return True

    def keep(self) -> None:
        """Store the lines as they are, for the same checkout."""
        row = type(self)
        row.update(lines=self.lines).where((row.id == self.id) & (row.checkout_id == self.checkout_id)).execute()

    def renew(self) -> None:
        """A new checkout for the same lines, unless another tab has made one."""
        row = type(self)
        row.update(checkout_id=str(uuid4())).where((row.id == self.id) & (row.checkout_id == self.checkout_id)).execute()


def named(line: Mapping[str, Any], language: str) -> str:
    """What was ordered, as that language calls it; as it was called then where no label says so."""
    return str(line.get("names", {}).get(language) or line["name"])


class Order(Row):
    """An order placed here. Committed as `placing` before the call to Salesforce; the key is born with the row and never changes.

    `lines`: [{"sku","name","names":{language: name},"category","item_class","quantity","unit_price","billing_cycle","options":{…},
    "options_json","pricebook_entry_id","line_key","mobile":bool,"added":bool}], as services/quoting.Line.row makes them.
    state: placing → placed → settled as completed | rejected | cancelled; or failed (Salesforce refused it, nothing exists).
    """

    user = ForeignKeyField(User, on_delete="RESTRICT", backref="orders")
    checkout_id = CharField(36, unique=True)
    idem_key = CharField(80, unique=True)
    state = CharField(16, default="placing", index=True)
    sf_order_id = CharField(18, null=True, unique=True)
    order_number = CharField(30, default="", index=True)
    request = Json()
    lines = Json()
    due_today = IntegerField()
    monthly = IntegerField()
    currency = CharField(3, default="JPY")
    error_code = CharField(60, default="")
    correlation_id = CharField(36, default="")
    place_again_at = Moment(null=True, index=True)
    place_attempts = IntegerField(default=0)
    created_at = Moment(default=clock.now)
    updated_at = Moment(default=clock.now)

    class Meta:
        table_name = "orders"
        indexes = ((("user_id", "created_at"), False),)

    made_now = False  # whether the call at hand made it, and did not find it
    SETTLED = frozenset({"completed", "rejected", "cancelled", "failed"})

    @property
    def settled(self) -> bool:
        return self.state in self.SETTLED

    @property
    def yearly(self) -> int:
        """What is paid each year, in yen."""
        return sum(line["quantity"] * line["unit_price"] for line in self.lines if line["billing_cycle"] == "Annually")

    @property
    def has_mobile(self) -> bool:
        return any(line.get("mobile") for line in self.lines)

    @property
    def has_installation(self) -> bool:
        return needs_installation(self.lines)

    @classmethod
    def at(cls, sf_order_id: str) -> Self | None:
        return statements.find_one(cls, sf_order_id=sf_order_id)

    @classmethod
    def placed_as(cls, sf_order_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
        """User and correlation id of those of these orders that were placed here."""
        found = statements.among(cls, ("sf_order_id", "user", "correlation_id"), "sf_order_id", sf_order_ids)
        return {order_id: (user_id, correlation_id) for order_id, user_id, correlation_id in found}

    @classmethod
    def keyed(cls, idem_key: str) -> Self | None:
        return cls.get_or_none(cls.idem_key == idem_key)  # type: ignore[no-any-return]

    def move(self, state: str, only_from: tuple[str, ...], **values: object) -> bool:
        """One conditional UPDATE; whether this call made the change."""
        where = {"id": self.id, "state": only_from}
        return bool(statements.update(type(self), where, state=state, updated_at=clock.now(), **values))

    @classmethod
    def unplaced(cls) -> list[Self]:
        """Orders that a crash or a lost answer left before Salesforce's yes."""
        return list(cls.select().where((cls.state == "placing") & (cls.place_again_at <= db_now())).order_by(cls.id).limit(50))

    @classmethod
    def unsettled(cls, limit: int = 1000) -> list[Self]:
        return list(cls.select().where(cls.state == "placed").order_by(cls.id.desc()).limit(limit))


def needs_installation(lines: Iterable[Mapping[str, object]]) -> bool:
    """Whether people of ours have to come to the customer's place, after all that this portal does."""
    return any(line.get("item_class") == "Installation" for line in lines)


class Subscription(Row):
    """A service that a customer has: made by provisioning, one per order line that goes on (a Service)."""

    user = ForeignKeyField(User, on_delete="RESTRICT", backref="subscriptions")
    order = ForeignKeyField(Order, null=True, on_delete="RESTRICT", backref="subscriptions")
    sf_order_id = CharField(18, index=True)
    sf_item_id = CharField(18, unique=True)
    name = CharField(255)
    category = CharField(40)
    whmcs_service_id = IntegerField(null=True, index=True)
    mobile_ref = CharField(64, default="", index=True)
    sim_ref = CharField(64, default="")
    iccid = CharField(22, default="", index=True)
    active = BooleanField(default=False)
    created_at = Moment(default=clock.now)

    @property
    def is_esim(self) -> bool:
        return bool(self.mobile_ref)

    @property
    def needs_installation(self) -> bool:
        """Whether it was ordered with an installation; when that was, or will be, is not known here."""
        return self.order is not None and needs_installation(line for line in self.order.lines if line["category"] == self.category)

    @classmethod
    def install_path(cls, sf_order_id: str) -> str:
        """Where the order's eSIM is installed: its own page, or the list when there are several."""
        found = cls.select(cls.id).where((cls.sf_order_id == sf_order_id) & (cls.mobile_ref != "") & (cls.active == True))  # noqa: E712
        ids = [row.id for row in found.limit(2)]
        return f"/subscriptions/{ids[0]}" if len(ids) == 1 else "/subscriptions"

    @classmethod
    def keep(cls, sf_item_id: str, at_first: Mapping[str, object], **values: object) -> Self:
        """The service of that order line: made once, then only completed."""
        return statements.keep(cls, {"sf_item_id": sf_item_id}, at_first, **values)


class EsimSecret(Row):
    """The activation code of an eSIM, sealed by the vault; nowhere else, and re-readable from the provider."""

    subscription = ForeignKeyField(Subscription, unique=True, on_delete="CASCADE", backref="secrets")
    sealed = CharField(1000)

    @classmethod
    def keep(cls, subscription_id: int, sealed: str) -> None:
        """In the place of one that was there."""
        statements.keep(cls, {"subscription": subscription_id}, sealed=sealed)


class CatalogueSnapshot(Row):
    """The catalogue as last read from Salesforce: one row for all workers, shown with its age.

    `reference` is what the linter holds the products against, as last read at `reference_at`: see services/linting.py."""

    items = Json()
    read_at = Moment(default=clock.now)
    stale_at = Moment(default=clock.now)
    reference = Json(null=True)
    reference_at = Moment(null=True)

    @classmethod
    def claim(cls, seconds: float) -> bool:
        """Whether the caller is the one to have it read anew: it is due, and for so long now nobody else is."""
        due = (cls.id == 1) & (cls.stale_at <= clock.now())
        return bool(cls.update(stale_at=clock.after(seconds)).where(due).execute())
