"""Many orders at once, their events, and the truth about them in numbers."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import phpserialize
import pytest
import requests

from tests.support import sandbox
from tests.support.sandbox import Control, Refused
from tests.support.sf_rest import SfRest


@pytest.fixture
def running(tmp_path: Any) -> Iterator[sandbox.Running]:
    """Of the test's own: it counts."""
    running = sandbox.start(tmp_path / "own")
    yield running
    running.stop()


def seed(control: Control, orders: int, **more: Any) -> list[str]:
    return control.ask("POST", "seed", {"orders": orders, **more})["orders"]


def summary(control: Control) -> dict[str, Any]:
    return control.ask("GET", "truth", summary=1)


def test_it_places_orders_as_the_portal_does(running: sandbox.Running) -> None:
    account = running.control.ask("POST", "seed", {"orders": 1, "sf_account_ids": ["SF-1002"]})
    (told,) = running.control.truth(account["orders"][0])["orders"]
    order, items = told["salesforce"], told["salesforce"]["items"]
    assert (order["Status"], order["Activation_Status__c"], order["TotalAmount"]) == ("Pending Review", "Not Started", 2380.0)
    assert len(order["Portal_Idem_Key__c"]) == 64
    assert [(each["Billing_Cycle__c"], each["UnitPrice"], each["Quantity"]) for each in items] == [
        ("Monthly", 1280.0, 1),
        ("Onetime", 1100.0, 1),
    ]
    assert [each["Portal_Line_Key__c"] for each in items] == [f"{order['Portal_Idem_Key__c']}-{n}" for n in range(2)]
    assert (account["event_uuids"], told["events"]) == ([], [])
    by_id = seed(running.control, 4, sf_account_ids=[order["AccountId"], "SF-1003"])
    owners = [running.control.truth(each)["orders"][0]["salesforce"]["AccountId"] for each in by_id]
    assert (owners[0], owners[0] == owners[2], owners[0] == owners[1]) == (order["AccountId"], True, False)


def test_it_approves_what_it_placed(running: sandbox.Running) -> None:
    made = running.control.ask("POST", "seed", {"orders": 150, "approve": True})
    assert (len(set(made["orders"])), len(set(made["event_uuids"]))) == (150, 150)
    (told,) = running.control.truth(made["orders"][149])["orders"]
    assert (told["salesforce"]["Status"], told["salesforce"]["Activation_Status__c"]) == ("Approved", "Activating")
    assert told["events"][0] | {"published_at": ""} == {
        "uuid": made["event_uuids"][149], "idem_key": told["salesforce"]["Portal_Idem_Key__c"], "published_at": "",
    }  # fmt: skip
    running.kill()
    running.restart()
    assert summary(running.control)["orders"] == 150


