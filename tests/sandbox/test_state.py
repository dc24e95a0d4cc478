"""The world as a whole: its clock, and states that are saved and put back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import sandbox
from tests.support.sandbox import Control, Refused
from tests.support.sf_rest import SfRest

HOUR = 3600


@pytest.fixture
def running(tmp_path: Path) -> Iterator[sandbox.Running]:
    """Of the test's own: its clock is moved."""
    running = sandbox.start(tmp_path / "own")
    yield running
    running.stop()


@pytest.fixture
def control(running: sandbox.Running) -> Control:
    return running.control


def advance(control: Control, seconds: float) -> dict[str, Any]:
    return control.ask("POST", "clock", {"advance_s": seconds})


def mobile(running: sandbox.Running, path: str, body: dict[str, Any], key: str) -> requests.Response:
    info = running.info["mobile"]
    headers = {"Authorization": f"Bearer {info['api_key']}", "Idempotency-Key": key}
    return requests.post(f"{info['url']}/projects/{info['project']}/{path}", json=body, headers=headers, timeout=10)


def whmcs(running: sandbox.Running, action: str, **sent: Any) -> dict[str, Any]:
    info = running.info["whmcs"]
    keys = {"action": action, "identifier": info["identifier"], "secret": info["secret"], "responsetype": "json"}
    return requests.post(f"{info['url']}/includes/api.php", {**keys, **sent}, timeout=10).json()


def new_client(running: sandbox.Running) -> int:
    client = {"firstname": "A", "lastname": "B", "email": "a@example.com", "password2": "Secret-123456"}
    return whmcs(running, "AddClient", **client, skipvalidation="1", noemail="1")["clientid"]


# -- the clock


def test_it_is_one_clock_and_a_restart_keeps_it(running: sandbox.Running, control: Control) -> None:
    before = control.ask("GET", "clock")
    assert before["ahead_s"] == 0
    assert advance(control, 3 * 24 * HOUR)["ahead_s"] == 3 * 24 * HOUR
    running.kill()
    running.restart()
    after = running.control.ask("GET", "clock")
    assert (after["ahead_s"], after["now"] > before["now"]) == (3 * 24 * HOUR, True)
    assert advance(running.control, -3 * 24 * HOUR)["ahead_s"] == 0
    for wrong in ({"advance_s": -1}, {"advance_s": 11 * 365 * 24 * HOUR}, {"advance_s": "1"}, {}):
        with pytest.raises(Refused) as refusal:
            control.ask("POST", "clock", wrong)
        assert refusal.value.status == 400


def test_sessions_end_and_a_client_of_today_gets_a_new_one(running: sandbox.Running, control: Control) -> None:
    sf = SfRest(running.info["salesforce"]).login()
    assert sf.get("limits").status_code == 200
    advance(control, 3 * HOUR)
    assert sf.get("limits").status_code == 401
    assert sf.login().get("limits").status_code == 200


def test_dates_of_records_follow_it(running: sandbox.Running, control: Control) -> None:
    sf = SfRest(running.info["salesforce"]).login()
    now = advance(control, 40 * 24 * HOUR)["now"]
    sf.login()
    order_id = sf.place("key")
    assert sf.one(f"SELECT CreatedDate FROM Order WHERE Id = '{order_id}' AND CreatedDate = TODAY")["CreatedDate"][:10] == now[:10]
    assert control.approve(order_id)["event_uuid"]
    assert control.truth(order_id)["orders"][0]["events"][0]["published_at"][:10] == now[:10]


def test_an_answer_is_replayed_for_a_day(running: sandbox.Running, control: Control) -> None:
    first = mobile(running, "users", {"email": "a@example.com"}, "key-1")
    assert mobile(running, "users", {"email": "a@example.com"}, "key-1").json() == first.json()
    advance(control, 25 * HOUR)
    assert mobile(running, "users", {"email": "a@example.com"}, "key-1").status_code == 422


def test_a_sign_on_is_good_for_a_minute(running: sandbox.Running, control: Control) -> None:
    client = new_client(running)
    urls = [whmcs(running, "CreateSsoToken", client_id=client)["redirect_url"] for _ in range(2)]
    assert requests.get(urls[0], timeout=10).status_code == 200
    advance(control, 61)
    assert requests.get(urls[1], timeout=10).status_code == 403


# -- saved states


def test_it_puts_back_everything(running: sandbox.Running, control: Control) -> None:
    kept = control.ask("POST", "seed", {"orders": 2, "approve": True})["orders"]
    advance(control, HOUR)
    assert control.ask("POST", "snapshot", {"name": "before-noon"}) == {"name": "before-noon"}
    before = control.truth()
    control.ask("POST", "seed", {"orders": 3})
    new_client(running)
    control.reject(control.ask("POST", "seed", {"orders": 1})["orders"][0])
    advance(control, HOUR)
    assert len(control.truth()["orders"]) == 6
    control.ask("POST", "restore", {"name": "before-noon"})
    assert control.truth() == before
    assert control.ask("GET", "clock")["ahead_s"] == HOUR
    assert whmcs(running, "GetClientsDetails", email="a@example.com")["result"] == "error"
    # it goes on from there, over a restart too
    (new,) = control.ask("POST", "seed", {"orders": 1})["orders"]
    running.kill()
    running.restart()
    assert [order["sf_order_id"] for order in running.control.truth()["orders"]] == [*kept, new]
    assert running.control.ask("GET", "snapshot") == {"snapshots": ["before-noon"]}


def test_effects_that_were_under_way_do_not_reach_the_world_that_was_put_back(running: sandbox.Running, control: Control) -> None:
    control.ask("POST", "snapshot", {"name": "empty"})
    control.fault("whmcs", "AddClient", "late_effect", count=1, delay_ms=300)
    with pytest.raises(requests.ConnectionError):
        new_client(running)
    control.ask("POST", "restore", {"name": "empty"})
    assert control.ask("GET", "truth", summary=1)["pending_effects"] == 0
    requests.get(running.info["pages"]["whmcs"], timeout=5)
    assert control.truth()["unclaimed"]["clients"] == []


@pytest.mark.parametrize("name", ["", "../state", "a/b", "x" * 65, 7])
def test_it_refuses_names_that_are_no_file_names(control: Control, name: Any) -> None:
    for door in ("snapshot", "restore"):
        with pytest.raises(Refused) as refusal:
            control.ask("POST", door, {"name": name})
        assert refusal.value.status == 400


def test_it_knows_no_state_that_was_not_saved(control: Control) -> None:
    with pytest.raises(Refused) as refusal:
        control.ask("POST", "restore", {"name": "never"})
    assert refusal.value.status == 404
