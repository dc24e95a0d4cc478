"""Add-ons of subscriptions: bought as often as wanted, active for their time, used up in the order in which they came."""

from sandbox import clock
from sandbox.gigs import addons, callbacks, diary
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import period, seconds, stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import not_found, unacceptable
from sandbox.gigs.subscriptions import named_active
from sandbox.store import Doc, Store

TOPUP = "gigs_topup"
START, END = "add-on start", "add-on end"
STATUSES = ("pending", "initiated", "active", "ended")


def create(call: Call) -> Doc:
    call.only()
    call.properties(("addon", "subscription"))
    switches = behaviour(call.store)
    addon, line = wanted(call, switches)
    row: Doc = {
        "object": "subscriptionAddon",
        "id": fresh_id(call.store, "sad"),
        "activatedAt": None,
        "addon": addon["id"],
        "billing": None,
        "canceledAt": None,
        "createdAt": stamp(clock.now()),
        "currentPeriod": None,
        "endedAt": None,
        "status": "initiated" if switches["billing"] else "pending",
        "subscription": line["id"],
        "user": line["user"],
    }
    call.store.put(TOPUP, row["id"], row)
    if row["status"] == "pending":
        schedule(call.store, row)
    answer = shown(call.store, row)
    callbacks.emit(call.store, "subscriptionAddon.created", answer)
    return answer


def wanted(call: Call, switches: Doc) -> tuple[Doc, Doc]:
    """The add-on and the line that a body names, which must go together."""
    line = named_active(call, ("active", "pending") if switches["topup_while_pending"] else ("active",))
    addon = addons.find(call.store, call.text("addon") or "")
    if addon is None or addon["status"] != "available":
        raise unacceptable("The add-on does not exist or is not available.", "addon")
    if line["plan"] not in addon["plans"]:
        raise unacceptable("The add-on does not fit the plan.", "addon")
    if not switches["same_addon_twice"] and running(call.store, line, addon):
        raise unacceptable("The line has this add-on already.", "addon")
    return addon, line


def running(store: Store, line: Doc, addon: Doc) -> bool:
    """Whether the line has this add-on, not ended."""
    return any(row["addon"] == addon["id"] and row["status"] != "ended" for row in store.find(TOPUP, "subscription", line["id"]))


def addon_of(store: Store, row: Doc) -> Doc:
    return addons.find(store, row["addon"]) or {}


def schedule(store: Store, row: Doc) -> None:
    """One that waits for its first use is started by that."""
    if addon_of(store, row)["activationTrigger"] == "creation":
        diary.note(store, START, row["id"], clock.now() + behaviour(store)["addon_delay_ms"] / 1000)


def pay(store: Store, row: Doc) -> None:
    row["status"] = "pending"
    store.put(TOPUP, row["id"], row)
    schedule(store, row)


def start(store: Store, key: str, at: float) -> None:
    row = store.get(TOPUP, key)
    if row is None or row["status"] != "pending":
        return
    row |= {"status": "active", "activatedAt": stamp(at), "currentPeriod": period(1, at, addon_of(store, row)["validity"])}
    store.put(TOPUP, key, row)
    diary.note(store, END, key, seconds(row["currentPeriod"]["end"]))
    callbacks.emit_unseen(store, "subscriptionAddon.activated", shown(store, row))


def used(store: Store, subscription_id: str) -> None:
    """The line was used: what waited for that begins."""
    for row in of(store, subscription_id):
        if row["status"] == "pending" and addon_of(store, row)["activationTrigger"] != "creation":
            start(store, row["id"], clock.now())


def stop(store: Store, key: str, at: float) -> None:
    row = store.get(TOPUP, key)
    if row is None or row["status"] == "ended":
        return
    row |= {"status": "ended", "endedAt": stamp(at), "currentPeriod": None}
    store.put(TOPUP, key, row)
    for deed in (START, END):
        diary.forget(store, deed, key)
    callbacks.emit_unseen(store, "subscriptionAddon.ended", shown(store, row))


def of(store: Store, subscription_id: str) -> list[Doc]:
    """Oldest first."""
    return store.find(TOPUP, "subscription", subscription_id)


def end_all(store: Store, subscription_id: str, at: float) -> None:
    for row in of(store, subscription_id):
        stop(store, row["id"], at)


def shown(store: Store, row: Doc) -> Doc:
    return {**row, "addon": addon_of(store, row)}


def held(call: Call, topup_id: str) -> Doc:
    row = call.store.get(TOPUP, topup_id)
    if row is None:
        raise not_found("Subscription add-on")
    return row


def read(call: Call, topup_id: str) -> Doc:
    row = held(call, topup_id)
    call.only()
    return shown(call.store, row)


def remove(call: Call, topup_id: str) -> Doc:
    """Ends it at once; one that has ended stays as it is."""
    row = held(call, topup_id)
    call.only()
    call.properties()
    if row["status"] != "ended":
        row["canceledAt"] = stamp(clock.now())
        call.store.put(TOPUP, topup_id, row)
        stop(call.store, topup_id, clock.now())
    return shown(call.store, held(call, topup_id))


def listed(call: Call) -> Doc:
    call.only("addon", "subscription", "user", "status", *PAGING)
    statuses, wanted = call.words("status", STATUSES, STATUSES), call.filters("addon", "subscription", "user")
    rows = of(call.store, wanted["subscription"]) if "subscription" in wanted else call.store.all(TOPUP)
    rows = [row for row in rows if row["status"] in statuses and all(row[name] == value for name, value in wanted.items())]
    return page(call, rows[::-1], lambda row: shown(call.store, row))
