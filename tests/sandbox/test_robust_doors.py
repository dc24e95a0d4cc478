"""Every door for testers refuses what it cannot understand with 400 and a sentence; the doors are those that the apps list."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import sandbox as sandboxes

FAULT = {"upstream": "salesforce", "operation": "limits", "fault": "slow"}
# what a good order has: keys that must be there, and keys that may
ORDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "/control/faults": (FAULT, {"count": 1, "delay_ms": 1, "seed": 7, "code": "A", "message": "m"}),
    "/control/latency": ({"upstream": "whmcs", "ms": 0}, {}),
    "/control/approve": ({"sf_order_id": "801000000000000AAA"}, {}),
    "/control/reject": ({"sf_order_id": "801000000000000AAA"}, {}),
    "/control/publish": ({}, {"fields": {"IdemKey__c": "x"}, "count": 1}),
    "/control/seed": ({"orders": 1}, {"sf_account_ids": ["SF-1001"], "approve": True}),
    "/control/permissions": ({"enforce": True}, {}),
    "/control/clock": ({"advance_s": 0.5}, {}),
    "/control/snapshot": ({"name": "one"}, {}),
    "/control/restore": ({"name": "never-saved"}, {}),
    "/control/callbacks": ({"mobile": ""}, {}),
    "/sandbox/pay-methods": ({"client_email": "nobody@example.com"}, {"expiry": "12/31"}),
    "/sandbox/payments": ({"id": "sub_none"}, {}),
    "/sandbox/consents": ({"id": "sch_none"}, {}),
    "/sandbox/restrictions": ({"id": "sub_none", "restricted": True}, {}),
}
# of the right type, and nothing in this world
IMPOSSIBLE: dict[type, list[Any]] = {
    int: [-1, -(10**30), 10**30],
    float: [-1e300, 1e300, -(10**400), 10**400],
    str: ["nobody's", "x" * 100_000, "\x00", "../..", "٣"],
    list: [[7], [None], [["x"]], ["nobody"]],
    dict: [{"Nope__c": "x"}, {"IdemKey__c": {}}, {"OrderId__c": 7}, {"CreatedDate": "x"}, {"CreatedDate": 10**30}],
    bool: [],
}
# there every number, or every text, means something
FREE = {"seed", "code", "message"}
NO_OBJECTS = [
    b"", b"{", b"[1]", b'"text"', b"null", b"7", b"\xff\xfe\x00", b"[" * 50_000, b'{"a":' * 50_000, b'{"a":NaN}', b'{"a":1}x',
    b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5000 + b"}", b"a=1&b=2", b"<a/>",
]  # fmt: skip
CLIENT = requests.Session()


@dataclass(frozen=True)
class Door:
    root: str
    path: str

    def post(self, body: Any) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body)
        return CLIENT.post(self.root + self.path, data, headers={"Content-Type": "application/json"}, timeout=10)

    def is_switches(self) -> bool:
        return self.path not in ORDERS

    def good(self) -> dict[str, Any]:
        """Everything that an order may hold; switches as they are."""
        if self.is_switches():
            shown: dict[str, Any] = requests.get(self.root + self.path, timeout=10).json()
            return shown
        required, optional = ORDERS[self.path]
        return required | optional


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Running]:
    running = sandboxes.start(tmp_path_factory.mktemp("doors"))
    yield running
    assert running.process.poll() is None
    assert running.stop() == 0


@pytest.fixture(scope="module")
def doors(running: sandboxes.Running) -> list[Door]:
    """All that take an order."""
    info = running.info
    inbox = info["mail"]["inbox_url"].removesuffix("/mail")
    upstreams = (info["salesforce"]["rest_plain_url"], info["whmcs"]["url"], info["mobile"]["url"], inbox)
    lists = {info["control"]["url"]: "/control/doors", **dict.fromkeys(upstreams, "/sandbox/")}
    listed = [(root, each) for root, path in lists.items() for each in CLIENT.get(root + path, timeout=10).json()]
    return [Door(root, each["path"]) for root, each in listed if "POST" in each["methods"]]


def refused(answer: requests.Response, said: Any, statuses: tuple[int, ...] = (400,)) -> None:
    about = (answer.url, str(said)[:200], answer.status_code, answer.text[:300])
    assert answer.status_code in statuses, about
    assert answer.headers["Content-Type"].startswith("application/json"), about
    assert 5 < len(answer.json()["error"]) <= 500, about
    assert "Traceback" not in answer.text


def test_every_door_is_known_here(doors: list[Door]) -> None:
    switches = [door for door in doors if door.is_switches()]
    assert len(switches) == 4
    assert {door.path for door in doors} - {door.path for door in switches} == set(ORDERS)
    for door in switches:
        # a door that shows what it takes
        assert door.good(), door


def test_what_is_no_object(doors: list[Door]) -> None:
    for door in doors:
        for body in NO_OBJECTS:
            refused(door.post(body), body)


def test_unknown_and_missing_keys(doors: list[Door]) -> None:
    for door in doors:
        refused(door.post({**({} if door.is_switches() else door.good()), "nonsense": 1}), "an unknown key")
        refused(door.post({"nonsense": None}), "an unknown key without a value")
        required, _ = ORDERS.get(door.path, ({}, {}))
        for name in required:
            refused(door.post({key: value for key, value in required.items() if key != name}), f"without {name}")


def test_wrong_types(doors: list[Door]) -> None:
    for door in doors:
        good = door.good()
        for name, value in good.items():
            for other in (True, 7, 1.5, "nonsense", [[]], {"a": []}):
                if type(other) is not type(value) and not (isinstance(value, float) and type(other) is int):
                    sent = {name: other} if door.is_switches() else good | {name: other}
                    refused(door.post(sent), sent)


def test_impossible_values(doors: list[Door]) -> None:
    for door in doors:
        good = door.good()
        for name, value in good.items():
            for other in IMPOSSIBLE[type(value)]:
                sent = {name: other} if door.is_switches() else good | {name: other}
                if name in FREE or (door.is_switches() and isinstance(value, list)):
                    assert door.post(sent).status_code < 500, sent
                elif (door.path, name, other) != ("/control/restore", "name", "nobody's"):
                    refused(door.post(sent), sent, (400, 404))


def test_a_probability_is_one(doors: list[Door]) -> None:
    door = next(each for each in doors if each.path == "/control/faults")
    for wrong in (0, -0.5, 1.5, 10**400, "half", True):
        refused(door.post(FAULT | {"probability": wrong}), wrong)
    refused(door.post(FAULT | {"upstream": "mail", "operation": "send", "fault": "throttle", "code": "many"}), "no SMTP code")
    refused(door.post(FAULT | {"upstream": "mail", "operation": "send", "fault": "smtp_4xx", "message": "a\r\n250 b"}), "two lines")


def test_what_is_asked_for_in_the_address(running: sandboxes.Running) -> None:
    root = f"{running.info['control']['url']}/control"
    for path in ("faults?id=x", "faults?id=-1", f"faults?id={'9' * 5000}", "faults?id=٣"):
        refused(requests.delete(f"{root}/{path}", timeout=10), path)
    for path in ("faults/x", f"faults/{'9' * 5000}", "nothing"):
        assert requests.delete(f"{root}/{path}", timeout=10).status_code == 404
    assert requests.post(f"{root}/truth", timeout=10).json()["error"]
    refused(requests.get(f"{root}/truth?summary=2", timeout=10), "summary=2")
    assert requests.get(f"{root}/truth?sf_order_id=%00%ff", timeout=10).json()["orders"] == []


def test_it_writes_no_traceback_meanwhile(running: sandboxes.Running, doors: list[Door]) -> None:
    assert "Traceback" not in Path(running.dir / "sandbox.log").read_text()
    assert running.control.truth()["unclaimed"]["whmcs_orders"] == []
