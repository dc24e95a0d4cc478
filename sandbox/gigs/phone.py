"""The phone: a page that takes an activation code, downloads the profile, installs it, turns it on and off, deletes it."""

from flask import Blueprint, Flask, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox import clock
from sandbox.gigs import callbacks, sims, subscriptions
from sandbox.gigs.calls import stamp
from sandbox.store import Doc, Store

phone = Blueprint("phone", __name__)
# what a person does → the states in which it can be done, and the state it leads to
STEPS = {
    "install": (("released", "downloaded"), "installed"),
    "download": (("released",), "downloaded"),
    "on": (("installed", "disabled"), "enabled"),
    "off": (("enabled",), "disabled"),
    "delete": (("downloaded", "installed", "enabled", "disabled"), "deleted"),
}
LABELS = {
    "install": "Download and install",
    "download": "Start the download and break it off",
    "on": "Turn on",
    "off": "Turn off",
    "delete": "Delete the eSIM",
}
PROBLEMS = {
    "unknown": "No eSIM answers to this code.",
    "used": "This code is no longer valid.",
    "impossible": "The eSIM is not in a state for that.",
}
# the events that a step causes
REPORTS = {
    "install": ("downloaded", "updated"),
    "download": ("downloaded",),
    "on": ("enabled",),
    "off": ("disabled",),
    "delete": ("updated",),
}
LISTED = 100


def attach(app: Flask, store: Store) -> None:
    app.extensions["store"] = store
    app.register_blueprint(phone)


def the_store() -> Store:
    held: Store = current_app.extensions["store"]
    return held


@phone.get("/")
@phone.get("/phone")
def show() -> str:
    ready = the_store().scan(sims.SIM, lambda sim: bool(sim["code_from"] <= clock.now()))[: -LISTED - 1 : -1]
    rows = [{**sim, "steps": steps(sim)} for sim in ready]
    return render_template("phone.html", sims=rows, labels=LABELS, problems=PROBLEMS, problem=request.args.get("problem"))


def steps(sim: Doc) -> list[str]:
    return [step for step, (states, _) in STEPS.items() if sim["profile"] in states]


@phone.post("/phone")
def act() -> Response:
    """A scanned code (`code`) can only be downloaded; a SIM chosen from the list (`sim`) takes every step."""
    step, code = request.form.get("do", ""), request.form.get("code", "").strip()
    with the_store().write():
        sim = scanned(code) if code else the_store().get(sims.SIM, request.form.get("sim", ""))
        problem = trouble(sim, step, bool(code))
        if sim and not problem:
            move(the_store(), sim, step)
    return redirect(f"/phone?problem={problem}" if problem else "/phone")


def scanned(code: str) -> Doc | None:
    return next(iter(the_store().find(sims.SIM, "code", code)), None)


def trouble(sim: Doc | None, step: str, by_code: bool) -> str:
    """A code works once: after any download, whole or broken off, it is used up."""
    if sim is None or step not in STEPS:
        return "unknown"
    if by_code and sim["profile"] != "released":
        return "used"
    return "" if sim["profile"] in STEPS[step][0] else "impossible"


def move(store: Store, sim: Doc, step: str) -> None:
    before = sims.profile_shown(sim)
    sim = {**sim, "profile": STEPS[step][1], "profile_at": stamp(clock.now())}
    store.put(sims.SIM, sim["id"], sim)
    report(store, step, before, sims.profile_shown(sim))
    if sim["profile"] == "installed":
        subscriptions.activate(store, sim)


def report(store: Store, step: str, before: Doc, after: Doc) -> None:
    """Only some providers tell what becomes of a profile."""
    if after["sim"]["provider"] not in sims.REPORTING:
        return
    for name in REPORTS[step]:
        callbacks.emit(store, f"eSimProfile.{name}", after, {"status": before["status"]} if name == "updated" else None)
