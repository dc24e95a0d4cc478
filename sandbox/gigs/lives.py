"""The life of a subscription after its order: paid, active, renewed, restricted, cancelled, resumed, ended."""

from typing import Any

from sandbox import clock
from sandbox.chance import unused
from sandbox.gigs import callbacks, diary, plans, sims, topups, users
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import Call
from sandbox.gigs.moments import later, period, seconds, stamp
from sandbox.gigs.names import fresh_phone_number
from sandbox.gigs.refusals import unacceptable
from sandbox.gigs.subscriptions import ALIVE, SUBSCRIPTION, held, shown, told
from sandbox.store import Doc, Store

ACTIVATION, PERIOD_END = "activation", "period end"


def keep(store: Store, row: Doc) -> None:
    store.put(SUBSCRIPTION, row["id"], row)


def plan_of(store: Store, row: Doc) -> Doc:
    plan = plans.find(store, row["plan"])
    assert plan is not None  # noqa: S101 - a plan is never removed
    return plan


# -- becoming active


def on_a_phone(store: Store, sim: Doc) -> None:
    """The profile is on a phone, or the card in it: the SIM comes alive, and soon its subscription."""
    store.put(sims.SIM, sim["id"], {**sim, "status": "active"})
    switches = behaviour(store)
    for row in store.find(SUBSCRIPTION, "sim", sim["id"]):
        if row["status"] == "pending" and not switches["never_activates"]:
            diary.note(store, ACTIVATION, row["id"], clock.now() + switches["activation_delay_ms"] / 1000)


def pay(store: Store, row: Doc) -> None:
    """The first invoice is paid; a SIM that is on a phone already makes it active."""
    row["status"] = "pending"
    keep(store, row)
    sim = store.get(sims.SIM, row["sim"] or "")
    if sim and sim["status"] == "active":
        on_a_phone(store, sim)


def activate(store: Store, key: str, at: float) -> None:
    row = store.get(SUBSCRIPTION, key)
    if row is None or row["status"] != "pending":
        return
    plan = plan_of(store, row)
    row |= {"status": "active", "activatedAt": stamp(at), "earliestEndAt": earliest_end(plan, at)}
    row["phoneNumber"] = new_number(store) if plan["allowances"]["voiceSeconds"] else None
    begin(store, row, 1, at)
    told(store, "activated", row)


def new_number(store: Store) -> str:
    return unused(lambda: fresh_phone_number(store), lambda number: store.find(SUBSCRIPTION, "phoneNumber", number))


def earliest_end(plan: Doc, at: float) -> str | None:
    least = plan["validity"]["minimumPeriods"]
    return stamp(later(at, {**plan["validity"], "value": plan["validity"]["value"] * least})) if least > 1 else None


def begin(store: Store, row: Doc, number: int, at: float) -> None:
    row["currentPeriod"] = period(number, at, plan_of(store, row)["validity"])
    row["periods"] = [*row.get("periods", []), row["currentPeriod"]]
    keep(store, row)
    diary.note(store, PERIOD_END, row["id"], seconds(row["currentPeriod"]["end"]))


# -- the end of a period


def turn(store: Store, key: str, at: float) -> None:
    """One that was cancelled, or whose plan lasts once, ends; the others are renewed."""
    row = store.get(SUBSCRIPTION, key)
    if row is None or row["status"] not in ALIVE:
        return
    if row["endedAt"] and seconds(row["endedAt"]) <= at:
        finish(store, row, at, row["cancellationDetails"])
    elif plan_of(store, row)["validity"]["type"] == "oneTime":
        finish(store, row, at, None)
    else:
        begin(store, row, row["currentPeriod"]["number"] + 1, at)
        told(store, "renewed", row)


def finish(store: Store, row: Doc, at: float, details: Doc | None) -> None:
    row |= {"status": "ended", "endedAt": stamp(at), "cancellationDetails": details, "currentPeriod": None}
    keep(store, row)
    for deed in (ACTIVATION, PERIOD_END):
        diary.forget(store, deed, row["id"])
    topups.end_all(store, row["id"], at)
    callbacks.emit_unseen(store, "subscription.ended", shown(store, row))


def details(cause: str) -> Doc:
    return {"cause": cause, "userReason": None, "userComment": None}


# -- what the project asks for


def end(call: Call, subscription_id: str) -> Doc:
    """At once, not at the end of the period; one that has ended stays as it is."""
    row = held(call, subscription_id)
    call.only()
    call.properties()
    if row["status"] != "ended":
        end_now(call.store, row, "cancellationRequested")
    return shown(call.store, row)


def end_now(store: Store, row: Doc, cause: str) -> None:
    row["canceledAt"] = row["canceledAt"] or stamp(clock.now())
    finish(store, row, clock.now(), details(cause))


def cancel(call: Call, subscription_id: str) -> Doc:
    """At the end of the period, or of the shortest time that the plan lasts; one that never began ends at once."""
    row = held(call, subscription_id)
    call.only()
    call.properties()
    if row["status"] == "ended":
        raise unacceptable("The subscription has ended.")
    if row["canceledAt"]:
        return shown(call.store, row)
    if row["currentPeriod"] is None:
        end_now(call.store, row, "cancellationRequested")
        return told(call.store, "canceled", row)
    last = max(row["currentPeriod"]["end"], row["earliestEndAt"] or "")
    row |= {"canceledAt": stamp(clock.now()), "endedAt": last, "cancellationDetails": details("cancellationRequested")}
    keep(call.store, row)
    return told(call.store, "canceled", row)


def resume(call: Call, subscription_id: str) -> Doc:
    """Takes a cancellation back as long as it has not come."""
    row = held(call, subscription_id)
    call.only()
    call.properties()
    if row["status"] == "ended" or not row["canceledAt"]:
        raise unacceptable("The subscription is not about to end.")
    row |= dict.fromkeys(("canceledAt", "endedAt", "cancellationDetails"))
    keep(call.store, row)
    return told(call.store, "resumed", row)


def remove_user(call: Call, user_id: str) -> Doc:
    """A user's subscriptions end with the user."""
    user = users.held(call, user_id)
    call.only()
    call.properties()
    for row in call.store.find(SUBSCRIPTION, "user", user_id):
        if row["status"] != "ended":
            end_now(call.store, row, "userDeleted")
    return users.retire(call, user)


def restrict(store: Store, row: Doc, restricted: Any) -> bool:
    """The provider limits the service, or lifts that; no project can ask for it."""
    wanted = "restricted" if restricted else "active"
    if row["status"] not in ALIVE:
        return False
    row["status"] = wanted
    keep(store, row)
    return True
