"""The life of a subscription at the sandbox's mobile provider: what its states and moments are, and who may change them."""

from typing import Any

from tests.sandbox.provider import Gigs


def test_it_is_renewed_from_period_to_period(gigs: Gigs, days: Any) -> None:
    line = gigs.living("renewed@example.com")
    first = line["currentPeriod"]
    days(65)
    now = gigs.get(f"subscriptions/{line['id']}")["currentPeriod"]
    assert now["number"] == 3
    assert first["start"] < first["end"] < now["start"] < now["end"]


def test_it_ends_with_its_period_when_it_is_cancelled(gigs: Gigs, days: Any) -> None:
    line = gigs.living("cancelled@example.com")
    cancelled = gigs.post(f"subscriptions/{line['id']}/cancel", {}, status=200)
    assert (cancelled["status"], cancelled["endedAt"]) == ("active", line["currentPeriod"]["end"])
    assert cancelled["cancellationDetails"] == {"cause": "cancellationRequested", "userReason": None, "userComment": None}
    days(32)
    ended = gigs.get(f"subscriptions/{line['id']}")
    assert (ended["status"], ended["currentPeriod"], ended["endedAt"]) == ("ended", None, line["currentPeriod"]["end"])
    assert gigs.call("POST", f"subscriptions/{line['id']}/cancel").status_code == 422


def test_a_cancellation_is_taken_back(gigs: Gigs, days: Any) -> None:
    line = gigs.living("resumed@example.com")
    assert gigs.call("POST", f"subscriptions/{line['id']}/resume").status_code == 422
    gigs.post(f"subscriptions/{line['id']}/cancel", {}, status=200)
    resumed = gigs.post(f"subscriptions/{line['id']}/resume", {}, status=200)
    assert (resumed["canceledAt"], resumed["endedAt"], resumed["cancellationDetails"]) == (None, None, None)
    days(32)
    assert gigs.get(f"subscriptions/{line['id']}")["status"] == "active"


def test_a_plan_that_lasts_once_ends_by_itself(gigs: Gigs, days: Any) -> None:
    assert gigs.call("POST", "plans/pln_jp07d/publish").json()["status"] == "available"
    line = gigs.living("week@example.com", plan="pln_jp07d")
    days(6.9)
    assert gigs.get(f"subscriptions/{line['id']}")["status"] == "active"
    days(0.2)
    assert gigs.get(f"subscriptions/{line['id']}")["status"] == "ended"
    assert gigs.call("POST", "plans/pln_jp07d/archive").json()["status"] == "archived"
    user = gigs.user("late@example.com")
    assert gigs.call("POST", "subscriptions", {"plan": "pln_jp07d", "user": user, "sim": "auto"}).status_code == 422


def test_it_asks_for_what_a_plan_requires(gigs: Gigs) -> None:
    gigs.call("POST", "plans/pln_jp1y/publish")
    user = gigs.user("needs@example.com")
    order = {"plan": "pln_jp1y", "user": user, "sim": "auto"}
    refused = gigs.call("POST", "subscriptions", order)
    assert (refused.status_code, refused.json()["details"][0]["property"]) == (422, "userAddress")
    home = {"line1": "1-1 Chiyoda", "city": "Tokyo", "country": "JP", "postalCode": "100-0001"}
    address = gigs.post(f"users/{user}/addresses", home)
    assert gigs.call("POST", f"users/{user}/addresses", home).json()["code"] == "userAddressAlreadyExists"
    assert gigs.get(f"users/{user}/addresses")["items"] == [address]
    made = gigs.post("subscriptions", {**order, "userAddress": address["id"]})
    gigs.phone(sim=made["sim"]["id"], do="install")
    line = gigs.get(f"subscriptions/{made['id']}")
    assert line["earliestEndAt"][:4] > line["activatedAt"][:4]
    assert gigs.post(f"subscriptions/{made['id']}/cancel", {}, status=200)["endedAt"] == line["earliestEndAt"]


def test_it_waits_for_money_where_there_is_billing(gigs: Gigs) -> None:
    gigs.behave(billing=True)
    made = gigs.activate(gigs.user("payer@example.com"))
    gigs.behave(billing=False)
    gigs.phone(sim=made["sim"]["id"], do="install")
    assert (made["status"], gigs.get(f"subscriptions/{made['id']}")["status"]) == ("initiated", "initiated")
    assert [gigs.people("payments", id=made["id"]) for _ in range(2)] == [200, 400]
    assert gigs.get(f"subscriptions/{made['id']}")["status"] == "active"


