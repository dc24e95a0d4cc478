"""The disk is full: every door says so in its upstream's words, nothing counts that was not kept, and it goes on when there is room."""

import os
import resource
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from tests.support.sandbox import Refused
from tests.support.sf_rest import SfRest

SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><login><username>{username}</username>'
    "<password>{password}</password></login></s:Body></s:Envelope>"
)


@contextmanager
def no_room(running: sandboxes.Running) -> Iterator[None]:
    """No file of the process may grow, nor be written behind its first byte: as on a disk without a free block."""
    before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)


@dataclass
class Writers:
    """One change at every door. Each answers status, kind of body and a part of it, and says whether it was taken."""

    running: sandboxes.Running

    def __post_init__(self) -> None:
        info = self.running.info
        self.sf, self.whmcs, self.gigs = SfRest(info["salesforce"]).login(), Whmcs(info), Gigs(info)
        self.own, self.mail = info["salesforce"], info["mail"]
        self.waiting = [self.sf.place(f"waiting{number}") for number in range(4)]
        self.tree, self.client = self.sf.order_tree("tree", "SIM-DATA-5"), self.whmcs.client("before@example.com")
        self.page = self.whmcs.ask("CreateSsoToken", client_id=self.client)["redirect_url"]
        self.running.control.ask("POST", "permissions", {"enforce": False})
        self.tried = 0

    def doors(self) -> dict[str, Callable[[], requests.Response]]:
        email, root = f"disk{self.tried}@example.com", f"{self.running.info['control']['url']}/control"
        self.tried += 1
        return {
            "create": lambda: self.sf.post("sobjects/Case", {"Subject": email}),
            "tree": lambda: self.sf.post("composite/tree/Order", self.tree),
            "token": self.sf.token,
            "soap": lambda: requests.post(f"{self.own['rest_plain_url']}/services/Soap/u/63.0", SOAP.format(**self.own), timeout=10),
            "AddClient": lambda: self.whmcs.post("AddClient", **{**AIKO, "email": email}),
            "AddOrder": lambda: self.whmcs.post(
                "AddOrder", clientid=self.client, paymentmethod=self.whmcs.info["payment_method"], **{"pid[0]": "102"}
            ),
            "users": lambda: self.gigs.call("POST", "users", {"email": email}),
            "page": lambda: requests.get(self.page, timeout=10),
            "approve": lambda: requests.post(f"{root}/approve", json={"sf_order_id": self.waiting[-1]}, timeout=10),
            "seed": lambda: requests.post(f"{root}/seed", json={"orders": 3}, timeout=10),
            "clock": lambda: requests.post(f"{root}/clock", json={"advance_s": 1}, timeout=10),
            "snapshot": lambda: requests.post(f"{root}/snapshot", json={"name": "full"}, timeout=10),
            "switch": lambda: requests.post(f"{self.whmcs.url}/sandbox/quirks", json={"types": "all_strings"}, timeout=10),
        }

    def letter(self) -> int:
        """The status after the message itself."""
        with smtplib.SMTP("127.0.0.1", self.mail["smtp_port"], timeout=10) as server:
            server.ehlo()
            server.mail("a@example.com")
            server.rcpt("disk@example.com")
            return server.data(b"Subject: disk\r\n\r\nHello\r\n")[0]

    def event(self) -> grpc.StatusCode:
        token = str(self.sf.session.headers["Authorization"]).removeprefix("Bearer ")
        told = [("accesstoken", token), ("instanceurl", self.own["instance_url"]), ("tenantid", self.own["org_id"])]
        with grpc.insecure_channel(self.own["pubsub_plain_endpoint"]) as channel:
            stub = pb_grpc.PubSubStub(channel)
            try:
                schema_id = stub.GetTopic(pb.TopicRequest(topic_name=self.own["topic"]), metadata=told, timeout=10).schema_id
                # CreatedDate 0, no author, no order, no key: as Avro writes them
                event = pb.ProducerEvent(schema_id=schema_id, payload=b"\0\0\0\0")
                asked = pb.PublishRequest(topic_name=self.own["topic"], events=[event])
                made = stub.Publish(asked, metadata=told, timeout=10).results[0]
                return grpc.StatusCode.OK if made.replay_id else grpc.StatusCode.INTERNAL
            except grpc.RpcError as error:
                return error.code()


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writers]:
    running = sandboxes.start(tmp_path_factory.mktemp("disk"), fast=False)
    yield Writers(running)
    assert running.stop() == 0


