"""Kill -9 while every door is being written to: what was acknowledged is there afterwards, and what was deleted is not."""

import smtplib
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests

from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as pb_grpc
from tests.sandbox.provider import Gigs
from tests.sandbox.whmcs_calls import AIKO, Whmcs
from tests.support import sandbox as sandboxes
from tests.support.processes import eventually
from tests.support.sf_rest import SfRest

# acknowledged at every door before the process is killed
ENOUGH = 8
GONE = (requests.RequestException, OSError, smtplib.SMTPException, grpc.RpcError)


class Load:
    """One writer a door, each with clients of its own; `kept` is what was acknowledged."""

    def __init__(self, running: sandboxes.Running) -> None:
        self.running, self.kept, self.turn = running, defaultdict[str, list[Any]](list), 0
        self.failures: list[BaseException] = []
        self.info = running.info
        self.inbox = f"{self.info['mail']['inbox_url']}/messages.json"
        self.seed = f"{self.info['control']['url']}/control/seed"
        self.sf, self.whmcs, self.gigs = SfRest(self.info["salesforce"]).login(), Whmcs(self.info), Gigs(self.info)
        self.tree, self.client = self.sf.order_tree("tree", "SIM-DATA-5"), self.whmcs.client("load@example.com")

    def until_killed(self, turn: int) -> None:
        self.turn = turn
        before = {door: len(self.kept[door]) for door in self.doors()}
        threads = [threading.Thread(target=self._write, args=(name, write)) for name, write in self.doors().items()]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: all(len(self.kept[door]) >= number + ENOUGH for door, number in before.items()), what="all doors' writes")
        finally:
            self.running.kill()
            for thread in threads:
                thread.join()
        assert self.failures == []

    def _write(self, door: str, write: Callable[[str], Any]) -> None:
        number = 0
        try:
            while True:
                number += 1
                self.kept[door].append(write(f"{door}-{self.turn}-{number}"))
        except GONE:
            return
        except BaseException as error:
            self.failures.append(error)

    def doors(self) -> dict[str, Callable[[str], Any]]:
        return {
            "records": lambda key: done(self.sf.post("sobjects/Case", {"Subject": key}), 201)["id"],
            "orders": self._tree,
            "clients": lambda key: done(self.whmcs.post("AddClient", **{**AIKO, "email": f"{key}@example.com"}))["clientid"],
            "carts": lambda key: self.whmcs.order(self.client)["orderid"],
            "lines": self._line,
            "mails": self._letter,
            "deleted": self._delete,
            "events": lambda key: done(requests.post(self.seed, json={"orders": 1, "approve": True}, timeout=10))["event_uuids"][0],
            "published": Publisher(self.info, self.sf),
        }

    def _tree(self, key: str) -> str:
        order = {**self.tree["records"][0], "Portal_Idem_Key__c": key}
        items = [{**item, "Portal_Line_Key__c": key} for item in order["OrderItems"]["records"]]
        return done(requests.post(
            f"{self.info['salesforce']['rest_plain_url']}/services/data/v63.0/composite/tree/Order",
            json={"records": [{**order, "OrderItems": {"records": items}}]}, headers=dict(self.sf.session.headers), timeout=10,
        ), 201)["results"][0]["id"]  # fmt: skip

    def _line(self, key: str) -> str:
        user = done(self.gigs.call("POST", "users", {"email": f"{key}@example.com"}), 201)["id"]
        return done(self.gigs.call("POST", "subscriptions", {"plan": "pln_jp20v", "user": user, "sim": "auto"}), 201)["id"]

    def _letter(self, key: str, to: str = "keep@example.com") -> str:
        with smtplib.SMTP("127.0.0.1", self.info["mail"]["smtp_port"], timeout=10) as server:
            assert server.sendmail("a@example.com", [to], f"Subject: {key}\r\nMessage-ID: <{key}@x>\r\n\r\nHello\r\n") == {}
        return f"<{key}@x>"

    def _delete(self, key: str) -> str:
        sent = self._letter(key, f"{key}@example.com")
        assert done(requests.delete(self.inbox, params={"to": f"{key}@example.com"}, timeout=10)) == {"deleted": 1}
        return sent

    # -- what is there

    def found(self) -> dict[str, set[Any]]:
        truth = self.running.control.truth()
        mails = {each["message_id"] for each in requests.get(self.inbox, timeout=10).json()}
        orders = self.whmcs.ask("GetOrders", userid=self.client, limitnum=10_000)["orders"]["order"]
        return {
            "records": {each["Id"] for each in self.sf.query("SELECT Id FROM Case")},
            "orders": {each["sf_order_id"] for each in truth["orders"]},
            "events": {event["uuid"] for each in truth["orders"] for event in each["events"]},
            "clients": {each["client_id"] for each in truth["unclaimed"]["clients"]},
            "lines": {each["subscription_id"] for each in truth["unclaimed"]["subscriptions"]},
            "carts": {each["id"] for each in orders}, "mails": mails,
            "published": Publisher(self.info, self.sf).found(set(self.kept["published"])), "deleted": set(self.kept["deleted"]) - mails,
        }  # fmt: skip


