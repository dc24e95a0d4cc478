"""The sandbox's mobile provider over its wire: access, strictness, users, activation, replays, and the phone."""

import re
import time
from typing import Any

import pytest
import requests

from tests.sandbox.provider import Gigs
from tests.support.sandbox import Running

SILENT, REPORTING = "pln_jp05", "pln_jp20v"


def test_it_refuses_strangers_before_anything_else(gigs: Gigs) -> None:
    for path in ("users?unknown=1", "nowhere"):
        answer = requests.get(f"{gigs.url}/{path}", headers={"Authorization": "Bearer wrong"}, timeout=10)
        assert answer.status_code == 401
        assert (answer.json()["type"], answer.json()["message"]) == ("unauthenticated", "Invalid authorization token")
    answer = requests.get(f"{gigs.root}/projects/other/users", headers=gigs.key, timeout=10)
    assert (answer.status_code, answer.json()["type"]) == (404, "notFound")


@pytest.mark.parametrize(
    "query", [{"colour": "red"}, {"user": ""}, {"status": "dead"}, {"limit": "201"}, {"limit": "ten"}, {"after": "sub_x"}]
)
def test_it_refuses_queries_that_it_does_not_know(gigs: Gigs, query: dict[str, str]) -> None:
    answer = gigs.call("GET", "subscriptions", **query)
    assert (answer.status_code, answer.json()["object"], answer.json()["type"]) == (400, "error", "invalid")


def test_it_refuses_bodies_that_it_does_not_know(gigs: Gigs) -> None:
    for body in ({}, {"email": "nobody"}, {"email": 7}, {"email": "a@example.com", "name": "A"}):
        assert gigs.call("POST", "users", body).status_code == 400
    raw = requests.post(f"{gigs.url}/users", data="{", headers={**gigs.key, "Content-Type": "application/json"}, timeout=10)
    assert (raw.status_code, raw.json()["type"]) == (400, "malformed")
    assert gigs.call("DELETE", "users").status_code == 405


def test_it_has_one_user_per_email(gigs: Gigs) -> None:
    user = gigs.post("users", {"email": "Ada@example.com", "metadata": {"portal_customer": "c-1"}})
    assert (user["status"], user["fullName"], user["metadata"]) == ("active", None, {"portal_customer": "c-1"})
    again = gigs.call("POST", "users", {"email": "ada@EXAMPLE.com"})
    assert (again.status_code, again.json()["code"]) == (422, "userAlreadyExists")
    found = gigs.post("users/search", {"email": "ada@example.com"}, status=200)
    assert (found["object"], [row["id"] for row in found["items"]]) == ("list", [user["id"]])
    assert gigs.post("users/search", {"email": "stranger@example.com"}, status=200)["items"] == []
    changed = gigs.call("PATCH", f"users/{user['id']}", {"fullName": "Ada", "metadata": {"portal_customer": None, "more": ""}}).json()
    assert (changed["fullName"], changed["metadata"]) == ("Ada", {"more": ""})
    assert gigs.get(f"users/{user['id']}") == changed
    assert gigs.call("GET", "users/usr_nobody").status_code == 404


def test_it_pages_newest_first(gigs: Gigs) -> None:
    ids = [gigs.user(f"pager{number}@example.com") for number in range(12)]
    first = gigs.get("users")
    assert ([row["id"] for row in first["items"]], first["moreItemsBefore"]) == (ids[:1:-1], None)
    rest = gigs.get("users", after=first["moreItemsAfter"], limit=2)
    assert [row["id"] for row in rest["items"]] == [ids[1], ids[0]]
    back = gigs.get("users", before=rest["moreItemsBefore"], limit=3)
    assert [row["id"] for row in back["items"]] == [ids[4], ids[3], ids[2]]


def test_it_offers_plans(gigs: Gigs) -> None:
    plans = {plan["id"]: plan for plan in gigs.get("plans", status="available")["items"]}
    assert set(plans) == {"pln_jp05", "pln_jp20", "pln_jp20v", "pln_jp50"}
    assert plans[SILENT]["provider"] == "test"
    assert gigs.get(f"plans/{REPORTING}")["price"] == {"amount": 3480, "currency": "JPY"}
    assert [plan["id"] for plan in gigs.get("plans", provider="test")["items"]] == [SILENT]


