"""Mails over SMTP: to the sandbox's inbox, and to servers that behave badly at each turn."""

import email
import email.policy
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from jinja2 import UndefinedError

from console.clients.mail import Mailer
from console.errors import Ambiguous, Misconfigured, Rejected, Unavailable
from console.wiring import TEMPLATES
from tests.support import smtp
from tests.support.sandbox import Control, Running
from tests.support.smtp import Answer, Replies

HELLO = """{% extends shape %}
{% from parts import button, p %}
{% set subject = _("Order %(n)s", n=number) %}
{% set lead = _("all 100%") %}
{% block body %}
{{ button("Look", public_url ~ "/orders") }}
{{ p(note) }}
{% endblock %}
"""


@pytest.fixture
def mailer(tmp_path: Path) -> Callable[..., Mailer]:
    (tmp_path / "hello.mail").write_text(HELLO)
    shutil.copytree(TEMPLATES / "mail/shapes", tmp_path / "shapes")

    def make(port: int, **changes: Any) -> Mailer:
        wanted = {
            "server": "127.0.0.1", "port": port, "use_tls": False, "username": "", "password": "", "sender": "Portal <portal@isp.example>",
            "template_folder": str(tmp_path), "connect_s": 1, "total_s": 1, "public_url": "https://portal.example",
        }  # fmt: skip
        return Mailer(**(wanted | changes))

    return make


def send(mailer: Mailer, **changes: Any) -> None:
    wanted = {
        "template": "hello", "to": "reader@example.com", "language": "en", "message_id": "<1@portal.example>",
        "headers": {"X-Entity-Ref-ID": "801"}, "values": {"number": 7, "name": "O'Hara & 愛", "note": "Bye"},
    }  # fmt: skip
    mailer.send(**(wanted | changes))


def received(sandbox: Running, to: str) -> list[email.message.EmailMessage]:
    inbox = sandbox.info["mail"]["inbox_url"]
    listed = requests.get(f"{inbox}/messages.json", params={"to": to}, timeout=5).json()
    raw = [requests.get(f"{inbox}/{each['id']}/raw", timeout=5).content for each in listed]
    return [email.message_from_bytes(each, policy=email.policy.default) for each in raw]


def test_it_sends_what_the_template_says(sandbox: Running, mailer: Callable[..., Mailer]) -> None:
    long = "七 とても長い題名なので、必ずどこかで折り返されることになりますが、読む人には一行で届きます、本当に。"
    values = {"number": long, "name": "O'Hara & 愛", "note": "とても長い段落です。" * 200}
    send(mailer(sandbox.info["mail"]["smtp_port"]), to="ok@example.com", values=values)
    (mail,) = received(sandbox, "ok@example.com")
    text, html = mail.iter_parts()
    assert (mail["Subject"], mail["From"], mail["To"]) == (f"Order {long}", "Portal <portal@isp.example>", "ok@example.com")
    assert (mail["Message-ID"], mail["X-Entity-Ref-ID"], mail.get_content_type()) == ("<1@portal.example>", "801", "multipart/alternative")
    assert text.get_content().splitlines() == [
        "Hello O'Hara & 愛,",
        "",
        "all 100%",
        "",
        "https://portal.example/orders",
        "",
        values["note"],
    ]
    assert '<a class="button" href="https://portal.example/orders"' in html.get_content()
    assert "Hello O&#39;Hara &amp; 愛," in html.get_content()


def test_it_sends_what_every_server_can_carry(sandbox: Running, mailer: Callable[..., Mailer]) -> None:
    values = {"number": 7, "name": "愛", "note": "とても長い段落です。" * 200}
    send(mailer(sandbox.info["mail"]["smtp_port"]), to="seven@example.com", values=values)
    inbox = sandbox.info["mail"]["inbox_url"]
    (listed,) = requests.get(f"{inbox}/messages.json", params={"to": "seven@example.com"}, timeout=5).json()
    raw = requests.get(f"{inbox}/{listed['id']}/raw", timeout=5).content
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 100