@pytest.mark.parametrize("order", [
    {}, {"orders": 0}, {"orders": 200_001}, {"orders": "many"}, {"orders": 1, "sf_account_ids": []},
    {"orders": 1, "sf_account_ids": ["SF-9999"]}, {"orders": 1, "sf_account_ids": [7]}, {"orders": 1, "approved": True},
])  # fmt: skip
def test_it_refuses_to_seed_nonsense(control: Control, order: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        control.ask("POST", "seed", order)
    assert refusal.value.status == 400


def test_it_publishes_many_events(running: sandbox.Running) -> None:
    (order_id,) = seed(running.control, 1)
    same = running.control.ask("POST", "publish", {"sf_order_id": order_id, "count": 3})["event_uuids"]
    assert [each["uuid"] for each in running.control.truth(order_id)["orders"][0]["events"]] == same
    assert len(set(running.control.ask("POST", "publish", {"count": 1200})["event_uuids"])) == 1200
    for wrong in ({"count": 0}, {"count": 200_001}, {}):
        with pytest.raises(Refused):
            running.control.ask("POST", "publish", wrong)


class Buyer:
    """Does upstream what the portal does for an order."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.whmcs, self.mobile = info["whmcs"], info["mobile"]
        fields = base64.b64encode(phpserialize.dumps({1: "SF-1001"})).decode()
        self.client = self.ask(
            "AddClient", firstname="A", lastname="B", email="a@example.com", password2="Secret-123456", skipvalidation="1", noemail="1",
            customfields=fields,
        )["clientid"]  # fmt: skip
        self.user = self.post("users", {"email": "a@example.com"})["id"]

    def ask(self, action: str, **sent: Any) -> dict[str, Any]:
        keys = {"action": action, "identifier": self.whmcs["identifier"], "secret": self.whmcs["secret"], "responsetype": "json"}
        answer = requests.post(f"{self.whmcs['url']}/includes/api.php", {**keys, **sent}, timeout=10).json()
        assert answer["result"] == "success", answer
        return answer

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.mobile['url']}/projects/{self.mobile['project']}/{path}"
        answer = requests.post(url, json=body, headers={"Authorization": f"Bearer {self.mobile['api_key']}"}, timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def subscribe(self, item_id: str) -> None:
        self.post("subscriptions", {"plan": "pln_jp05", "user": self.user, "sim": "auto", "metadata": {"portal_op": f"act-{item_id}"}})

    def order(self, item_id: str) -> int:
        line = {"pid[0]": "101", "billingcycle[0]": "monthly", "domain[0]": f"sf-{item_id}"}
        return self.ask("AddOrder", clientid=self.client, paymentmethod="stripe", **line)["orderid"]


def test_it_sums_up_what_came_through_what_was_lost_and_what_was_doubled(running: sandbox.Running) -> None:
    control, buyer = running.control, Buyer(running.info)
    ids = seed(control, 6, approve=True)
    waiting = seed(control, 1)
    assert summary(control) == {
        "orders": 7, "activated": 0, "lost": ids, "doubled": [], "pending_effects": 0,
        "unclaimed": {"whmcs_orders": 0, "subscriptions": 0, "clients": 0},
    }  # fmt: skip
    lines = [control.truth(each)["orders"][0]["salesforce"]["items"][0]["Id"] for each in ids]
    sf = SfRest(running.info["salesforce"]).login()
    for line, order_id in zip(lines, ids, strict=True):
        buyer.ask("AcceptOrder", orderid=buyer.order(line))
        buyer.subscribe(line)
        assert sf.patch(f"sobjects/Order/{order_id}", {"Activation_Status__c": "Activated"}).status_code == 204
    assert summary(control)["lost"] == summary(control)["doubled"] == []
    buyer.subscribe(lines[1])
    twice = buyer.order(lines[2])
    undone = buyer.order(lines[3])
    buyer.ask("CancelOrder", orderid=undone)
    sf.patch(f"sobjects/Order/{ids[4]}", {"Activation_Status__c": "Failed"})
    buyer.order("nowhere")
    buyer.subscribe("nowhere")
    told = summary(control)
    assert (told["orders"], told["activated"], told["lost"], told["doubled"]) == (7, 5, [ids[4]], ids[1:3])
    assert told["unclaimed"] == {"whmcs_orders": 1, "subscriptions": 1, "clients": 0}
    assert waiting[0] not in told["lost"]
    assert twice in [each["order_id"] for each in control.truth(ids[2])["orders"][0]["whmcs"]]
    for wrong in ({"summary": "yes"}, {"summary": 1, "sf_order_id": ids[0]}):
        with pytest.raises(Refused):
            control.ask("GET", "truth", **wrong)


def test_the_truth_of_one_order_does_not_search_through_all(running: sandbox.Running) -> None:
    """Bounds are generous: the machine that runs tests is shared."""
    control = running.control
    began = time.monotonic()
    ids = [order_id for _ in range(2) for order_id in seed(control, 1000)]
    assert len(ids) / (time.monotonic() - began) > 250
    for asked in ({"sf_order_id": ids[1000]}, {"summary": 1}):
        began = time.monotonic()
        control.ask("GET", "truth", **asked)
        assert time.monotonic() - began < 0.5
