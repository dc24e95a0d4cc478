"""What no client of the sandbox should send: bytes, halves, wrong protocols, wrong lengths, and far too much."""

import random
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(200))
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
POST = b"POST /includes/api.php HTTP/1.1\r\nHost: x\r\n"
LONG = 100_000


@dataclass(frozen=True)
class Port:
    """Where to knock; `tls` is how clients that mean well come in."""

    name: str
    number: int
    tls: bool = False

    def knock(self, sent: bytes, ca_file: str = "") -> bytes:
        """Sends, closes its half of a plain connection, and answers what came back. Raises OSError when the connection was cut."""
        with self._connected(ca_file) as connection:
            connection.sendall(sent)
            if not ca_file:
                # TLS has no half of a connection
                connection.shutdown(socket.SHUT_WR)
            return _all(connection)

    def _connected(self, ca_file: str) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.number), 0.3 if ca_file else 10)
        return ssl.create_default_context(cafile=ca_file).wrap_socket(plain, server_hostname="localhost") if ca_file else plain


def _all(connection: socket.socket) -> bytes:
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def http_ports(info: dict[str, Any]) -> list[Port]:
    plain = {
        "salesforce, plain": info["salesforce"]["rest_plain_url"], "whmcs": info["whmcs"]["url"], "mobile": info["mobile"]["url"],
        "inbox": info["mail"]["inbox_url"], "control": info["control"]["url"],
    }  # fmt: skip
    secure = Port("salesforce", _number(info["salesforce"]["login_url"]), tls=True)
    return [secure, *(Port(name, _number(url)) for name, url in plain.items())]


def other_ports(info: dict[str, Any]) -> list[Port]:
    own = info["salesforce"]
    bus = [
        Port("pubsub", _after_colon(own["pubsub_endpoint"]), tls=True),
        Port("pubsub, plain", _after_colon(own["pubsub_plain_endpoint"])),
    ]
    return [*bus, Port("smtp", int(info["mail"]["smtp_port"]))]


def anything(seed: int) -> list[bytes]:
    """For every port, whatever it speaks."""
    dice = random.Random(seed)
    noise = [dice.randbytes(size) for size in (1, 7, 200, 5_000, 70_000)]
    lines = [b"\r\n".join(dice.randbytes(dice.randrange(40)) for _ in range(50))]
    return [
        *noise,
        *lines,
        HELLO,
        PREFACE + dice.randbytes(300),
        PREFACE + b"\0\0\4\1\5\0\0\0\1xxxx",
        b"EHLO x\r\nMAIL FROM:<\xff>\r\nDATA\r\n",
    ]


def bad_requests(seed: int) -> list[bytes]:
    """HTTP that is none; every one is answered with a refusal, or with nothing."""
    dice = random.Random(seed)
    lengths = [b"x", b"-1", b"+5", b"5_0", b"1e3", b"", b"9" * 30, b"99999999999", "٣".encode()]
    chunks = [b"zz\r\n", b"-5\r\nhello\r\n", b"fffffffffffff\r\n", b"5\r\nhel", b"5\r\nhello world\r\n0\r\n\r\n", dice.randbytes(500)]
    return [
        *(POST + b"Content-Length: " + length + b"\r\n\r\nhello" for length in lengths),
        *(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk for chunk in chunks),
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\nhello",
        POST + b"Content-Length: 500\r\n\r\nhello",
        b"GET /" + b"x" * LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * LONG + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % number for number in range(500)) + b"\r\n",
        b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1 more\r\n\r\n", b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", b"GET",
        b"GET / HTTP/1.1\r\nHos", b"GET / HTTP/1.1\r\nHost: x\r\n",
    ]  # fmt: skip


def _number(url: str) -> int:
    return int(urlsplit(url).port or 0)


def _after_colon(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])