def test_it_activates_with_a_sim_at_once_and_stays_pending(gigs: Gigs) -> None:
    user = gigs.user("activate@example.com")
    made = gigs.activate(user, portal_op="act-1")
    assert (made["status"], made["activatedAt"], made["metadata"]) == ("pending", None, {"portal_op": "act-1"})
    assert (made["user"]["id"], made["plan"]["object"], made["sim"]["status"]) == (user, "plan", "inactive")
    assert re.fullmatch(r"\d{19,20}", made["sim"]["iccid"])
    code = gigs.get(f"sims/{made['sim']['id']}/credentials")
    assert re.fullmatch(r"LPA:1\$[a-z.]+\$[A-Z0-9-]+", code["activationCode"])
    assert code["iosInstallUrl"].endswith(code["activationCode"])
    other = gigs.activate(user, portal_op="act-2")
    assert gigs.get(f"sims/{other['sim']['id']}/credentials")["activationCode"] != code["activationCode"]
    listed = gigs.get("subscriptions", user=user, status="pending,initiated,active,restricted,ended", limit=200)["items"]
    assert [row["metadata"]["portal_op"] for row in listed] == ["act-2", "act-1"]
    assert gigs.get("subscriptions", user=user, status="active")["items"] == []
    assert [row["iccid"] for row in gigs.get("sims", user=user, status="inactive")["items"]][-1] == made["sim"]["iccid"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"plan": "pln_gone"}, 422),
        ({"user": "usr_gone"}, 422),
        ({"sim": "sim_gone"}, 422),
        ({"metadata": None}, 422),
        ({"metadata": {"k" * 41: "v"}}, 422),
        ({"metadata": {"k": "v" * 256}}, 422),
        ({"metadata": {f"k{number}": "v" for number in range(11)}}, 422),
        ({"colour": "red"}, 400),
        ({"plan": None}, 400),
    ],
)
def test_it_refuses_an_activation(gigs: Gigs, change: dict[str, Any], status: int) -> None:
    found = gigs.post("users/search", {"email": "refused@example.com"}, status=200)["items"]
    user = found[0]["id"] if found else gigs.user("refused@example.com")
    answer = gigs.call("POST", "subscriptions", {"plan": SILENT, "user": user, "sim": "auto", **change})
    assert (answer.status_code, answer.json()["type"]) == (status, "invalid")
    assert gigs.get("subscriptions", user=user)["items"] == []


def test_it_changes_metadata_only(gigs: Gigs) -> None:
    made = gigs.activate(gigs.user("meta@example.com"), portal_op="act-3")
    path = f"subscriptions/{made['id']}"
    assert gigs.call("PATCH", path, {"metadata": {"line": "L-1"}}).json()["metadata"] == {"portal_op": "act-3", "line": "L-1"}
    assert gigs.call("PATCH", path, {"status": "active"}).status_code == 400


def test_it_repeats_the_first_success_of_a_key(gigs: Gigs) -> None:
    user = gigs.user("replay@example.com")
    refused = gigs.call("POST", "subscriptions", {"plan": "pln_gone", "user": user, "sim": "auto"}, key="op-1")
    assert refused.status_code == 422
    first = gigs.activate(user, key="op-1")
    assert gigs.activate(user, key="op-1") == first
    assert len(gigs.get("subscriptions", user=user)["items"]) == 1
    assert gigs.call("POST", "users", {"email": "x@example.com"}, key="k" * 256).status_code == 400
    assert gigs.behave(idempotency_header=False) == 200
    assert gigs.call("POST", "users", {"email": "x@example.com"}, key="op-2").status_code == 400
    assert gigs.behave(idempotency_header=True) == 200


def test_it_can_be_slow_with_sims_and_codes(gigs: Gigs) -> None:
    assert gigs.behave(sim_delay_ms=300, credentials_delay_ms=300) == 200
    user = gigs.user("slow@example.com")
    made = gigs.activate(user)
    assert gigs.behave(sim_delay_ms=0, credentials_delay_ms=0) == 200
    assert (made["sim"], gigs.get("sims", user=user)["items"]) == (None, [])
    time.sleep(0.35)
    sim = gigs.get(f"subscriptions/{made['id']}")["sim"]["id"]
    assert set(gigs.get(f"sims/{sim}/credentials").values()) == {"simCredentials", sim, None}
    time.sleep(0.35)
    assert gigs.get(f"sims/{sim}/credentials")["activationCode"].startswith("LPA:1$")
    assert gigs.behave(sim_delay_ms=-1) == gigs.behave(colour="red") == gigs.behave(out_of_stock=1) == 400


