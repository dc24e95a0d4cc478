"""What the mobile provider really holds, for /control/truth: SIMs that do not show themselves yet included."""

from sandbox import pointing
from sandbox.gigs import sims
from sandbox.gigs.subscriptions import SUBSCRIPTION
from sandbox.pointing import Pointer
from sandbox.store import Doc, View


def pointers(subscription: Doc) -> tuple[Pointer, ...]:
    return pointing.to_item(subscription["metadata"].get("portal_op"), pointing.OPERATION)


def told(view: View, subscription: Doc) -> Doc:
    return {
        "subscription_id": subscription["id"],
        "status": subscription["status"],
        "iccid": (view.get(sims.SIM, subscription["sim"] or "") or {}).get("iccid"),
        "portal_op": subscription["metadata"].get("portal_op"),
        "user_id": subscription["user"],
    }


HELD = pointing.Holdings(SUBSCRIPTION, pointers, told)
