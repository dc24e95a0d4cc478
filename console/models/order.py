"""What a customer chose (the cart) and what was placed (the order)."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from console import clock
from console.models.base import Json, Moment, Row, insert_once
from console.models.user import User


class Cart(Row):
    """The one open cart of a customer. `lines`: [{"sku","quantity","options":{key: value}}], chosen by the customer, prices never."""

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE")
    checkout_id = CharField(36, unique=True, default=lambda: str(uuid4()))
    lines = Json(default=list)
    updated_at = Moment(default=clock.now)

    @classmethod
    def of(cls, user_id: int) -> Self:
        """The cart, an empty one at first."""
        insert_once(cls, user=user_id, checkout_id=str(uuid4()), lines=[], updated_at=clock.now())
        return cls.get(cls.user == user_id)  # type: ignore[no-any-return]

    def choose(self, lines: list[dict[str, object]]) -> None:
        """Replace the lines; a change makes a new checkoutId, so that the next order is another order."""
        if lines != self.lines:
            self.lines, self.checkout_id = lines, str(uuid4())
        self.updated_at = clock.now()
        self.save()


class Order(Row):
    """An order placed here. Committed as `placing` before the call to Salesforce; the key is born with the row and never changes.

    `lines`: [{"sku","name","category","item_class","quantity","unit_price","billing_cycle","options":{…},"options_json",
    "pricebook_entry_id","line_key","mobile":bool,"added":bool}], as services/quoting.Line.row makes them.
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

    SETTLED = frozenset({"completed", "rejected", "cancelled", "failed"})

    @property
    def settled(self) -> bool:
        return self.state in self.SETTLED

    @property
    def has_mobile(self) -> bool:
        return any(line.get("mobile") for line in self.lines)

    @classmethod
    def at(cls, sf_order_id: str) -> Self | None:
        return cls.get_or_none(cls.sf_order_id == sf_order_id)  # type: ignore[no-any-return]

    @classmethod
    def keyed(cls, idem_key: str) -> Self | None:
        return cls.get_or_none(cls.idem_key == idem_key)  # type: ignore[no-any-return]

    def move(self, state: str, only_from: tuple[str, ...], **values: object) -> bool:
        """One conditional UPDATE; whether this call made the change."""
        row = type(self)
        values |= {"state": state, "updated_at": clock.now()}
        return bool(row.update(**values).where((row.id == self.id) & row.state.in_(only_from)).execute())

    @classmethod
    def unplaced(cls) -> list[Self]:
        """Orders that a crash or a lost answer left before Salesforce's yes."""
        return list(cls.select().where((cls.state == "placing") & (cls.place_again_at <= clock.now())).order_by(cls.id).limit(50))

    @classmethod
    def unsettled(cls, limit: int = 1000) -> list[Self]:
        return list(cls.select().where(cls.state == "placed").order_by(cls.id.desc()).limit(limit))


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

    @classmethod
    def install_path(cls, sf_order_id: str) -> str:
        """Where the order's eSIM is installed: its own page, or the list when there are several."""
        found = cls.select(cls.id).where((cls.sf_order_id == sf_order_id) & (cls.mobile_ref != "") & (cls.active == True))  # noqa: E712
        ids = [row.id for row in found.limit(2)]
        return f"/subscriptions/{ids[0]}" if len(ids) == 1 else "/subscriptions"


class EsimSecret(Row):
    """The activation code of an eSIM, sealed by the vault; nowhere else, and re-readable from the provider."""

    subscription = ForeignKeyField(Subscription, unique=True, on_delete="CASCADE", backref="secrets")
    sealed = CharField(1000)


class CatalogueSnapshot(Row):
    """The catalogue as last read from Salesforce: one row for all workers, shown with its age."""

    items = Json()
    read_at = Moment(default=clock.now)
    stale_at = Moment(default=clock.now)
