"""One Salesforce org: its schema, its records, its users, and what a person does in it."""

from typing import Any

from sandbox.salesforce import events, people, schema, seed
from sandbox.salesforce.access import User
from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.errors import SfError
from sandbox.salesforce.ids import long_id, new_id
from sandbox.salesforce.records import Record, Records
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.sessions import Sessions
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store

WAITING = "Pending Review"
PERMISSIONS = "sf#permissions"


class NotWaiting(Exception):
    """The order is not in Pending Review; `status` is what it is in, None for an order that does not exist."""

    def __init__(self, status: str | None) -> None:
        super().__init__(f"the order is not in {WAITING}: {status}")
        self.status = status


class Org:
    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        self.store = store
        self.schema = schema.load(settings.project_dir)
        self.records = Records(store, self.schema)
        self.saving = Saving(store, self.schema, self.records, self._publish)
        self.sessions = Sessions(store, settings.credentials.org_id, settings.token_life_s)
        self.integration = User(settings.credentials.sf_user_id, self.schema.permission_sets["Portal_Integration"])
        self.reviewer = User(new_id("User", 2), self.schema.permission_sets["Portal_Order_Reviewer"])
        self.admin = User(new_id("User", 3))
        self._identity = f"{settings.login_url}/id/{settings.credentials.org_id}"
        events.declare(store, self.schema)
        people.settle(store, self.schema, self.records, settings.credentials)
        seed.seed(store, self.schema, self.records, self.saving, self.admin, settings.project_dir / "data")

    @property
    def behaviour(self) -> Doc:
        """The switches as they are now."""
        return behaviour(self.store)

    # -- who asks

    @property
    def enforced(self) -> bool:
        """Whether the permission set of a user who logs in counts; otherwise they may do what an administrator may."""
        return self.store.get(PERMISSIONS, "free") is None

    def enforce(self, on: bool) -> None:
        """Kept over a restart, and saved and restored with everything else."""
        if on:
            self.store.drop(PERMISSIONS, "free")
        else:
            self.store.put(PERMISSIONS, "free", {})

    def is_active(self, user_id: str) -> bool:
        return bool((self.records.get("User", user_id) or {}).get("IsActive"))

    def identity_url(self, user_id: str) -> str:
        return f"{self._identity}/{user_id}"

    # -- what people do

    def review(self, order_id: str, status: str) -> list[str]:
        """The reviewer's decision; answers the ids of the events that followed. Raises NotWaiting."""
        with self.store.write():
            order = self.order(order_id)
            if order is None or order["Status"] != WAITING:
                raise NotWaiting(order["Status"] if order else None)
            return self.saving.update(self.schema.objects["Order"], order["Id"], {"Status": status}, self.reviewer)

    def order(self, order_id: str) -> Record | None:
        found = long_id(order_id)
        return self.records.get("Order", found) if found else None

    def items(self, order_id: str) -> list[Record]:
        return self.records.find("OrderItem", "OrderId", order_id)

    def publish(self, fields: dict[str, Any] | None, count: int = 1) -> list[str]:
        """Events by hand, all alike; None = one each about orders that do not exist. Raises SfError for a field that the event lacks."""
        known = {field.name for field in self.schema.events[events.EVENT]}
        for name in fields or {}:
            if name not in known:
                raise SfError("INVALID_FIELD", f"No such column '{name}' on sobject of type {events.EVENT}")
        return events.publish_many(self.store, count, fields, self.admin.id)

    def _publish(self, event: str, fields: dict[str, Any], by: str) -> str:
        if event != events.EVENT:
            raise SfError("CANNOT_EXECUTE_FLOW_TRIGGER", f"this org has no event {event}")
        return events.publish(self.store, fields, by)