def test_it_runs_out_of_stock(gigs: Gigs) -> None:
    user = gigs.user("stock@example.com")
    gigs.behave(out_of_stock=True)
    answer = gigs.call("POST", "subscriptions", {"plan": SILENT, "user": user, "sim": "auto"})
    gigs.behave(out_of_stock=False)
    assert (answer.status_code, answer.json()["code"]) == (422, "simInventoryEmpty")


def test_the_phone_walks_a_profile_through_its_life(gigs: Gigs) -> None:
    made = gigs.activate(gigs.user("phone@example.com"))
    sim = made["sim"]["id"]
    code = gigs.get(f"sims/{sim}/credentials")["activationCode"]
    assert gigs.profile(sim) == "unknown"
    assert code in gigs.phone(code=code, do="install")
    assert gigs.profile(sim) == "installed"
    active = gigs.get(f"subscriptions/{made['id']}")
    assert (active["status"], active["currentPeriod"]["number"], active["sim"]["status"]) == ("active", 1, "active")
    assert active["phoneNumber"].startswith("+8170")
    assert "This code is no longer valid." in gigs.phone(code=code, do="install")
    for step, state in (("on", "enabled"), ("off", "disabled"), ("delete", "deleted")):
        gigs.phone(sim=sim, do=step)
        assert gigs.profile(sim) == state
    assert "No eSIM answers" in gigs.phone(code="LPA:1$nowhere$X", do="install")


def test_the_phone_uses_up_a_code_whose_download_breaks_off(gigs: Gigs) -> None:
    made = gigs.activate(gigs.user("broken@example.com"), plan=SILENT)
    sim = made["sim"]["id"]
    code = gigs.get(f"sims/{sim}/credentials")["activationCode"]
    gigs.phone(code=code, do="download")
    assert "This code is no longer valid." in gigs.phone(code=code, do="install")
    assert gigs.get(f"subscriptions/{made['id']}")["status"] == "pending"
    gigs.phone(sim=sim, do="install")
    assert gigs.get(f"subscriptions/{made['id']}")["status"] == "active"
    assert gigs.profile(sim) == "unknown"


@pytest.mark.parametrize(
    ("fault", "status", "made"), [("error_before", 500, 0), ("error_after", 500, 1), ("expired_session", 401, 0), ("misconfigured", 403, 0)]
)
def test_it_fails_when_it_is_told_to(sandbox: Running, gigs: Gigs, fault: str, status: int, made: int) -> None:
    user = gigs.user(f"unlucky-{fault}@example.com")
    sandbox.control.fault("mobile", "POST subscriptions", fault, count=1)
    answer = gigs.call("POST", "subscriptions", {"plan": SILENT, "user": user, "sim": "auto"})
    assert (answer.status_code, answer.json()["object"]) == (status, "error")
    assert len(gigs.get("subscriptions", user=user)["items"]) == made


def test_it_loses_an_answer_but_not_the_subscription(sandbox: Running, gigs: Gigs) -> None:
    user = gigs.user("lost@example.com")
    sandbox.control.fault("mobile", "POST subscriptions", "timeout_after", count=1, delay_ms=50)
    with pytest.raises(requests.ConnectionError):
        gigs.activate(user, key="op-lost", portal_op="act-lost")
    sandbox.kill()
    sandbox.restart()
    again = Gigs(sandbox.info)
    (held,) = again.get("subscriptions", user=user)["items"]
    assert again.activate(user, key="op-lost", portal_op="act-lost")["id"] == held["id"]
    assert sandbox.control.calls("mobile")[-1]["operation"] == "POST subscriptions"


def test_it_ends_a_subscription_at_once(gigs: Gigs) -> None:
    user = gigs.user("ending@example.com")
    made = gigs.activate(user)
    ended = gigs.call("DELETE", f"subscriptions/{made['id']}")
    assert (ended.status_code, ended.json()["status"]) == (200, "ended")
    assert ended.json()["endedAt"]
    assert gigs.get("subscriptions", user=user, status="ended")["items"][0]["id"] == made["id"]
    assert gigs.get("subscriptions", user=user)["items"] == []
