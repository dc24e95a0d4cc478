"""Subscriptions: a plan for a user on a SIM; how they are ordered, read and looked for."""

from sandbox import clock
from sandbox.gigs import addresses, callbacks, devices, metadata, plans, sims, users
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found, taken, unacceptable
from sandbox.store import Doc, Store

SUBSCRIPTION = "gigs_subscription"
STATUSES = ("pending", "initiated", "active", "restricted", "ended")
ALIVE = ("active", "restricted")
NEVER = (
    "billing", "canceledAt", "cancellationDetails", "currentPeriod", "earliestEndAt", "endedAt", "firstUsageAt", "lastPorting",
    "phoneNumber", "porting", "activatedAt",
)  # fmt: skip
# kept beside what is shown: the periods so far
INTERNAL = ("periods",)


def create(call: Call) -> Doc:
    call.only()
    switches = behaviour(call.store)
    optional = ("sim", "device", "userAddress", "porting", *(["metadata"] if switches["metadata_at_creation"] else []))
    call.properties(("plan", "user"), optional)
    plan, user = available(call), users.named(call)
    check_needs(call, plan, user)
    pairs, sim = metadata.merged({}, call), chosen_sim(call, plan, user)
    row: Doc = {
        "object": "subscription",
        "id": fresh_id(call.store, "sub"),
        "metadata": pairs,
        **dict.fromkeys(NEVER),
        "createdAt": stamp(clock.now()),
        "plan": plan["id"],
        "sim": sim["id"] if sim else None,
        "status": "initiated" if switches["billing"] else "pending",
        "user": user["id"],
        "periods": [],
    }
    call.store.put(SUBSCRIPTION, row["id"], row)
    devices.insert(call, call.text("device"), sim)
    return told(call.store, "created", row)


def available(call: Call) -> Doc:
    plan = plans.find(call.store, call.text("plan") or "")
    if plan is None or plan["status"] != "available":
        raise unacceptable("The plan does not exist or is not available.", "plan")
    return plan


def check_needs(call: Call, plan: Doc, user: Doc) -> None:
    """What the plan requires, and that what is named exists."""
    address, device = call.text("userAddress"), call.text("device")
    if address is not None and (call.store.get(addresses.ADDRESS, address) or {}).get("user") != user["id"]:
        raise unacceptable("The address does not exist or is not of this user.", "userAddress")
    if device is not None and call.store.get(devices.DEVICE, device) is None:
        raise unacceptable("The device does not exist.", "device")
    if call.text("porting") is not None:
        raise unacceptable("The porting does not exist.", "porting")
    have = {"address": address, "device": device, "user.birthday": user["birthday"], "user.fullName": user["fullName"]}
    for name, need in plan["requirements"].items():
        if need != "none" and not have[name]:
            raise unacceptable(f"The plan requires {name}.", {"address": "userAddress"}.get(name, name))


def chosen_sim(call: Call, plan: Doc, user: Doc) -> Doc | None:
    """`auto` takes a new eSIM from stock. What happens when it is left out is not documented, and so a switch."""
    wanted = call.text("sim") or {"auto": "auto"}.get(behaviour(call.store)["sim_left_out"])
    if wanted is None:
        return None
    if wanted == "auto":
        return from_stock(call, plan, user["id"])
    sim = sims.named(call, wanted, plan["provider"], user["id"])
    if sim["type"] not in plan["simTypes"]:
        raise unacceptable(f"The plan takes no {sim['type']}.", "sim")
    if call.store.find(SUBSCRIPTION, "sim", sim["id"]):
        raise taken("The SIM is used by another subscription.", "sim", "simAlreadyUsed")
    return sim


def from_stock(call: Call, plan: Doc, user_id: str) -> Doc:
    if behaviour(call.store)["out_of_stock"]:
        raise unacceptable("There is no eSIM in stock for this plan.", "sim", "simInventoryEmpty")
    return sims.allocate(call.store, plan["provider"], user_id)


def shown(store: Store, row: Doc) -> Doc:
    """Plan, user and SIM are whole objects."""
    user = store.get(users.USER, row["user"]) or {}
    parts = {"plan": plans.find(store, row["plan"]), "sim": sims.seen(store, row["sim"]), "user": users.shown(user)}
    fields = {name: value for name, value in {**row, **parts}.items() if name not in INTERNAL}
    return dict(sorted(fields.items(), key=lambda item: (item[0] not in ("object", "id", "metadata"), item[0])))


def told(store: Store, event: str, row: Doc) -> Doc:
    """What is shown, and told to those who listen."""
    answer = shown(store, row)
    callbacks.emit(store, f"subscription.{event}", answer)
    return answer


def held(call: Call, subscription_id: str) -> Doc:
    row = call.store.get(SUBSCRIPTION, subscription_id)
    if row is None:
        raise not_found("Subscription")
    return row


def named_active(call: Call, statuses: tuple[str, ...] = ("active",)) -> Doc:
    """The subscription that a body names, which must be active, or in one of those."""
    row = call.store.get(SUBSCRIPTION, call.text("subscription") or "")
    if row is None:
        raise unacceptable("The subscription does not exist.", "subscription")
    if row["status"] not in statuses:
        raise unacceptable(f"The subscription is {row['status']}.", "subscription")
    return row


def read(call: Call, subscription_id: str) -> Doc:
    row = held(call, subscription_id)
    call.only()
    return shown(call.store, row)


def change(call: Call, subscription_id: str) -> Doc:
    row = held(call, subscription_id)
    call.only()
    call.properties((), ("metadata",))
    row["metadata"] = metadata.merged(row["metadata"], call)
    call.store.put(SUBSCRIPTION, subscription_id, row)
    return shown(call.store, row)


def listed(call: Call) -> Doc:
    call.only("user", "plan", "sim", "status", *PAGING)
    known = [name for name in STATUSES if name != "restricted" or behaviour(call.store)["restricted_known"]]
    statuses = call.words("status", known, ("pending", "active"))
    rows = call.store.find(SUBSCRIPTION, "user", call.query["user"]) if "user" in call.query else call.store.all(SUBSCRIPTION)
    wanted = call.filters("plan", "sim")
    rows = [row for row in rows if row["status"] in statuses and all(row[name] == value for name, value in wanted.items())]
    return page(call, rows[::-1], lambda row: shown(call.store, row))


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("phoneNumber",))
    number = call.text("phoneNumber") or ""
    if not (number[:1] == "+" and number[1:].isascii() and number[1:].isdecimal()):
        raise invalid("phoneNumber must be in E.164 form", "phoneNumber")
    return page(call, call.store.find(SUBSCRIPTION, "phoneNumber", number)[::-1], lambda row: shown(call.store, row))
