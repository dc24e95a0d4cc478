"""Reissues, plan changes, top-ups, usage, balances and devices at the sandbox's mobile provider."""

from typing import Any

import pytest
import requests

from tests.sandbox.provider import Gigs

GIGABYTE = 1_000_000_000


def change(gigs: Gigs, line: dict[str, Any], **wanted: str) -> requests.Response:
    return gigs.call("POST", "subscriptionChanges", {"subscription": line["id"], **wanted})


def test_a_reissue_swaps_the_sim(gigs: Gigs) -> None:
    line = gigs.living("reissue@example.com")
    made = change(gigs, line, sim="auto", when="now").json()
    assert (made["object"], made["status"], made["plan"], made["appliedAt"]) == ("subscriptionChange", "pending", None, None)
    assert made["requestedChange"] == {"plan": None, "sim": "auto", "when": "now"}
    assert gigs.get(f"sims/{made['sim']['id']}/credentials")["activationCode"]
    assert gigs.get(f"subscriptionChanges/{made['id']}")["status"] == "applied"
    after = gigs.get(f"subscriptions/{line['id']}")
    assert (after["sim"]["id"], after["phoneNumber"]) == (made["sim"]["id"], line["phoneNumber"])
    assert gigs.get(f"sims/{line['sim']['id']}")["status"] == "retired"
    assert gigs.call("DELETE", f"subscriptionChanges/{made['id']}").status_code == 422
    assert [row["id"] for row in gigs.get("subscriptionChanges", subscription=line["id"])["items"]] == [made["id"]]


def test_one_change_at_a_time(gigs: Gigs, days: Any) -> None:
    line = gigs.living("onetime@example.com")
    gigs.behave(change_delay_ms=3_600_000)
    first = change(gigs, line, sim="auto").json()
    gigs.behave(change_delay_ms=0)
    assert change(gigs, line, sim="auto").status_code == 422
    deleted = gigs.call("DELETE", f"subscriptionChanges/{first['id']}").json()
    second = change(gigs, line, sim="auto").json()
    days(1)
    states = [gigs.get(f"subscriptionChanges/{each['id']}")["status"] for each in (deleted, second)]
    assert states == ["deleted", "applied"]


def test_a_change_can_fail_or_wait_for_a_consent(gigs: Gigs) -> None:
    line = gigs.living("consent@example.com")
    gigs.behave(change_outcome="consentNotGiven")
    failed = gigs.get(f"subscriptionChanges/{change(gigs, line, sim='auto').json()['id']}")
    assert (failed["status"], failed["failureCode"]) == ("failed", "consentNotGiven")
    gigs.behave(change_outcome="waits")
    waiting = change(gigs, line, sim="auto").json()
    assert gigs.get(f"subscriptionChanges/{waiting['id']}")["status"] == "pending"
    assert gigs.people("consents", id=waiting["id"]) == 200
    gigs.behave(change_outcome="applied")
    assert gigs.get(f"subscriptionChanges/{waiting['id']}")["status"] == "applied"


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({}, 400, None),
        ({"sim": "auto", "when": "renewal"}, 422, None),
        ({"plan": "pln_jp05"}, 422, "subscriptionChangeProviderMismatch"),
        ({"plan": "pln_jp20v", "when": "now"}, 201, None),
        ({"plan": "pln_jp50", "when": "tomorrow"}, 400, None),
        ({"plan": "pln_gone"}, 422, None),
    ],
)
def test_it_refuses_changes_that_do_not_fit(gigs: Gigs, wanted: dict[str, str], status: int, code: str | None) -> None:
    line = gigs.living(f"fits{sorted(wanted.items())}@example.com".translate(str.maketrans("", "", " ()[]',")))
    answer = change(gigs, line, **wanted)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_plan_changes_at_the_renewal(gigs: Gigs, days: Any) -> None:
    line = gigs.living("bigger@example.com", plan="pln_jp50")
    assert change(gigs, line, plan="pln_jp20", when="now").json()["code"] == "subscriptionChangeAllowanceDecrease"
    made = change(gigs, line, plan="pln_jp20").json()
    assert (made["scheduledAt"], made["plan"]["id"]) == (line["currentPeriod"]["end"], "pln_jp20")
    assert gigs.get(f"subscriptions/{line['id']}")["plan"]["id"] == "pln_jp50"
    days(32)
    after = gigs.get(f"subscriptions/{line['id']}")
    assert (after["plan"]["id"], after["currentPeriod"]["number"]) == ("pln_jp20", 2)