def test_it_can_take_its_time_and_never_come(gigs: Gigs, days: Any) -> None:
    gigs.behave(activation_delay_ms=3_600_000)
    slow = gigs.living("slow@example.com")
    gigs.behave(activation_delay_ms=0, never_activates=True)
    never = gigs.living("never@example.com")
    gigs.behave(never_activates=False)
    assert (slow["status"], never["status"]) == ("pending", "pending")
    days(1)
    assert [gigs.get(f"subscriptions/{row['id']}")["status"] for row in (slow, never)] == ["active", "pending"]


def test_it_can_be_restricted(gigs: Gigs) -> None:
    line = gigs.living("restricted@example.com")
    assert gigs.people("restrictions", id=line["id"], restricted=True) == 200
    found = gigs.get("subscriptions", user=line["user"]["id"], status="restricted")["items"]
    assert [row["id"] for row in found] == [line["id"]]
    assert gigs.get("subscriptions", user=line["user"]["id"])["items"] == []
    gigs.behave(restricted_known=False)
    assert gigs.call("GET", "subscriptions", status="restricted").status_code == 400
    gigs.behave(restricted_known=True)
    assert gigs.people("restrictions", id=line["id"], restricted=False) == 200
    assert gigs.get(f"subscriptions/{line['id']}")["status"] == "active"


def test_a_user_takes_the_lines_along(gigs: Gigs) -> None:
    line = gigs.living("leaving@example.com")
    gone = gigs.call("DELETE", f"users/{line['user']['id']}")
    assert (gone.status_code, gone.json()["status"]) == (200, "deleted")
    ended = gigs.get(f"subscriptions/{line['id']}")
    assert (ended["status"], ended["cancellationDetails"]["cause"]) == ("ended", "userDeleted")
    assert gigs.post("users/search", {"email": "leaving@example.com"}, status=200)["items"] == []
    gigs.behave(search_finds_deleted=True)
    assert gigs.post("users/search", {"email": "leaving@example.com"}, status=200)["items"][0]["status"] == "deleted"
    gigs.behave(search_finds_deleted=False)
    assert gigs.user("leaving@example.com") != line["user"]["id"]


def test_a_card_of_plastic_has_no_code(gigs: Gigs) -> None:
    gigs.call("POST", "plans/pln_jp07d/publish")
    made = gigs.post("subscriptions", {"plan": "pln_jp07d", "user": gigs.user("card@example.com"), "sim": "sim_test_psim"})
    sim = made["sim"]["id"]
    assert (made["sim"]["type"], made["sim"]["iccid"][:10], len(made["sim"]["iccid"])) == ("pSIM", "8942424242", 20)
    assert set(gigs.get(f"sims/{sim}/credentials").values()) == {"simCredentials", sim, None}
    assert gigs.call("GET", f"sims/{sim}/eSimProfile").status_code == 404
    gigs.phone(sim=sim, do="insert")
    assert gigs.get(f"subscriptions/{made['id']}")["status"] == "active"
    user, taken = gigs.user("other@example.com"), {"plan": "pln_jp07d", "sim": sim}
    assert gigs.call("POST", "subscriptions", {**taken, "user": user}).json()["code"] == "simAlreadyUsed"


def test_metadata_may_have_to_wait_for_a_second_call(gigs: Gigs) -> None:
    user = gigs.user("later@example.com")
    gigs.behave(metadata_at_creation=False)
    refused = gigs.call("POST", "subscriptions", {"plan": "pln_jp20", "user": user, "sim": "auto", "metadata": {}})
    made = gigs.post("subscriptions", {"plan": "pln_jp20", "user": user, "sim": "auto"})
    gigs.behave(metadata_at_creation=True)
    assert (refused.status_code, refused.json()["details"][0]["property"]) == (400, "metadata")
    assert gigs.call("PATCH", f"subscriptions/{made['id']}", {"metadata": {"portal_op": "x"}}).json()["metadata"] == {"portal_op": "x"}
    sim = gigs.call("PATCH", f"sims/{made['sim']['id']}", {"metadata": {"box": "7"}}).json()
    assert (sim["metadata"], gigs.get(f"sims/{sim['id']}")) == ({"box": "7"}, sim)


def test_a_line_is_found_by_its_number(gigs: Gigs) -> None:
    line = gigs.living("number@example.com")
    found = gigs.post("subscriptions/search", {"phoneNumber": line["phoneNumber"]}, status=200)["items"]
    assert [row["id"] for row in found] == [line["id"]]
    assert gigs.call("POST", "subscriptions/search", {"phoneNumber": "070"}).status_code == 400