@pytest.mark.parametrize(
    ("fault", "kind", "copies"),
    [
        ("refuse", Unavailable, 0),
        ("timeout_before", Ambiguous, 0),
        ("error_before", Unavailable, 0),
        ("error_after", Unavailable, 1),  # a server that lies: 451 says that it did not take the mail
        ("timeout_after", Ambiguous, 1),
        ("misconfigured", Misconfigured, 0),
    ],
)
def test_it_tells_what_became_of_a_mail(
    sandbox: Running, mailer: Callable[..., Mailer], control: Control, fault: str, kind: type[Exception], copies: int
) -> None:
    control.fault("mail", "send", fault, count=1, delay_ms=200)
    with pytest.raises(kind):
        send(mailer(sandbox.info["mail"]["smtp_port"], total_s=5), to=f"{fault}@example.com")
    assert len(received(sandbox, f"{fault}@example.com")) == copies


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "a@example.com\nBcc: b@example.com"},
        {"headers": {"X-A": "1\r\nBcc: b@example.com"}},
        {"headers": {"X-A\nBcc": "b@example.com"}},
        {"message_id": "<1>\nX: y"},
        {"to": "a@example.com, b@example.com"},
        {"to": "nobody"},
    ],
    ids=str,
)
def test_it_refuses_injected_headers_and_addresses(mailer: Callable[..., Mailer], changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        send(mailer(9), **changes)


def test_a_value_cannot_add_a_header(mailer: Callable[..., Mailer]) -> None:
    with pytest.raises((Rejected, ValueError)):
        send(mailer(9), values={"number": "7\nBcc: b@example.com", "name": "", "note": ""})
    with pytest.raises(UndefinedError):
        send(mailer(9), values={"number": 7})


@pytest.fixture
def server() -> Iterator[Callable[[Replies], int]]:
    """An SMTP server that answers as told by command; None hangs up."""
    with smtp.servers() as start:
        yield start


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ({"HELLO": "421 busy"}, Unavailable),
        ({"HELLO": "554 no"}, Unavailable),
        ({"HELLO": None}, Unavailable),
        ({"MAIL": "530 log in first"}, Misconfigured),
        ({"MAIL": "451 later"}, Unavailable),
        ({"RCPT": "550 no such person"}, Rejected),
        ({"RCPT": "450 later"}, Unavailable),
        ({"RCPT": None}, Unavailable),
        ({"DATA": "451 later"}, Unavailable),
        ({"DATA": None}, Unavailable),
        ({"TEXT": "554 spam"}, Rejected),
        ({"TEXT": "451 later"}, Unavailable),
        ({"TEXT": None}, Ambiguous),
    ],
    ids=str,
)
def test_it_reads_every_answer(
    mailer: Callable[..., Mailer], server: Callable[[Replies], int], replies: Replies, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as raised:
        send(mailer(server(replies)))
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("replies", "changes", "kind"),
    [
        ({"HELLO": smtp.drip}, {}, Unavailable),
        ({"RCPT": smtp.drip}, {}, Unavailable),
        ({"DATA": smtp.drip}, {}, Unavailable),
        ({"TEXT": smtp.drip}, {}, Ambiguous),
        ({"EHLO": "250-fine\r\n250 STARTTLS", "STARTTLS": smtp.fall_silent}, {"use_tls": True}, Unavailable),
    ],
    ids=["greeting", "recipient", "asked for the text", "text", "STARTTLS"],
)
def test_it_keeps_one_deadline_however_slowly_a_server_answers(
    mailer: Callable[..., Mailer],
    server: Callable[[Replies], int],
    replies: Replies,
    changes: dict[str, Any],
    kind: type[Exception],
) -> None:
    began = time.monotonic()
    with pytest.raises(kind) as raised:
        send(mailer(server(replies), total_s=0.3, **changes))
    assert type(raised.value) is kind
    assert 0.25 < time.monotonic() - began < 0.6


@pytest.mark.parametrize("bye", [None, "500 what?", smtp.drip])
def test_how_the_conversation_ends_changes_nothing(mailer: Callable[..., Mailer], server: Callable[[Replies], int], bye: Answer) -> None:
    send(mailer(server({"QUIT": bye})))


def test_it_says_when_it_cannot_log_in_or_encrypt(mailer: Callable[..., Mailer], server: Callable[[Replies], int]) -> None:
    known = {"username": "portal", "password": "wrong"}
    offered = {"EHLO": "250 AUTH PLAIN", "AUTH": "535 no"}
    for bad in (
        mailer(server(offered | {"EHLO": "250-fine\r\n250 AUTH PLAIN"}), **known),
        mailer(server({}), **known),
        mailer(server({}), use_tls=True),
    ):
        with pytest.raises(Misconfigured):
            send(bad)


def test_it_takes_a_wrong_certificate_for_a_fault_of_the_set_up(mailer: Callable[..., Mailer], tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    for ca_file, kind in ((None, Misconfigured), (str(tmp_path / "ca.pem"), Unavailable)):
        with socket.create_server(("127.0.0.1", 0)) as door:
            threading.Thread(target=_offer_tls, args=(door, context), daemon=True).start()
            with pytest.raises(kind):
                send(mailer(door.getsockname()[1], use_tls=True, ca_file=ca_file))


def _offer_tls(door: socket.socket, context: ssl.SSLContext) -> None:
    peer, _ = door.accept()
    with peer:
        for reply in (b"220 hello\r\n", b"250-fine\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
            peer.sendall(reply)
            if not reply.startswith(b"220 go"):
                peer.recv(1024)
        try:
            with context.wrap_socket(peer, server_side=True) as safe:
                safe.recv(1024)  # and hangs up: trusted, but not at work
        except OSError:
            return
