"""What is left of a line's allowances: the plan's of this period first, then add-ons in the order in which they began."""

import hashlib

from sandbox.gigs import addons, plans, subscriptions, topups, usage
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid
from sandbox.store import Doc, Store

# the unit, the allowance, and the amount of a usage record
UNITS = (("bytes", "dataBytes", "data"), ("seconds", "voiceSeconds", "voice"), ("messages", "smsMessages", "sms"))


def of_line(call: Call, subscription_id: str) -> Doc:
    line = subscriptions.held(call, subscription_id)
    call.only(*PAGING)
    return page(call, balances(call.store, line))


def listed(call: Call) -> Doc:
    """The same under the other of the two paths that were seen."""
    call.only("subscription", *PAGING)
    line = call.store.get(subscriptions.SUBSCRIPTION, call.query.get("subscription", ""))
    if line is None:
        raise invalid("subscription must name one that exists", "subscription")
    return page(call, balances(call.store, line))


def balances(store: Store, line: Doc) -> list[Doc]:
    if line["currentPeriod"] is None:
        return []
    pots = [of_plan(store, line), *(of_topup(store, row) for row in topups.of(store, line["id"]) if row["status"] == "active")]
    number = line["currentPeriod"]["number"]
    rows = [row for row in usage.reported(store, line["id"]) if row["period"] == number]
    return [balance for unit in UNITS for balance in drawn(line, pots, unit, usage.summed(rows, unit[2]))]


def of_plan(store: Store, line: Doc) -> Doc:
    plan, now = plans.find(store, line["plan"]) or {}, line["currentPeriod"]
    source = {"type": "subscriptionPeriod", "subscriptionPeriod": now["number"], "subscriptionAddon": None}
    return {"allowances": plan["allowances"], "source": source, "period": now}


def of_topup(store: Store, row: Doc) -> Doc:
    source = {"type": "subscriptionAddon", "subscriptionPeriod": None, "subscriptionAddon": row["id"]}
    return {"allowances": (addons.find(store, row["addon"]) or {})["allowances"], "source": source, "period": row["currentPeriod"]}


def drawn(line: Doc, pots: list[Doc], unit: tuple[str, str, str], used: int) -> list[Doc]:
    """One balance for each source that has some of the unit; what no source covers is the last one's."""
    filled = [pot for pot in pots if pot["allowances"][unit[1]] != 0]
    made = []
    for pot in filled:
        limit = pot["allowances"][unit[1]]
        part = used if limit is None or pot is filled[-1] else min(used, limit)
        made.append(balance(line, pot, unit[0], part, limit))
        used -= part
    return made


def balance(line: Doc, pot: Doc, unit: str, used: int, limit: int | None) -> Doc:
    name = hashlib.sha256(f"{line['id']} {pot['source']} {unit}".encode()).hexdigest()[:20]
    left = None if limit is None else max(0, limit - used)
    percent = None if limit is None else min(100, used * 100 // limit)
    return {
        "object": "usageBalance",
        "id": f"ubl_{name}",
        "allowance": {"object": "allowance"},
        "limit": limit,
        "remaining": left,
        "remainingPercent": None if percent is None else 100 - percent,
        "source": pot["source"],
        "subscription": line["id"],
        "unit": unit,
        "usableFrom": pot["period"]["start"],
        "usableUntil": pot["period"]["end"],
        "used": used,
        "usedPercent": percent,
    }
