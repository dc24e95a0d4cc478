"""The phone: a page that takes an activation code, downloads the profile, installs it, turns it on and off, uses data, deletes it."""

from flask import Blueprint, Flask, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox import clock
from sandbox.gigs import callbacks, lives, sims, usage
from sandbox.gigs.diary import Diary
from sandbox.gigs.moments import stamp
from sandbox.gigs.subscriptions import ALIVE, SUBSCRIPTION
from sandbox.store import Doc, Store

phone = Blueprint("phone", __name__)
# what a person does → the states in which it can be done, and the state it leads to
STEPS = {
    "install": (("released", "downloaded"), "installed"),
    "download": (("released",), "downloaded"),
    "insert": (("boxed",), "inserted"),
    "on": (("installed", "disabled"), "enabled"),
    "off": (("enabled",), "disabled"),
    "delete": (("downloaded", "installed", "enabled", "disabled"), "deleted"),
}
LABELS = {
    "install": "Download and install",
    "download": "Start the download and break it off",
    "insert": "Put the card in",
    "on": "Turn on",
    "off": "Turn off",
    "delete": "Delete the eSIM",
}
PROBLEMS = {
    "unknown": "No eSIM answers to this code.",
    "used": "This code is no longer valid.",
    "impossible": "The eSIM is not in a state for that.",
    "offline": "The SIM is off, or its line is not active.",
    "amount": "Data are a whole number of megabytes from 1 to 1000000, a country is two capital letters.",
}
# the events that a step causes
REPORTS = {
    "install": ("downloaded", "updated"),
    "download": ("downloaded",),
    "insert": (),
    "on": ("enabled",),
    "off": ("disabled",),
    "delete": ("updated",),
}
ONLINE = ("installed", "enabled", "inserted")
LISTED, MEGABYTE, MOST = 100, 1_000_000, 1_000_000


def attach(app: Flask, store: Store, diary: Diary) -> None:
    app.extensions["store"], app.extensions["diary"] = store, diary
    app.register_blueprint(phone)


def the_store() -> Store:
    held: Store = current_app.extensions["store"]
    return held


@phone.get("/")
@phone.get("/phone")
def show() -> str:
    ready = the_store().scan(sims.SIM, lambda sim: bool(sim["code_from"] <= clock.now()))[: -LISTED - 1 : -1]
    rows = [{**sim, "steps": steps(sim), "online": sim["profile"] in ONLINE} for sim in ready]
    return render_template("phone.html", sims=rows, labels=LABELS, problems=PROBLEMS, problem=request.args.get("problem"))


def steps(sim: Doc) -> list[str]:
    return [step for step, (states, _) in STEPS.items() if sim["profile"] in states]


@phone.post("/phone")
def act() -> Response:
    """A scanned code (`code`) can only be downloaded; a SIM chosen from the list (`sim`) takes every step."""
    step, code = request.form.get("do", ""), request.form.get("code", "").strip()
    with the_store().write():
        sim = scanned(code) if code else the_store().get(sims.SIM, request.form.get("sim", ""))
        problem = burn(sim) if step == "burn" else trouble(sim, step, bool(code))
        if sim and not problem and step != "burn":
            move(the_store(), sim, step)
    current_app.extensions["diary"].catch_up()
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
    before = sims.profile_shown(store, sim)
    sim = {**sim, "profile": STEPS[step][1], "profile_at": stamp(clock.now())}
    store.put(sims.SIM, sim["id"], sim)
    report(store, step, before, sims.profile_shown(store, sim))
    if sim["profile"] in ("installed", "inserted") and sim["status"] != "retired":
        lives.on_a_phone(store, sim)


def report(store: Store, step: str, before: Doc, after: Doc) -> None:
    """Only some providers tell what becomes of a profile."""
    if after["sim"]["provider"] not in sims.reporting(store):
        return
    for name in REPORTS[step]:
        callbacks.emit(store, f"eSimProfile.{name}", after, {"status": before["status"]} if name == "updated" else None)


def burn(sim: Doc | None) -> str:
    """Uses data on the line of this SIM; answers what was in the way."""
    amount, country = request.form.get("megabytes", "").strip(), request.form.get("country", "").strip() or usage.HOME
    if not (amount.isascii() and amount.isdecimal() and len(amount) < 8 and 1 <= int(amount) <= MOST and usage.COUNTRY.fullmatch(country)):
        return "amount"
    rows = the_store().find(SUBSCRIPTION, "sim", sim["id"]) if sim and sim["profile"] in ONLINE else []
    line = next((row for row in rows if row["status"] in ALIVE), None)
    if line is None:
        return "offline"
    usage.burn(the_store(), line, {"data": int(amount) * MEGABYTE, "voice": 0, "sms": 0}, country)
    return ""
