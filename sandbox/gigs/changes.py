"""Subscription changes: another SIM for a line (a reissue), or another plan."""

from sandbox import clock
from sandbox.gigs import callbacks, diary, plans, sims
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import seconds, stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found, unacceptable
from sandbox.gigs.subscriptions import ALIVE, SUBSCRIPTION, available, chosen_sim, named_active
from sandbox.store import Doc, Store

CHANGE = "gigs_change"
# in the order of names it comes before the end of a period at the same moment, so that the next one has the new plan
APPLYING = "change"
STATUSES = ("pending", "initiated", "applied", "failed", "deleted")
OPEN = ("pending", "initiated")
WHEN = ("now", "renewal")
# whose lines take a new plan in the middle of a period
AT_ONCE = ("test", "p3")


def create(call: Call) -> Doc:
    call.only()
    call.properties(("subscription",), ("sim", "plan", "when"))
    wanted = {"plan": call.text("plan"), "sim": call.text("sim")}
    if wanted == {"plan": None, "sim": None}:
        raise invalid("Either sim or plan is required", "sim")
    when = call.word("when", WHEN, "now" if wanted["sim"] else "renewal")
    row = named_active(call)
    if any(each["status"] in OPEN for each in call.store.find(CHANGE, "subscription", row["id"])):
        raise unacceptable("Another change of this subscription is pending.", "subscription")
    check_plan(call, row, when)
    made: Doc = {
        "object": "subscriptionChange",
        "id": fresh_id(call.store, "sch"),
        "appliedAt": None,
        "createdAt": stamp(clock.now()),
        "failureCode": None,
        "plan": wanted["plan"],
        "requestedChange": {**wanted, "when": when},
        "scheduledAt": row["currentPeriod"]["end"] if when == "renewal" else None,
        "sim": new_sim(call, row, when),
        "status": "initiated" if behaviour(call.store)["billing"] else "pending",
        "subscription": row["id"],
        "user": row["user"],
    }
    call.store.put(CHANGE, made["id"], made)
    if made["status"] == "pending":
        schedule(call.store, made)
    return told(call.store, "created", made)


def check_plan(call: Call, row: Doc, when: str) -> None:
    """Only between plans of one provider and kind; in the middle of a period only with some, and to no less than before."""
    if call.text("plan") is None:
        return
    old, new = plans.find(call.store, row["plan"]) or {}, available(call)
    if new["provider"] != old["provider"]:
        raise unacceptable("The plan is of another provider.", "plan", "subscriptionChangeProviderMismatch")
    if new["validity"]["type"] != old["validity"]["type"]:
        raise unacceptable("The plan has another kind of validity.", "plan")
    if when == "renewal":
        return
    if new["provider"] not in AT_ONCE:
        raise unacceptable("This provider changes plans at the renewal only.", "when", "subscriptionChangeProviderTransitionNotSupported")
    if new["validity"] != old["validity"]:
        raise unacceptable("Another period is only possible at the renewal.", "when")
    if new["allowances"]["dataBytes"] < old["allowances"]["dataBytes"]:
        raise unacceptable("A smaller plan is only possible at the renewal.", "when", "subscriptionChangeAllowanceDecrease")


def new_sim(call: Call, row: Doc, when: str) -> str | None:
    if call.text("sim") is None:
        return None
    if when != "now":
        raise unacceptable("A SIM can only be changed now.", "when")
    plan = plans.find(call.store, row["plan"]) or {}
    sim = chosen_sim(call, plan, {"id": row["user"]})
    return sim["id"] if sim else None


def schedule(store: Store, row: Doc) -> None:
    at = seconds(row["scheduledAt"]) if row["scheduledAt"] else clock.now() + behaviour(store)["change_delay_ms"] / 1000
    diary.note(store, APPLYING, row["id"], at)


def pay(store: Store, row: Doc) -> None:
    row["status"] = "pending"
    store.put(CHANGE, row["id"], row)
    schedule(store, row)


def apply(store: Store, key: str, at: float) -> None:
    row, outcome = store.get(CHANGE, key), behaviour(store)["change_outcome"]
    if row is None or row["status"] != "pending" or outcome == "waits":
        return
    if outcome == "applied":
        carry_out(store, row, at)
    else:
        fail(store, row, outcome)


def carry_out(store: Store, row: Doc, at: float) -> None:
    """Also when a consent that was waited for has come."""
    line = store.get(SUBSCRIPTION, row["subscription"]) or {}
    if line["status"] not in ALIVE:
        fail(store, row, "unknown")
        return
    if row["plan"]:
        line["plan"] = row["plan"]
    if row["sim"]:
        swap(store, line, row["sim"])
    store.put(SUBSCRIPTION, line["id"], line)
    row |= {"status": "applied", "appliedAt": stamp(at)}
    store.put(CHANGE, row["id"], row)
    told(store, "applied", row)


def swap(store: Store, line: Doc, sim_id: str) -> None:
    old = store.get(sims.SIM, line["sim"] or "")
    if old:
        store.put(sims.SIM, old["id"], {**old, "status": behaviour(store)["old_sim_status"]})
    line["sim"] = sim_id


def fail(store: Store, row: Doc, code: str) -> None:
    row |= {"status": "failed", "failureCode": code}
    store.put(CHANGE, row["id"], row)
    callbacks.emit(store, "subscriptionChange.updated", shown(store, row), {"status": "pending", "failureCode": None})
    callbacks.emit_unseen(store, "subscriptionChange.failed", shown(store, row))


def shown(store: Store, row: Doc) -> Doc:
    plan = plans.find(store, row["plan"]) if row["plan"] else None
    asked = {**row["requestedChange"]}
    if asked["sim"] and behaviour(store)["requested_sim"] == "allocated":
        asked["sim"] = row["sim"]
    fields = {name: value for name, value in row.items() if name != "user"}
    return {**fields, "plan": plan, "sim": sims.seen(store, row["sim"]), "requestedChange": asked}


def told(store: Store, event: str, row: Doc) -> Doc:
    answer = shown(store, row)
    callbacks.emit(store, f"subscriptionChange.{event}", answer)
    return answer


def held(call: Call, change_id: str) -> Doc:
    row = call.store.get(CHANGE, change_id)
    if row is None:
        raise not_found("Subscription change")
    return row


def read(call: Call, change_id: str) -> Doc:
    row = held(call, change_id)
    call.only()
    return shown(call.store, row)


def remove(call: Call, change_id: str) -> Doc:
    row = held(call, change_id)
    call.only()
    call.properties()
    if row["status"] not in (*OPEN, "deleted"):
        raise unacceptable(f"The change is {row['status']} already.")
    if row["status"] == "deleted":
        return shown(call.store, row)
    row["status"] = "deleted"
    call.store.put(CHANGE, change_id, row)
    diary.forget(call.store, APPLYING, change_id)
    return told(call.store, "deleted", row)


def listed(call: Call) -> Doc:
    call.only("subscription", "user", "status", *PAGING)
    statuses, wanted = call.words("status", STATUSES, STATUSES), call.filters("subscription", "user")
    rows = call.store.find(CHANGE, "subscription", wanted["subscription"]) if "subscription" in wanted else call.store.all(CHANGE)
    rows = [row for row in rows if row["status"] in statuses and all(row[name] == value for name, value in wanted.items())]
    return page(call, rows[::-1], lambda row: shown(call.store, row))
