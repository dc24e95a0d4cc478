"""SIMs, their activation codes and the state of the profile behind each code."""

import re

from sandbox import clock
from sandbox.chance import unused
from sandbox.gigs import metadata
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import FILES, fresh_code, fresh_iccid, fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.plans import PROVIDERS
from sandbox.gigs.refusals import invalid, not_found, unacceptable
from sandbox.store import Doc, Store

SIM = "gigs_sim"
STATUSES = ("inactive", "active", "retired")
TYPES = ("eSIM", "pSIM")
REPORTING = ("p3", "p14", "p15")
REPORTED = ("installed", "enabled", "disabled", "deleted")
ICCID = re.compile(r"[0-9]{19}[Ff]?|[0-9]{20}")
SHOWN = ("object", "id", "metadata", "createdAt", "iccid", "provider", "status", "type")
INSTALL = "https://esimsetup.{}.com/esim_qrcode_provisioning?carddata={}"
# words that stand for a new SIM in a test project; the name of the one for an eSIM is a guess
PLACEHOLDERS = {"sim_test_psim": "pSIM", "sim_test_esim": "eSIM"}


def allocate(store: Store, provider: str, user_id: str | None, kind: str = "eSIM") -> Doc:
    """A new SIM. With delays switched on it exists at once but shows itself, and then its code, only later."""
    delays, now = behaviour(store), clock.now()
    visible = now + delays["sim_delay_ms"] / 1000
    sim: Doc = {
        "object": "sim",
        "id": fresh_id(store, "sim"),
        "metadata": {},
        "createdAt": stamp(visible),
        "iccid": unused(lambda: fresh_iccid(store, provider), lambda iccid: store.find(SIM, "iccid", iccid)),
        "provider": provider,
        "status": "inactive",
        "type": kind,
        "user": user_id,
        "code": fresh_code(store) if kind == "eSIM" else None,
        "picture": fresh_id(store, "qr"),
        "visible_from": visible,
        "code_from": visible + delays["credentials_delay_ms"] / 1000,
        "profile": "released" if kind == "eSIM" else "boxed",
        "profile_at": stamp(now),
    }
    store.put(SIM, sim["id"], sim)
    return sim


def shown(sim: Doc) -> Doc:
    return {name: sim[name] for name in SHOWN}


def seen(store: Store, sim_id: str | None) -> Doc | None:
    """As it is embedded in other objects: null as long as it has not shown itself."""
    sim = store.get(SIM, sim_id or "")
    return shown(sim) if sim and visible(sim) else None


def visible(sim: Doc | None) -> bool:
    return sim is not None and sim["visible_from"] <= clock.now()


def held(call: Call, sim_id: str) -> Doc:
    sim = call.store.get(SIM, sim_id)
    if sim is None or not visible(sim):
        raise not_found("SIM")
    return sim


def named(call: Call, wanted: str, provider: str, user_id: str | None) -> Doc:
    """The SIM that a body asks for, which may be a placeholder for a new one."""
    if wanted in PLACEHOLDERS:
        return allocate(call.store, provider, user_id, PLACEHOLDERS[wanted])
    sim = call.store.get(SIM, wanted)
    if sim is None or not visible(sim) or sim["provider"] != provider or sim["status"] == "retired":
        raise unacceptable("The SIM does not exist or does not fit.", "sim")
    return sim


def read(call: Call, sim_id: str) -> Doc:
    sim = held(call, sim_id)
    call.only()
    return shown(sim)


def change(call: Call, sim_id: str) -> Doc:
    sim = held(call, sim_id)
    call.only()
    call.properties((), ("metadata",))
    sim["metadata"] = metadata.merged(sim["metadata"], call)
    call.store.put(SIM, sim_id, sim)
    return shown(sim)


def listed(call: Call) -> Doc:
    call.only("provider", "status", "type", "user", *PAGING)
    wanted = {
        "provider": call.words("provider", PROVIDERS, PROVIDERS),
        "status": call.words("status", STATUSES, STATUSES),
        "type": call.words("type", TYPES, TYPES),
    }
    rows = call.store.find(SIM, "user", call.query["user"]) if "user" in call.query else call.store.all(SIM)
    rows = [row for row in rows if visible(row) and all(row[name] in words for name, words in wanted.items())]
    return page(call, rows[::-1], shown)


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("iccid",), ("type",))
    iccid, kind = call.text("iccid") or "", call.word("type", TYPES, "")
    if iccid in PLACEHOLDERS:
        return page(call, [allocate(call.store, "test", None, PLACEHOLDERS[iccid])], shown)
    if not ICCID.fullmatch(iccid):
        raise invalid("iccid has a wrong form", "iccid")
    rows = [row for row in call.store.find(SIM, "iccid", iccid.rstrip("Ff")) if visible(row)]
    return page(call, [row for row in rows if kind in ("", row["type"])], shown)


def credentials(call: Call, sim_id: str) -> Doc:
    """Everything is null until the code is there, and always for a SIM of plastic."""
    sim = held(call, sim_id)
    call.only()
    ready = sim["code"] is not None and sim["code_from"] <= clock.now()
    if sim["code"] and not ready and behaviour(call.store)["credentials_before"] == "not_found":
        raise not_found("SIM credentials")
    return {
        "object": "simCredentials",
        "sim": sim_id,
        "activationCode": sim["code"] if ready else None,
        "androidInstallUrl": INSTALL.format("android", sim["code"]) if ready else None,
        "iosInstallUrl": INSTALL.format("apple", sim["code"]) if ready else None,
        "qrCodeUrl": f"{FILES}/{sim['picture']}.png" if ready else None,
    }


def profile(call: Call, sim_id: str) -> Doc:
    """`unknown` from providers that do not report, and before a profile is on a phone."""
    sim = held(call, sim_id)
    if sim["type"] == "pSIM":
        raise not_found("eSIM profile")
    call.only()
    return profile_shown(call.store, sim)


def reporting(store: Store) -> tuple[str, ...]:
    """The providers that tell of profiles."""
    return (*REPORTING, *(["test"] if behaviour(store)["test_profile"] == "reported" else []))


def profile_shown(store: Store, sim: Doc) -> Doc:
    reports = sim["provider"] in reporting(store) and sim["profile"] in REPORTED
    return {
        "object": "eSimProfile",
        "sim": shown(sim),
        "status": sim["profile"] if reports else "unknown",
        "updatedAt": sim["profile_at"] if reports else sim["createdAt"],
    }
