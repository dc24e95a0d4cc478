"""A program that calls every door of a sandbox in turn, as clients outside do: `python -m bench.visitors SANDBOX_JSON NAME`.

It says "ready", begins when a line comes, ends when its input does, and then says how many calls of each door were answered.
"""

from __future__ import annotations

import json
import select
import smtplib
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import requests

from sandbox.salesforce.protos import sandbox_pubsub_pb2 as wire
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as wire_grpc
from tests.support.sf_rest import VERSION, SfRest

CLIENT = {"firstname": "A", "lastname": "B", "password2": "Secret-123456", "skipvalidation": "1", "noemail": "1"}


class Visitor:
    """`doors` are calls by name; each raises when it was not answered as it should be."""

    def __init__(self, info: dict[str, Any], name: str) -> None:
        self.info, self.name, self.numbers = info, name, count()
        self.session = requests.Session()
        self.session.trust_env = False
        self.sf = SfRest(info["salesforce"], requests.Session()).login()
        self.sf.session.headers["Accept-Encoding"] = "identity"
        self.token = str(self.sf.session.headers["Authorization"]).removeprefix("Bearer ")
        self.tree = self.sf.order_tree(name, "SIM-DATA-5")["records"][0]
        self.client = self.whmcs("AddClient", **CLIENT, email=f"{name}@example.com")["clientid"]
        self.user = self.mobile("POST", "users", {"email": f"{name}@example.com"})["id"]
        self.post = smtplib.SMTP("127.0.0.1", info["mail"]["smtp_port"], timeout=30)
        self.bus = wire_grpc.PubSubStub(grpc.insecure_channel(info["salesforce"]["pubsub_plain_endpoint"]))
        self.control = f"{info['control']['url']}/control"
        self.order, self.item = "", ""

    def doors(self) -> dict[str, Callable[[], object]]:
        inbox, plain = self.info["mail"]["inbox_url"], f"{self.info['salesforce']['rest_plain_url']}{VERSION}"
        ours = "SELECT Id, Status FROM Order WHERE Portal_Idem_Key__c = '{}'"
        return {
            "query": lambda: self.sf.query(ours.format(self.name)),
            "tree": self.place,
            "approve": lambda: self.ask("POST", f"{self.control}/approve", json={"sf_order_id": self.order}),
            "plain": lambda: self.ask("GET", f"{plain}/limits", headers=self.sf.session.headers),
            "AddOrder": self.cart,
            "GetClientsDetails": lambda: self.whmcs("GetClientsDetails", clientid=self.client),
            "subscriptions": self.line,
            "sims": lambda: self.mobile("GET", "sims?limit=5", None),
            "letter": self.letter,
            "inbox": lambda: self.ask("GET", f"{inbox}/messages.json?to=nobody@example.com"),
            "truth": lambda: self.ask("GET", f"{self.control}/truth?sf_order_id={self.order}"),
            "GetTopic": self.topic,
        }

    def ask(self, method: str, url: str, **more: Any) -> Any:
        answer = self.session.request(method, url, timeout=30, **more)
        assert answer.ok, answer.text
        return answer.json()

    def whmcs(self, action: str, **sent: Any) -> Any:
        told = self.info["whmcs"]
        keys = {"action": action, "identifier": told["identifier"], "secret": told["secret"], "responsetype": "json"}
        answer = self.ask("POST", f"{told['url']}/includes/api.php", data=keys | sent)
        assert answer["result"] == "success", answer
        return answer

    def mobile(self, method: str, path: str, body: Any) -> Any:
        told = self.info["mobile"]
        url = f"{told['url']}/projects/{told['project']}/{path}"
        return self.ask(method, url, json=body, headers={"Authorization": f"Bearer {told['api_key']}"})

    def place(self) -> None:
        key = f"{self.name}-{next(self.numbers)}"
        line = {**self.tree["OrderItems"]["records"][0], "Portal_Line_Key__c": key}
        order = {**self.tree, "Portal_Idem_Key__c": key, "OrderItems": {"records": [line]}}
        answer = self.sf.post("composite/tree/Order", {"records": [order]})
        assert answer.status_code == 201, answer.text
        made = {each["referenceId"]: each["id"] for each in answer.json()["results"]}
        self.order, self.item = made["order"], made["line0"]

    def cart(self) -> None:
        lines = {"pid[0]": "102", "domain[0]": f"sf-{self.item}"}
        self.whmcs("AddOrder", clientid=self.client, paymentmethod=self.info["whmcs"]["payment_method"], **lines)

    def line(self) -> None:
        wanted = {"plan": "pln_jp20v", "user": self.user, "sim": "auto", "metadata": {"portal_op": f"act-{self.item}"}}
        self.mobile("POST", "subscriptions", wanted)

    def letter(self) -> None:
        assert self.post.sendmail("a@example.com", ["b@example.com"], f"Subject: {next(self.numbers)}\r\n\r\nHello\r\n") == {}

    def topic(self) -> None:
        own = self.info["salesforce"]
        told = [("accesstoken", self.token), ("instanceurl", own["instance_url"]), ("tenantid", own["org_id"])]
        assert self.bus.GetTopic(wire.TopicRequest(topic_name=own["topic"]), metadata=told, timeout=30).can_subscribe


def _over() -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main() -> None:
    visitor = Visitor(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    answered: Counter[str] = Counter()
    slowest = 0.0
    while not _over():
        for name, call in visitor.doors().items():
            began = time.monotonic()
            call()
            answered[name] += 1
            slowest = max(slowest, time.monotonic() - began)
    print(json.dumps({"answered": answered, "slowest_s": slowest}), flush=True)


if __name__ == "__main__":
    main()