class Publisher:
    """Publishes bare events as a program at the bus does."""

    def __init__(self, info: dict[str, Any], sf: SfRest) -> None:
        self.own = info["salesforce"]
        token = str(sf.session.headers["Authorization"]).removeprefix("Bearer ")
        self.told = [("accesstoken", token), ("instanceurl", self.own["instance_url"]), ("tenantid", self.own["org_id"])]
        self.stub = pb_grpc.PubSubStub(grpc.insecure_channel(self.own["pubsub_plain_endpoint"]))
        self.schema_id = self.stub.GetTopic(pb.TopicRequest(topic_name=self.own["topic"]), metadata=self.told, timeout=10).schema_id

    def __call__(self, key: str) -> bytes:
        event = pb.ProducerEvent(schema_id=self.schema_id, payload=b"\0\0\0\0")
        asked = pb.PublishRequest(topic_name=self.own["topic"], events=[event])
        replay_id: bytes = self.stub.Publish(asked, metadata=self.told, timeout=10).results[0].replay_id
        return replay_id

    def found(self, wanted: set[bytes]) -> set[bytes]:
        """Replay ids of what is retained, up to the last that is wanted."""
        ids: set[bytes] = set()
        first = pb.FetchRequest(topic_name=self.own["topic"], replay_preset="EARLIEST", num_requested=100)
        asking = iter(lambda: pb.FetchRequest(num_requested=100), None)
        stream = self.stub.Subscribe((one for part in ([first], asking) for one in part), metadata=self.told, timeout=20)
        for answer in stream:
            ids.update(each.replay_id for each in answer.events)
            if wanted <= ids or not answer.events:
                stream.cancel()
                return ids
        return ids


def done(answer: requests.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert not isinstance(body, dict) or body.get("result") != "error", body
    return body


@pytest.fixture
def running(tmp_path: Path) -> Iterator[sandboxes.Running]:
    running = sandboxes.start(tmp_path)
    yield running
    assert running.stop() == 0


@pytest.mark.long
def test_a_start_that_is_killed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    """At whatever moment of the first start."""
    command = [sys.executable, "-m", "sandbox", "--dir", str(tmp_path), "--fast"]
    for moment in range(1, 13):
        with subprocess.Popen(command, cwd=sandboxes.ROOT, stdout=subprocess.DEVNULL) as begun:
            time.sleep(moment / 12)
            begun.kill()
    running = sandboxes.start(tmp_path)
    assert running.control.truth()["orders"] == []
    assert SfRest(running.info["salesforce"]).login().account_id()
    assert running.stop() == 0


def test_nothing_acknowledged_is_lost(running: sandboxes.Running) -> None:
    running.control.ask("POST", "permissions", {"enforce": False})
    load = Load(running)
    for turn in range(2):
        load.until_killed(turn)
        running.restart()
        found = load.found()
        for door, kept in load.kept.items():
            assert [each for each in kept if each not in found[door]] == [], door
            assert len(set(kept)) == len(kept), door
