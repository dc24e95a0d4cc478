"""Bad input and concurrent writers at the sandbox's mobile provider: refused in its own words, never a failure of the sandbox."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.provider import Gigs
from tests.support.sandbox import Running


def raw(gigs: Gigs, path: str, data: bytes, **headers: str) -> requests.Response:
    return requests.post(f"{gigs.url}/{path}", data=data, headers={**gigs.key, "Content-Type": "application/json", **headers}, timeout=10)


NO_OBJECTS = {
    "half": b"{", "list": b"[]", "number": b"7", "nan": b'{"email": NaN}', "bytes": b'{"email": "\xff"}', "nul": b"\x00",
    "surrogate": b'{"email": "\\ud800@example.com"}', "brackets": b"[" * 50_000, "braces": b'{"a":' * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("body", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_it_refuses_what_is_no_json_object(gigs: Gigs, body: bytes) -> None:
    answer = raw(gigs, "users", body)
    assert (answer.status_code, answer.json()["type"]) == (400, "malformed")


def test_it_takes_five_megabytes_to_refuse_them(gigs: Gigs) -> None:
    answer = raw(gigs, "users", json.dumps({"email": "a@example.com", "metadata": {"k": "v" * 5_000_000}}).encode())
    assert (answer.status_code, answer.json()["details"][0]["property"]) == (422, "metadata.k")


def test_it_takes_switches_back_and_refuses_unknown_ones(gigs: Gigs) -> None:
    door = f"{gigs.root}/sandbox/behaviour"
    usual = requests.get(door, timeout=10).json()
    assert gigs.behave(change_outcome="perhaps") == gigs.behave(unacceptable_status=True) == gigs.behave(sim_delay_ms=-1) == 400
    assert gigs.behave(change_outcome="waits", sim_delay_ms=5) == 200
    assert requests.get(door, timeout=10).json() == usual | {"change_outcome": "waits", "sim_delay_ms": 5}
    assert requests.delete(door, timeout=10).json() == usual


def test_it_looks_at_headers_then_the_path_then_the_rest(gigs: Gigs) -> None:
    assert raw(gigs, "subscriptions/sub_gone/cancel", b"{", Authorization="Bearer wrong").status_code == 401
    assert raw(gigs, "subscriptions/sub_gone/cancel", b"{").status_code == 404
    assert gigs.call("PATCH", "users/usr_gone", {"colour": "red"}, colour="red").status_code == 404
    assert gigs.call("POST", "users", {"email": "a@example.com"}, colour="red").json()["details"][0]["property"] == "colour"


def test_it_speaks_json_only(gigs: Gigs) -> None:
    form, html = {"Content-Type": "application/x-www-form-urlencoded"}, {"Accept": "text/html"}
    for status, bad in ((400, (400, 400)), (415, (415, 406))):
        gigs.behave(media_status=status)
        answers = raw(gigs, "users", b"{}", **form), raw(gigs, "users", b"{}", **html)
        assert tuple(each.status_code for each in answers) == bad
        assert [each.json()["type"] for each in answers] == ["malformed", "malformed"]
    gigs.behave(media_status=400)
    for fine in ("*/*", "application/*", "text/html, application/json;q=0.5"):
        assert requests.get(f"{gigs.url}/plans", headers={**gigs.key, "Accept": fine}, timeout=10).status_code == 200


def test_cursors_are_ids_of_the_list(gigs: Gigs) -> None:
    ids = [gigs.user(f"cursor{number}@example.com") for number in range(3)][::-1]
    assert gigs.get("users", limit=0) == {"object": "list", "items": [], "moreItemsAfter": None, "moreItemsBefore": None}
    for query in ({"after": "usr_gone"}, {"before": "sub_x"}, {"after": ids[0], "before": ids[1]}, {"limit": "-1"}, {"limit": "５"}):
        answer = gigs.call("GET", "users", **query)
        assert (answer.status_code, answer.json()["details"][0]["object"]) == (400, "propertyErrorDetail")
    twice = requests.get(f"{gigs.url}/users?limit=1&limit=2", headers=gigs.key, timeout=10)
    assert twice.status_code == 400
    page = gigs.get("users", after=ids[0], limit=1)
    assert ([row["id"] for row in page["items"]], page["moreItemsAfter"], page["moreItemsBefore"]) == ([ids[1]], ids[1], ids[1])


def test_a_key_belongs_to_one_request(gigs: Gigs) -> None:
    first = gigs.post("users", {"email": "keyed@example.com"}, key="k-1")
    assert gigs.post("users", {"email": "keyed@example.com"}, key="k-1") == first
    other = gigs.call("POST", "users", {"email": "another@example.com"}, key="k-1")
    assert (other.status_code, other.json()["type"]) == (422, "invalid")
    assert gigs.call("DELETE", f"users/{first['id']}", key="k-1").status_code == 422
    gigs.behave(idempotency_mismatch="replay")
    assert gigs.post("users", {"email": "another@example.com"}, key="k-1") == first
    gigs.behave(idempotency_mismatch="refuse")


def test_two_at_once_under_one_key_have_one_effect(gigs: Gigs) -> None:
    user = gigs.user("atonce@example.com")
    order = {"plan": "pln_jp20", "user": user, "sim": "auto"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: gigs.post("subscriptions", order, key="k-2"), range(8)))
    assert len({row["id"] for row in made}) == 1
    assert len(gigs.get("subscriptions", user=user)["items"]) == 1


def test_two_at_once_for_one_email_make_one_user(gigs: Gigs) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gigs.call("POST", "users", {"email": "race@example.com"}), range(8)))
    assert sorted(each.status_code for each in answers) == [201] + [422] * 7


WORDS = st.sampled_from(
    [
        "auto",
        "now",
        "renewal",
        "pln_jp20",
        "add_jp1",
        "eSIM",
        "test",
        "JP",
        "a@example.com",
        "2026-01-01",
        "9999-12-31",
        "sim_test_psim",
        "\ud7ff",
        "\x00",
    ]
    + [""]
)
NAMES = st.sampled_from(
    [
        "email",
        "plan",
        "user",
        "sim",
        "sims",
        "when",
        "subscription",
        "addon",
        "metadata",
        "imei",
        "iccid",
        "type",
        "country",
        "line1",
        "city",
        "state",
        "data",
        "voice",
        "name",
        "birthday",
        "preferredLocale",
        "fullName",
        "phoneNumber",
        "compatibleWith",
        "status",
        "userAddress",
        "porting",
        "device",
        "postalCode",
    ]
)
FILTERS = st.sampled_from(
    ["limit", "after", "before", "status", "user", "plan", "sim", "type", "provider", "period", "start", "end", "aggregation"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3), max_leaves=6
)
BODIES = (st.none() | st.dictionaries(NAMES, VALUES, max_size=4) | VALUES).map(lambda body: json.dumps(body).encode()) | st.binary(
    max_size=30
)
QUERIES = st.dictionaries(FILTERS, st.integers(-2, 300).map(str) | WORDS | st.text(max_size=12), max_size=2)


@pytest.fixture(scope="module")
def calls(sandbox: Running, gigs: Gigs) -> list[tuple[str, str]]:
    """Every method and path of the API, with ids that exist."""
    line = gigs.living("fuzz@example.com")
    owner, named = line["user"]["id"], {"subscription": line["id"]}
    ids = {
        "project": gigs.project, "user_id": owner, "subscription_id": line["id"], "sim_id": line["sim"]["id"], "plan_id": "pln_jp20",
        "topup_id": gigs.post("subscriptionAddons", {**named, "addon": "add_jp1"})["id"], "addon_id": "add_jp1",
        "change_id": gigs.post("subscriptionChanges", {**named, "sim": "auto"})["id"], "model_id": "dm_one", "operator_id": "svp_north",
        "device_id": gigs.post("devices", {"user": owner})["id"],
        "address_id": gigs.post(f"users/{owner}/addresses", {"line1": "1-1", "city": "Tokyo", "country": "JP"})["id"],
    }  # fmt: skip
    told = [(each["method"], each["path"]) for each in requests.get(f"{gigs.root}/sandbox/paths", timeout=10).json()]
    assert len(told) > 50
    return [(method, re.sub(r"<(\w+)>", lambda name: ids[name[1]], path)) for method, path in told]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_makes_it_fail(gigs: Gigs, calls: list[tuple[str, str]], data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(calls))
    headers = {**gigs.key, "Content-Type": "application/json"}
    with requests.Session() as session:
        answer = session.request(method, gigs.root + path, data=data.draw(BODIES), params=data.draw(QUERIES), headers=headers, timeout=10)
    assert answer.status_code in (200, 201, 400, 404, 422), answer.text
    if answer.status_code >= 400:
        error = answer.json()
        assert (error["object"], bool(error["type"] and error["message"])) == ("error", True)
