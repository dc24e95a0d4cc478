"""The HTTP base: one deadline, what is surely not executed, what may have been, and what is kept out."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from console.clients.deadline import deadline, one_deadline
from console.clients.http import Http, parsed, refusal, retry_after
from console.errors import Ambiguous, Misconfigured, Rejected, Throttled, Unavailable
from console.log import correlated

Answer = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Reads one request per connection and lets `answer` do what it likes with the socket."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._answer, self._tls = answer, tls
        self.requests: list[bytes] = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(taken,), daemon=True).start()

    def _talk(self, taken: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(taken, server_side=True) if self._tls else taken as peer:
                while request := _request(peer):
                    self.requests.append(request)
                    self._answer(peer)
        except OSError:
            return  # the client hung up, as some of these tests mean it to

    def close(self) -> None:
        self._listening.close()


def _request(peer: socket.socket) -> bytes:
    """One whole request, or whatever was said in another language."""
    head = peer.recv(65536)
    while head.startswith(b"POST") and not (b"\r\n\r\n" in head and (b"a=1" in head or b"Length: 0" in head)):
        head += peer.recv(65536)
    return head


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answer, tls)
    try:
        yield server
    finally:
        server.close()


def says(*parts: bytes, pause_s: float = 0.0) -> Answer:
    def answer(peer: socket.socket) -> None:
        for part in parts:
            peer.sendall(part)
            time.sleep(pause_s)

    return answer


def hangs_up(peer: socket.socket) -> None:
    peer.shutdown(socket.SHUT_RDWR)


def client(port: int, *, scheme: str = "http", total_s: float = 5, ca_file: str | None = None) -> Http:
    return Http("whmcs", f"{scheme}://localhost:{port}", connect_s=1, total_s=total_s, ca_file=ca_file)


def call(http: Http, *, mutates: bool = True) -> object:
    return http.call("POST", "/x", operation="AddOrder", mutates=mutates, data={"a": "1"})


def test_it_keeps_a_connection_alive() -> None:
    ports: set[int] = set()

    def answer(peer: socket.socket) -> None:
        ports.add(peer.getpeername()[1])
        peer.sendall(OK)

    with serving(answer) as server:
        http = client(server.port)
        for _ in range(3):
            call(http)
    assert len(ports) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [b"H", b"T", b"T", b"P"] * 50,
        [b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 90],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", *[b"x"] * 100],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 100],
    ],
    ids=["status line", "headers", "body", "chunks"],
)
def test_it_keeps_its_deadline_on_a_dripping_server(parts: list[bytes]) -> None:
    with serving(says(*parts, pause_s=0.05)) as server:
        started = time.monotonic()
        with pytest.raises(Ambiguous) as raised:
            call(client(server.port, total_s=0.5))
        assert time.monotonic() - started < 0.9
        assert raised.value.code == "timeout"


class Client:
    total_s = 0.5

    @one_deadline
    def two_calls(self, http: Http) -> None:
        call(http)
        call(http)


def test_a_verb_of_several_calls_keeps_the_deadline_of_one() -> None:
    def slow(peer: socket.socket) -> None:
        time.sleep(0.3)
        peer.sendall(OK)

    with serving(slow) as server:
        started = time.monotonic()
        with pytest.raises(Ambiguous):
            Client().two_calls(client(server.port, total_s=5))
        assert time.monotonic() - started < 0.8


def test_nothing_is_sent_after_the_deadline() -> None:
    with serving(says(OK)) as server, deadline(0.01):
        time.sleep(0.02)
        with pytest.raises(Unavailable) as raised:
            call(client(server.port))
    assert (raised.value.code, server.requests) == ("connect_timeout", [])


def test_it_says_surely_not_executed_when_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable) as raised:
            call(client(unused.getsockname()[1]))
    assert raised.value.code == "connect"


@pytest.mark.parametrize(
    "answer",
    [hangs_up, says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", b"")],
    ids=["no answer", "truncated"],
)
def test_it_takes_a_lost_answer_for_ambiguous_only_when_it_mutates(answer: Answer) -> None:
    def then_gone(peer: socket.socket) -> None:
        answer(peer)
        peer.close()

    with serving(then_gone) as server:
        with pytest.raises(Ambiguous):
            call(client(server.port))
        with pytest.raises(Unavailable):
            call(client(server.port), mutates=False)


def test_it_caps_the_body() -> None:
    def flood(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n")
        for _ in range(90):
            peer.sendall(b"x" * 1_000_000)

    with serving(flood) as server, pytest.raises(Unavailable) as raised:
        call(client(server.port), mutates=False)
    assert raised.value.code == "too_large"


def test_it_takes_a_wrong_certificate_for_a_fault_of_the_set_up(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "right.pem"))
    stranger.cert_pem.write_to_path(str(tmp_path / "wrong.pem"))
    with serving(says(OK), tls) as server:
        call(client(server.port, scheme="https", ca_file=str(tmp_path / "right.pem")))
        for wrong in (str(tmp_path / "wrong.pem"), None, str(tmp_path / "missing.pem")):
            with pytest.raises(Misconfigured):
                call(client(server.port, scheme="https", ca_file=wrong))


def test_it_takes_speaking_tls_to_a_plain_port_for_not_executed() -> None:
    with serving(says(b"what?")) as server, pytest.raises(Unavailable) as raised:
        call(client(server.port, scheme="https"))
    assert raised.value.code == "connect"


def test_it_carries_the_correlation_id_and_no_cookies() -> None:
    cookie = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: PHPSESSID=1\r\n\r\n")
    with serving(says(cookie)) as server:
        http = client(server.port)
        with correlated() as wanted:
            call(http)
        call(http)
    first, second = server.requests
    assert f"X-Correlation-Id: {wanted}".encode() in first
    assert b"X-Correlation-Id" not in second
    assert b"PHPSESSID" not in second


def test_it_does_not_follow_redirects() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(says(moved)) as server:
        response = client(server.port).call("POST", "/x", operation="x", mutates=True)
    assert isinstance(refusal("whmcs", response, True), Misconfigured)


@pytest.mark.parametrize(
    ("status", "header", "mutates", "kind", "wait"),
    [
        (429, b"Retry-After: 7\r\n", True, Throttled, 7.0),
        (429, b"", True, Throttled, None),
        (429, b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", True, Throttled, 0.0),
        (503, b"Retry-After: 7\r\n", False, Throttled, 7.0),
        (503, b"Retry-After: 7\r\n", True, Ambiguous, None),
        (500, b"", True, Ambiguous, None),
        (500, b"", False, Unavailable, None),
        (401, b"", True, Misconfigured, None),
        (403, b"", True, Misconfigured, None),
        (422, b"", True, Rejected, None),
    ],
)
def test_it_reads_a_refusal_by_its_status(status: int, header: bytes, mutates: bool, kind: type, wait: float | None) -> None:
    with serving(says(b"HTTP/1.1 %d No\r\n%bContent-Length: 0\r\n\r\n" % (status, header))) as server:
        response = client(server.port).call("POST", "/x", operation="x", mutates=mutates)
    failure = refusal("whmcs", response, mutates)
    assert type(failure) is kind
    if kind is Throttled:
        assert failure.retry_after == wait == retry_after(response)  # type: ignore[attr-defined]


def test_it_takes_html_for_an_answer_that_says_nothing() -> None:
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")) as server:
        response = client(server.port).call("POST", "/x", operation="x", mutates=True)
    with pytest.raises(Ambiguous):
        parsed("whmcs", response, True)
    with pytest.raises(Unavailable):
        parsed("whmcs", response, False)