def test_top_ups_are_bought_again_and_again(gigs: Gigs, days: Any) -> None:
    line = gigs.living("topup@example.com")
    bought = [gigs.post("subscriptionAddons", {"addon": "add_jp1", "subscription": line["id"]}) for _ in range(2)]
    assert [row["status"] for row in bought] == ["pending", "pending"]
    assert bought[0]["addon"]["allowances"]["dataBytes"] == GIGABYTE
    held = gigs.get("subscriptionAddons", subscription=line["id"], addon="add_jp1", status="active")["items"]
    assert [row["id"] for row in held] == [bought[1]["id"], bought[0]["id"]]
    ended = gigs.call("DELETE", f"subscriptionAddons/{bought[0]['id']}").json()
    assert (ended["status"], ended["currentPeriod"]) == ("ended", None)
    days(31)
    assert gigs.get(f"subscriptionAddons/{bought[1]['id']}")["status"] == "ended"


def test_it_sells_only_what_fits_an_active_line(gigs: Gigs) -> None:
    line, waiting = gigs.living("fit@example.com", plan="pln_jp05"), gigs.activate(gigs.user("notyet@example.com"))
    for addon, subscription in (("add_jp1", line["id"]), ("add_gone", line["id"]), ("add_jp3", waiting["id"]), ("add_jp1", waiting["id"])):
        assert gigs.call("POST", "subscriptionAddons", {"addon": addon, "subscription": subscription}).status_code == 422
    assert {row["id"] for row in gigs.get("addons", provider="p3")["items"]} == {"add_jp5", "add_jp1", "add_jp1u", "add_jp60m"}
    assert gigs.get("addons", status="draft")["items"][0]["id"] == "add_jp3"


def test_usage_is_recorded_by_day_and_country(gigs: Gigs, days: Any) -> None:
    line = gigs.living("usage@example.com")
    for amounts in ({"data": 5}, {"data": 7, "voice": 60, "sms": 1}, {"data": 1, "country": "KR"}):
        answer = gigs.test_usage(line["id"], **amounts)
        assert answer.status_code == 200
    assert answer.json()["labels"] == {"country": "KR", "roaming": "international", "subscription": line["id"]}
    days(1)
    gigs.test_usage(line["id"], data=100)
    path = f"subscriptions/{line['id']}/usage"
    assert [(row["labels"]["country"], row["data"], row["voice"]) for row in gigs.get(path)["items"]] == [
        ("JP", 12, 60), ("KR", 1, 0), ("JP", 100, 0),
    ]  # fmt: skip
    assert [row["data"] for row in gigs.get(path, aggregation="country")["items"]] == [112, 1]
    (whole,) = gigs.get(path, aggregation="period", period=1)["items"]
    assert (whole["data"], whole["start"], whole["end"]) == (113, line["currentPeriod"]["start"], line["currentPeriod"]["end"])
    today = line["activatedAt"][:10]
    assert sum(row["data"] for row in gigs.get(path, start=today, end=today)["items"]) == 13
    assert gigs.get(path, period=2)["items"] == []
    for query in (
        {"start": today},
        {"start": today, "end": today, "period": 1},
        {"start": "x", "end": today},
        {"limit": 5},
        {"period": 0.5},
    ):
        assert gigs.call("GET", path, **query).status_code == 400
    assert gigs.get(f"subscriptions/{line['id']}")["firstUsageAt"]


