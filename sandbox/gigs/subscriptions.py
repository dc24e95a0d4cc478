"""Subscriptions: a plan for a user on a SIM; pending until the profile is on a phone."""

import calendar

from sandbox import clock
from sandbox.gigs import callbacks, sims, users
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call, merged_metadata, page, stamp
from sandbox.gigs.names import fresh_id, fresh_phone_number
from sandbox.gigs.plans import PLANS
from sandbox.gigs.refusals import not_found, unacceptable
from sandbox.store import Doc, Store

SUBSCRIPTION = "gigs_subscription"
STATUSES = ("pending", "initiated", "active", "restricted", "ended")
NEVER = (
    "billing", "canceledAt", "cancellationDetails", "currentPeriod", "earliestEndAt", "endedAt", "firstUsageAt", "lastPorting",
    "phoneNumber", "porting", "activatedAt",
)  # fmt: skip


def create(call: Call) -> Doc:
    call.properties(("plan", "user"), ("sim", "metadata"))
    plan, user = chosen_plan(call), chosen_user(call)
    metadata = merged_metadata({}, call)
    sim = chosen_sim(call, plan, user)
    row: Doc = {
        "object": "subscription",
        "id": fresh_id("sub"),
        "metadata": metadata,
        **dict.fromkeys(NEVER),
        "createdAt": stamp(clock.now()),
        "plan": plan["id"],
        "sim": sim["id"] if sim else None,
        "status": "pending",
        "user": user["id"],
    }
    call.store.put(SUBSCRIPTION, row["id"], row)
    answer = shown(call.store, row)
    callbacks.emit(call.store, "subscription.created", answer)
    return answer


def chosen_plan(call: Call) -> Doc:
    plan = PLANS.get(call.text("plan") or "")
    if plan is None or plan["status"] != "available":
        raise unacceptable("The plan does not exist or is not available.", "plan")
    return plan


def chosen_user(call: Call) -> Doc:
    user = call.store.get(users.USER, call.text("user") or "")
    if user is None or user["status"] != "active":
        raise unacceptable("The user does not exist or is not active.", "user")
    return user


def chosen_sim(call: Call, plan: Doc, user: Doc) -> Doc | None:
    """`auto` takes a new eSIM from stock. Left out, the subscription waits without one: what really happens then is not documented."""
    wanted = call.text("sim")
    if wanted is None:
        return None
    if wanted == "auto":
        if behaviour(call.store)["out_of_stock"]:
            raise unacceptable("There is no eSIM in stock for this plan.", "sim", "simInventoryEmpty")
        return sims.allocate(call.store, plan["provider"], user["id"])
    sim = call.store.get(sims.SIM, wanted)
    if sim is None or not sims.visible(sim) or sim["provider"] != plan["provider"]:
        raise unacceptable("The SIM does not exist or does not fit the plan.", "sim")
    if call.store.find(SUBSCRIPTION, "sim", wanted):
        raise unacceptable("The SIM is used by another subscription.", "sim", "simAlreadyUsed")
    return sim


def shown(store: Store, row: Doc) -> Doc:
    """Plan, user and SIM are whole objects; the SIM is null as long as it has not shown itself."""
    sim = store.get(sims.SIM, row["sim"] or "")
    user = store.get(users.USER, row["user"]) or {}
    parts = {"plan": PLANS[row["plan"]], "sim": sims.shown(sim) if sim and sims.visible(sim) else None, "user": users.shown(user)}
    return dict(sorted({**row, **parts}.items(), key=lambda item: (item[0] not in ("object", "id", "metadata"), item[0])))


def held(call: Call, subscription_id: str) -> Doc:
    row = call.store.get(SUBSCRIPTION, subscription_id)
    if row is None:
        raise not_found("Subscription")
    return row


def read(call: Call, subscription_id: str) -> Doc:
    row = held(call, subscription_id)
    call.only()
    return shown(call.store, row)


def change(call: Call, subscription_id: str) -> Doc:
    row = held(call, subscription_id)
    call.properties((), ("metadata",))
    row["metadata"] = merged_metadata(row["metadata"], call)
    call.store.put(SUBSCRIPTION, subscription_id, row)
    return shown(call.store, row)


def end(call: Call, subscription_id: str) -> Doc:
    """At once, not at the end of the period; one that has ended stays as it is."""
    row = held(call, subscription_id)
    call.only()
    if row["status"] != "ended":
        now = stamp(clock.now())
        details = {"cause": "cancellationRequested", "userReason": None, "userComment": None}
        row |= {"status": "ended", "canceledAt": now, "endedAt": now, "cancellationDetails": details, "currentPeriod": None}
        call.store.put(SUBSCRIPTION, subscription_id, row)
    return shown(call.store, row)


def listed(call: Call) -> Doc:
    call.only("user", "plan", "sim", "status", *PAGING)
    statuses = call.words("status", STATUSES, ("pending", "active"))
    rows = call.store.find(SUBSCRIPTION, "user", call.query["user"]) if "user" in call.query else call.store.all(SUBSCRIPTION)
    filters = {name: call.query[name] for name in ("plan", "sim") if name in call.query}
    rows = [row for row in rows if row["status"] in statuses and all(row[name] == value for name, value in filters.items())]
    return page(call, rows[::-1], lambda row: shown(call.store, row))


def activate(store: Store, sim: Doc) -> None:
    """The profile is on a phone: the SIM and its pending subscription come alive, the first period begins."""
    store.put(sims.SIM, sim["id"], {**sim, "status": "active"})
    for row in store.find(SUBSCRIPTION, "sim", sim["id"]):
        if row["status"] == "pending":
            row |= begun(PLANS[row["plan"]])
            store.put(SUBSCRIPTION, row["id"], row)
            callbacks.emit(store, "subscription.activated", shown(store, row))


def begun(plan: Doc) -> Doc:
    now = clock.moment()
    end = now.timestamp() + 86400 * calendar.monthrange(now.year, now.month)[1]
    return {
        "status": "active",
        "activatedAt": stamp(now.timestamp()),
        "currentPeriod": {"number": 1, "start": stamp(now.timestamp()), "end": stamp(end)},
        "phoneNumber": fresh_phone_number() if plan["allowances"]["voiceSeconds"] else None,
    }