def held(running: sandboxes.Running) -> dict[str, Any]:
    """What the world knows, by every door."""
    mails = requests.get(f"{running.info['mail']['inbox_url']}/messages.json", timeout=10).json()
    return {"truth": running.control.truth(), "mails": mails, "clock": running.control.ask("GET", "clock")["ahead_s"]}


def test_every_door_says_so_and_nothing_changed(writers: Writers) -> None:
    running, inbox = writers.running, f"{writers.mail['inbox_url']}/messages.json"
    running.control.ask("POST", "snapshot", {"name": "before"})
    assert writers.letter() == 250
    before = held(running)
    with no_room(running):
        assert requests.delete(inbox, timeout=10).status_code == 503
        with pytest.raises(Refused, match="503"):
            running.control.ask("POST", "restore", {"name": "before"})
        answers = {name: door() for name, door in writers.doors().items()}
        assert writers.letter() == 452
        assert writers.event() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE)
        assert held(running) == before
        # what only reads goes on
        assert writers.sf.query("SELECT Id FROM Order")
        assert writers.gigs.get("plans")["items"]
    assert {name: answer.status_code for name, answer in answers.items()} == {
        **dict.fromkeys(("create", "tree", "token", "soap", "AddClient", "AddOrder"), 500),
        **dict.fromkeys(("users", "approve", "seed", "clock", "snapshot", "switch", "page"), 503),
    }  # fmt: skip
    assert answers["create"].json()[0]["errorCode"] == answers["tree"].json()[0]["errorCode"] == "UNKNOWN_EXCEPTION"
    assert answers["token"].json()["error"] == "unknown_error"
    assert "<faultcode>sf:UNKNOWN_EXCEPTION" in answers["soap"].text
    assert "Oops" in answers["AddClient"].text
    assert answers["users"].json()["code"] == "serviceUnavailable"
    assert all("nothing was changed: disk" in answers[name].json()["error"] for name in ("approve", "seed", "clock", "snapshot"))
    assert not any("Traceback" in answer.text for answer in answers.values())


def test_it_goes_on_when_there_is_room(writers: Writers) -> None:
    running = writers.running
    for _ in range(3):
        with no_room(running):
            assert [door().status_code >= 400 for door in writers.doors().values()] == [True] * len(writers.doors())
        assert writers.gigs.user(f"between{writers.tried}@example.com")
    answers = {name: door().status_code for name, door in writers.doors().items()}
    assert {name: status for name, status in answers.items() if status >= 400} == {}
    assert (writers.letter(), writers.event()) == (250, grpc.StatusCode.OK)
    after = held(running)
    running.kill()
    assert sqlite3.connect(running.dir / "sandbox.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
    running.restart()
    assert held(running) == after
    numbers = [order["salesforce"]["OrderNumber"] for order in after["truth"]["orders"]]
    assert len(set(numbers)) == len(numbers) == len(writers.waiting) + 1 + 3


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[sandboxes.Running]:
    """A sandbox on a file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount one; the other tests limit the process")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    try:
        running = sandboxes.start(folder)
        yield running
        running.kill()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


def test_a_file_system_that_is_full(cramped: sandboxes.Running) -> None:
    """What still fits is kept; what does not fit any more is refused, and that it was is true."""
    gigs, filler = Gigs(cramped.info), cramped.dir / "filler"

    def created(turn: str) -> list[str]:
        """Until it is refused."""
        kept: list[str] = []
        while (answer := gigs.call("POST", "users", {"email": f"{turn}{len(kept)}@example.com"})).ok and len(kept) < 2000:
            kept.append(answer.json()["id"])
        assert answer.status_code == 503
        with pytest.raises(Refused, match="database or disk is full"):
            cramped.control.ask("POST", "seed", {"orders": 50})
        return kept

    kept = []
    for turn in ("first", "second"):
        fill(filler)
        kept += created(turn)
        filler.unlink()
        kept.append(gigs.user(f"after-{turn}@example.com"))
    cramped.kill()
    cramped.restart()
    assert [user for user in kept if gigs.call("GET", f"users/{user}").status_code != 200] == []


def test_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    """Nor does it leave half a file behind that the next start would trip over."""
    command = ["bash", "-c", 'ulimit -f 0; exec "$0" -m sandbox --dir "$1"', sys.executable, str(tmp_path / "own")]
    told = subprocess.run(command, cwd=sandboxes.ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (told.returncode, told.stderr.count("\n"), told.stderr.startswith("sandbox: ")) == (2, 1, True), told.stderr
    assert [file.name for file in (tmp_path / "own").iterdir() if file.stat().st_size] == []
