"""Whatever comes in at whichever port, nothing dies, nobody else waits, and no answer shows the inside."""

import os
import resource
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests

from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb
from sandbox.salesforce.protos import sandbox_pubsub_pb2_grpc as pb_grpc
from tests.sandbox.provider import Gigs
from tests.sandbox.rubbish import HELLO, Port, anything, bad_requests, http_ports, other_ports
from tests.sandbox.whmcs_calls import Whmcs
from tests.support import sandbox as sandboxes
from tests.support.sf_rest import SfRest

SEED = 20261122
SIZE = 5 * 1024 * 1024
IDLE, PATIENCE_S = 180, 8
# what a shell usually gives
USUAL_FILES = 1024
MOST_MB = 300
JSON, FORM, PARTS, XML = "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
LARGE = {
    JSON: [b'{"a":' * (SIZE // 5), b'{"compositeRequest":[' + b'{"a":"\\u0000"},' * (SIZE // 15) + b"{}]}"],
    FORM: [b"a" + b"[]" * (SIZE // 2), b"&".join(b"a=%d" % number for number in range(SIZE // 9))],
    f"{PARTS}; boundary=x": [b"--x\r\n" * (SIZE // 5), PART + b"y" * SIZE],
    XML: [b"<a>" * (SIZE // 3), b"<!DOCTYPE a [<!ENTITY b '" + b"c" * SIZE],
}  # fmt: skip
# what a connection that hangs has said so far
HALVES = (b"", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhel", b"GET / HTT", HELLO[:50])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Running]:
    with files(USUAL_FILES):
        running = sandboxes.start(tmp_path_factory.mktemp("garbage"))
    yield running
    assert running.process.poll() is None
    log = Path(running.dir / "sandbox.log").read_text()
    assert running.stop() == 0
    assert "Traceback" not in log, log[-3000:]


@contextmanager
def files(most: int) -> Iterator[None]:
    """How many this process, and what it starts, may have open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, before[1]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Visitor:
    """Calls every door as clients do, and remembers how long each call took."""

    def __init__(self, running: sandboxes.Running) -> None:
        info = running.info
        self.sf, self.whmcs, self.gigs = SfRest(info["salesforce"]).login(), Whmcs(info), Gigs(info)
        self.took: list[float] = []
        self.doors: list[Callable[[], object]] = [
            self._salesforce, lambda: self.whmcs.ask("WhmcsDetails"), lambda: self.gigs.get("plans"), running.control.faults, self._inbox,
            self._smtp, self._pubsub,
        ]  # fmt: skip
        self._mail, self._bus = info["mail"], info["salesforce"]

    def go_round(self) -> None:
        for door in self.doors:
            began = time.monotonic()
            door()
            self.took.append(time.monotonic() - began)

    def _salesforce(self) -> None:
        assert self.sf.get("limits").status_code == 200

    def _inbox(self) -> None:
        assert requests.get(f"{self._mail['inbox_url']}/messages.json", timeout=10).ok

    def _smtp(self) -> None:
        with smtplib.SMTP("127.0.0.1", self._mail["smtp_port"], timeout=10) as server:
            assert server.noop()[0] == 250

    def _pubsub(self) -> None:
        session = self.sf.session.headers["Authorization"].removeprefix("Bearer ")
        told = [("accesstoken", session), ("instanceurl", self._bus["instance_url"]), ("tenantid", self._bus["org_id"])]
        with grpc.insecure_channel(self._bus["pubsub_plain_endpoint"]) as channel:
            asked = pb.TopicRequest(topic_name=self._bus["topic"])
            assert pb_grpc.PubSubStub(channel).GetTopic(asked, metadata=told, timeout=10).can_subscribe


@pytest.fixture(scope="module")
def visitor(running: sandboxes.Running) -> Visitor:
    return Visitor(running)


@contextmanager
def visited(visitor: Visitor) -> Iterator[None]:
    """Others call meanwhile; all are answered, and soon."""
    visitor.took.clear()
    over, failed = threading.Event(), list[BaseException]()

    def walk() -> None:
        try:
            while not over.is_set() or not visitor.took:
                visitor.go_round()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=walk)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert failed == []
    assert max(visitor.took) < PATIENCE_S


def calm(answer: bytes) -> None:
    assert b"Traceback" not in answer
    assert b'File "' not in answer


def test_any_bytes_at_any_port(running: sandboxes.Running, visitor: Visitor) -> None:
    with visited(visitor):
        for port in (*http_ports(running.info), *other_ports(running.info)):
            for sent in anything(SEED):
                try:
                    calm(port.knock(sent))
                except OSError:
                    continue  # cut off: as good an answer as any
    visitor.go_round()


def test_requests_that_are_none(running: sandboxes.Running, visitor: Visitor) -> None:
    with visited(visitor):
        for port in http_ports(running.info):
            for sent in bad_requests(SEED):
                try:
                    answer = port.knock(sent, running.info["salesforce"]["ca_file"]) if port.tls else port.knock(sent)
                except TimeoutError:
                    assert port.tls, sent  # the rest is still awaited
                    continue
                except OSError:
                    continue
                calm(answer)
                assert not answer or answer[9:10] in b"45" or answer.startswith(b"<!DOCTYPE"), (port.name, sent[:200], answer[:200])


def test_the_wrong_protocol_at_a_port(running: sandboxes.Running) -> None:
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    for port in http_ports(running.info):
        answer = _heard(port, asked if port.tls else HELLO + b"\r\n\r\n")
        assert not answer.startswith(b"HTTP/") if port.tls else b"400" in answer[:400], (port.name, answer[:200])


def _heard(port: Port, sent: bytes) -> bytes:
    try:
        return port.knock(sent)
    except OSError:
        return b""


def places(info: dict[str, Any], kind: str) -> list[tuple[str, dict[str, str]]]:
    """Where bodies of a kind are read."""
    return [(url, headers) for url, headers, *kinds in _places(info) if kind.partition(";")[0] in kinds]


def _places(info: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Addresses, with what lets one in, and what they read."""
    token = SfRest(info["salesforce"]).login().session.headers["Authorization"]
    sf, mobile, allowed = info["salesforce"]["rest_plain_url"], info["mobile"], {"Authorization": str(token)}
    key = {"Authorization": f"Bearer {mobile['api_key']}"}
    return [
        (f"{sf}/services/oauth2/token", {}, FORM), (f"{sf}/services/Soap/u/63.0", {}, XML),
        (f"{sf}/services/data/v63.0/composite", allowed, JSON), (f"{info['whmcs']['url']}/includes/api.php", {}, FORM, PARTS),
        (f"{mobile['url']}/projects/{mobile['project']}/users", key, JSON), (f"{mobile['url']}/phone", {}, FORM, PARTS),
        (f"{info['control']['url']}/control/faults", {}, JSON),
        (f"{info['mail']['inbox_url'].removesuffix('/mail')}/sandbox/behaviour", {}, JSON),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", LARGE)
def test_megabytes_of_nonsense(running: sandboxes.Running, visitor: Visitor, kind: str) -> None:
    with visited(visitor), requests.Session() as session:
        for url, headers in places(running.info, kind):
            for body in LARGE[kind]:
                answer = session.post(url, body, headers=headers | {"Content-Type": kind}, timeout=20)
                calm(answer.content)
                # SOAP's refusals are 500 by its rules
                assert answer.status_code < 500 or "soapenv:Fault" in answer.text, (url, body[:40], answer.text[:200])
    # what such bodies took is given back
    assert resident_mb(running) < MOST_MB


def test_many_connections_that_say_nothing(running: sandboxes.Running, visitor: Visitor) -> None:
    """More of them than a process may usually have files."""
    with files(4 * USUAL_FILES), ExitStack() as held:
        for port in (*http_ports(running.info), *other_ports(running.info)):
            for number in range(IDLE):
                idle = held.enter_context(socket.create_connection(("127.0.0.1", port.number), 10))
                idle.sendall(HALVES[number % len(HALVES)])
        for _ in range(3):
            with visited(visitor):
                visitor.go_round()


def test_more_connections_than_there_may_be(running: sandboxes.Running, visitor: Visitor) -> None:
    """Who has one goes on, who has none waits, and nothing spins meanwhile."""
    pid = running.process.pid
    number = next(each.number for each in http_ports(running.info) if each.name == "mobile")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    assert visitor.gigs.get("plans")
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{pid}/fd").iterdir())) + 20, before[1]))
        with ExitStack() as held:
            for _ in range(60):
                held.enter_context(socket.create_connection(("127.0.0.1", number), 10))
            began = cpu_s(pid)
            assert visitor.sf.get("limits").status_code == 200
            time.sleep(0.3)
            assert cpu_s(pid) - began < 0.25
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    visitor.go_round()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_body_that_never_ends_takes_no_memory(running: sandboxes.Running) -> None:
    """A length is only a promise."""
    port = next(each for each in http_ports(running.info) if each.name == "whmcs")
    head = b"POST /includes/api.php HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nhello"
    before = resident_mb(running)
    with ExitStack() as held:
        for _ in range(20):
            promising = held.enter_context(socket.create_connection(("127.0.0.1", port.number), 10))
            promising.sendall(head % (60 * 1024 * 1024))
        assert requests.get(running.info["pages"]["whmcs"], timeout=10).ok
        assert resident_mb(running) - before < 30
    assert b" 413 " in port.knock(head % 10**11)


def resident_mb(running: sandboxes.Running) -> float:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_a_call_goes_on_after_a_pause_in_its_middle(running: sandboxes.Running) -> None:
    """Slow clients are clients."""
    info = running.info["whmcs"]
    form = f"action=WhmcsDetails&identifier={info['identifier']}&secret={info['secret']}&responsetype=json".encode()
    number = next(each.number for each in http_ports(running.info) if each.name == "whmcs")
    with socket.create_connection(("127.0.0.1", number), 10) as slow:
        head = (
            b"POST /includes/api.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
        )
        for piece in (head[:30], head[30:] % len(form), form[:10], form[10:]):
            slow.sendall(piece)
            requests.get(running.info["pages"]["whmcs"], timeout=10)
        assert b'"result":"success"' in slow.recv(65536)