def test_balances_are_drawn_from_the_plan_first(gigs: Gigs) -> None:
    line = gigs.living("balance@example.com")
    topup = gigs.post("subscriptionAddons", {"addon": "add_jp1u", "subscription": line["id"]})["id"]
    assert gigs.get(f"subscriptionAddons/{topup}")["status"] == "pending"
    gigs.test_usage(line["id"], data=20 * GIGABYTE + GIGABYTE // 4)
    data = [row for row in gigs.get(f"subscriptions/{line['id']}/usageBalances")["items"] if row["unit"] == "bytes"]
    assert [(row["source"]["type"], row["remaining"], row["usedPercent"]) for row in data] == [
        ("subscriptionPeriod", 0, 100), ("subscriptionAddon", GIGABYTE * 3 // 4, 25),
    ]  # fmt: skip
    assert gigs.get("usageBalances", subscription=line["id"])["items"][0] == data[0]


def test_the_phone_uses_data_which_the_provider_tells_later(gigs: Gigs, days: Any) -> None:
    line = gigs.living("burning@example.com")
    gigs.behave(usage_lag_ms=3_600_000)
    assert "Data are a whole number" in gigs.phone(sim=line["sim"]["id"], do="burn", megabytes="-3")
    assert "Data are" not in gigs.phone(sim=line["sim"]["id"], do="burn", megabytes="250")
    gigs.behave(usage_lag_ms=0)
    assert gigs.get(f"subscriptions/{line['id']}/usage")["items"] == []
    days(0.1)
    assert gigs.get(f"subscriptions/{line['id']}/usage")["items"][0]["data"] == 250_000_000
    gigs.call("DELETE", f"subscriptions/{line['id']}")
    assert "its line is not active" in gigs.phone(sim=line["sim"]["id"], do="burn", megabytes="1")
    assert gigs.test_usage(line["id"], data=1).status_code == 422


def test_devices_have_one_imei_and_their_sims(gigs: Gigs) -> None:
    user, imei = gigs.user("device@example.com"), "356938035643809"
    made = gigs.post("devices", {"user": user, "imei": imei, "sims": ["sim_test_psim"], "name": "Mine"})
    assert (made["model"]["object"], made["sims"][0]["type"], made["user"]["id"]) == ("deviceModel", "pSIM", user)
    assert gigs.call("POST", "devices", {"imei": imei}).json()["code"] == "deviceImeiAlreadyExists"
    taken = gigs.call("POST", "devices", {"user": user, "sims": [made["sims"][0]["id"]]})
    assert taken.json()["code"] == "deviceSimAlreadyUsed"
    assert gigs.call("POST", "devices", {}).status_code == 400
    assert gigs.call("PATCH", f"devices/{made['id']}", {"name": None, "sims": []}).json() == {**made, "name": None, "sims": []}
    assert [row["id"] for row in gigs.get("devices", user=user)["items"]] == [made["id"]]
    assert gigs.call("DELETE", f"devices/{made['id']}").json()["id"] == made["id"]
    assert gigs.call("GET", f"devices/{made['id']}").status_code == 404


def test_what_lies_outside_of_projects(gigs: Gigs) -> None:
    def outside(path: str) -> Any:
        return requests.get(f"{gigs.root}/{path}", headers=gigs.key, timeout=10).json()

    assert [(row["id"], row["type"]) for row in outside("projects")["items"]] == [(gigs.project, "test")]
    assert outside(f"projects/{gigs.project}")["organization"]["object"] == "organization"
    assert outside("deviceModels?brand=Sample&simType=eSIM")["items"][0]["id"] == "dm_tab"
    assert outside("deviceModelBrands")["items"] == ["Example", "Sample"]
    assert len(outside("serviceProviders?recipientProvider=test")["items"]) == 1
    assert requests.get(f"{gigs.root}/projects", timeout=10).status_code == 401
