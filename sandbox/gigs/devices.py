"""Devices of users, and which SIMs are in them."""

from sandbox import clock
from sandbox.gigs import callbacks, device_models, metadata, sims, users
from sandbox.gigs.calls import PAGING, Call
from sandbox.gigs.moments import stamp
from sandbox.gigs.names import fresh_id
from sandbox.gigs.paging import page
from sandbox.gigs.refusals import invalid, not_found, taken, unacceptable
from sandbox.store import Doc, Store

DEVICE = "gigs_device"
EDITABLE = ("user", "sims", "name", "metadata")


def create(call: Call) -> Doc:
    call.only()
    call.properties((), ("imei", *EDITABLE))
    imei, user = checked_imei(call), call.text("user")
    if imei is None and user is None:
        raise invalid("Either imei or user is required", "imei")
    if imei and call.store.find(DEVICE, "imei", imei):
        raise taken("There is a device with this IMEI already.", "imei", "deviceImeiAlreadyExists")
    owner = users.named(call)["id"] if user is not None else None
    row: Doc = {
        "object": "device",
        "id": fresh_id(call.store, "dev"),
        "metadata": metadata.merged({}, call),
        "createdAt": stamp(clock.now()),
        "imei": imei,
        "model": device_models.by_imei(imei)["id"] if imei else "dm_one",
        "name": call.text("name"),
        "sims": [free_sim(call, each, owner, "") for each in call.texts("sims")],
        "user": owner,
    }
    call.store.put(DEVICE, row["id"], row)
    return shown(call.store, row)


def checked_imei(call: Call) -> str | None:
    imei = call.text("imei")
    if imei is not None and not device_models.IMEI.fullmatch(imei):
        raise invalid("imei must have 15 or 16 digits", "imei")
    return imei


def free_sim(call: Call, wanted: str, user_id: str | None, device_id: str) -> str:
    """A SIM is in one device at most."""
    if wanted in sims.PLACEHOLDERS:
        return str(sims.allocate(call.store, "test", user_id, sims.PLACEHOLDERS[wanted])["id"])
    if not sims.visible(call.store.get(sims.SIM, wanted)):
        raise unacceptable("The SIM does not exist.", "sims")
    if any(wanted in row["sims"] and row["id"] != device_id for row in call.store.all(DEVICE)):
        raise taken("The SIM is in another device.", "sims", "deviceSimAlreadyUsed")
    return wanted


def insert(call: Call, device_id: str | None, sim: Doc | None) -> None:
    """A new subscription's SIM goes into the device that was named with it."""
    row = call.store.get(DEVICE, device_id or "")
    if row and sim and sim["id"] not in row["sims"]:
        row["sims"].append(sim["id"])
        call.store.put(DEVICE, row["id"], row)


def shown(store: Store, row: Doc) -> Doc:
    owner = store.get(users.USER, row["user"] or "")
    parts = {
        "model": device_models.MODELS[row["model"]],
        "sims": [sim for sim in (sims.seen(store, each) for each in row["sims"]) if sim],
        "user": users.shown(owner) if owner else None,
    }
    return {**row, **parts}


def held(call: Call, device_id: str) -> Doc:
    row = call.store.get(DEVICE, device_id)
    if row is None:
        raise not_found("Device")
    return row


def read(call: Call, device_id: str) -> Doc:
    row = held(call, device_id)
    call.only()
    return shown(call.store, row)


def change(call: Call, device_id: str) -> Doc:
    row = held(call, device_id)
    call.only()
    call.properties((), EDITABLE)
    before = shown(call.store, row)
    if "user" in call.body:
        row["user"] = users.named(call)["id"]
    if "name" in call.body:
        row["name"] = call.text("name")
    if "sims" in call.body:
        row["sims"] = [free_sim(call, each, row["user"], device_id) for each in call.texts("sims")]
    row["metadata"] = metadata.merged(row["metadata"], call)
    call.store.put(DEVICE, device_id, row)
    answer = shown(call.store, row)
    callbacks.emit(call.store, "device.updated", answer, {name: value for name, value in before.items() if answer[name] != value})
    return answer


def remove(call: Call, device_id: str) -> Doc:
    row = held(call, device_id)
    call.only()
    call.properties()
    call.store.drop(DEVICE, device_id)
    return shown(call.store, row)


def listed(call: Call) -> Doc:
    call.only("sim", "user", *PAGING)
    sim, user = call.query.get("sim"), call.query.get("user")
    rows = call.store.scan(DEVICE, lambda row: user in (None, row["user"]) and (sim is None or sim in row["sims"]))
    return page(call, rows[::-1], lambda row: shown(call.store, row))


def search(call: Call) -> Doc:
    call.only(*PAGING)
    call.properties(("imei",))
    return page(call, call.store.find(DEVICE, "imei", checked_imei(call))[::-1], lambda row: shown(call.store, row))
