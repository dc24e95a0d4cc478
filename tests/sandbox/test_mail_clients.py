"""The sandbox's mail server with clients that other people wrote: Python's smtplib, curl, and nodemailer where there is Node."""

import json
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from tests.sandbox.letters import received
from tests.support import node
from tests.support.sandbox import Running


@pytest.fixture
def server(mail: dict[str, Any]) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("localhost", mail["smtp_port"], timeout=10) as server:
        yield server


def trusting(mail: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=mail["ca_file"])


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "noreply@portal.example", to, "Hello"
    message.set_content("Hello\n")
    return message


def switch(mail: dict[str, Any], **switches: Any) -> int:
    return requests.post(mail["inbox_url"].replace("/mail", "/sandbox/behaviour"), json=switches, timeout=10).status_code


def test_it_says_what_it_can(server: smtplib.SMTP, mail: dict[str, Any]) -> None:
    server.ehlo()
    assert {"size", "8bitmime", "smtputf8", "starttls", "auth", "pipelining", "enhancedstatuscodes"} <= set(server.esmtp_features)
    assert set(server.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN"}
    server.starttls(context=trusting(mail))
    server.ehlo()
    assert "starttls" not in server.esmtp_features


@pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
@pytest.mark.parametrize("tls", [True, False])
def test_a_login_is_taken_with_and_without_tls(server: smtplib.SMTP, mail: dict[str, Any], mechanism: str, tls: bool) -> None:
    if tls:
        server.starttls(context=trusting(mail))
    server.ehlo()
    server.user, server.password = mail["username"], mail["password"]
    name = mechanism.removeprefix("auth_").upper()
    assert server.auth(name, getattr(server, mechanism))[0] == 235
    to = f"{mechanism}{tls}@example.com".lower()
    server.send_message(letter(to))
    assert len(received(mail, to)) == 1


def test_a_wrong_password_is_refused(server: smtplib.SMTP, mail: dict[str, Any]) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        server.login(mail["username"], "wrong")
    assert refused.value.smtp_code == 535


def test_it_may_ask_for_tls_and_a_login_first(server: smtplib.SMTP, mail: dict[str, Any]) -> None:
    assert switch(mail, auth_required=True, starttls_required=True) == 200
    try:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            server.send_message(letter("strict@example.com"))
        assert (refused.value.smtp_code, b"STARTTLS" in refused.value.smtp_error) == (530, True)
        server.starttls(context=trusting(mail))
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            server.send_message(letter("strict@example.com"))
        assert b"Authentication" in refused.value.smtp_error
        server.login(mail["username"], mail["password"])
        server.send_message(letter("strict@example.com"))
    finally:
        assert switch(mail, auth_required=False, starttls_required=False) == 200
    assert len(received(mail, "strict@example.com")) == 1
    assert switch(mail, colour=True) == switch(mail, auth_required="yes") == 400


@pytest.mark.parametrize(("fault", "kept"), [("reset", 0), ("timeout_before", 0), ("drop_after_data", 1)])
def test_faults_reach_through_tls(sandbox: Running, server: smtplib.SMTP, mail: dict[str, Any], fault: str, kept: int) -> None:
    server.starttls(context=trusting(mail))
    sandbox.control.fault("mail", "send", fault, count=1, delay_ms=50)
    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        server.send_message(letter(f"{fault}@example.com"))
    assert len(received(mail, f"{fault}@example.com")) == kept


def test_commands_may_come_in_one_go(mail: dict[str, Any]) -> None:
    sent = b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<pipe@example.com>\r\nRCPT TO:<line@example.com>\r\nDATA\r\n"
    with socket.create_connection(("127.0.0.1", mail["smtp_port"]), timeout=10) as connection:
        connection.sendall(sent)
        answers = connection.makefile("rb")
        while not answers.readline().startswith(b"354"):
            pass
        connection.sendall(b"Subject: piped\r\n\r\n..dots\r\n.\r\nQUIT\r\n")
        assert answers.readline().startswith(b"250")
    (message,) = received(mail, "line@example.com")
    assert (message["to"], message["text"]) == ("pipe@example.com, line@example.com", ".dots\r\n")


def test_it_refuses_what_is_too_large(server: smtplib.SMTP, mail: dict[str, Any]) -> None:
    server.ehlo()
    largest = int(server.esmtp_features["size"])
    assert server.docmd(f"MAIL FROM:<a@example.com> SIZE={largest + 1}")[0] == 552
    server.sendmail("a@example.com", ["five@example.com"], b"Subject: big\r\n\r\n" + b"0123456789\r\n" * 420_000)
    assert len(received(mail, "five@example.com")[0]["text"]) > 5_000_000


@pytest.mark.parametrize("garbage", [b"\x00\xff\xfe\r\n" * 50, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 300])
def test_garbage_does_not_stop_it(mail: dict[str, Any], garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", mail["smtp_port"]), timeout=10) as connection:
        connection.sendall(garbage)
        assert connection.recv(3) == b"220"
    with smtplib.SMTP("127.0.0.1", mail["smtp_port"], timeout=10) as server:
        assert server.noop()[0] == 250


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_sends_through_tls_with_a_login(mail: dict[str, Any]) -> None:
    command = [
        "curl", "-sS", "--ssl-reqd", "--cacert", mail["ca_file"], "--url", f"smtp://localhost:{mail['smtp_port']}",
        "--user", f"{mail['username']}:{mail['password']}", "--mail-from", "a@example.com", "--mail-rcpt", "curl@example.com", "-T", "-",
    ]  # fmt: skip
    done = subprocess.run(command, input=b"Subject: by curl\r\n\r\nHello\r\n", capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [row["subject"] for row in received(mail, "curl@example.com")] == ["by curl"]


def test_nodemailer_sends_in_all_its_ways(mail: dict[str, Any]) -> None:
    seen = node.run("nodemailer.cjs", mail, mail["ca_file"])
    assert seen["plain"].startswith("250")
    assert (seen["verified"], seen["secure"], seen["pool"]) == (True, ["tls@example.com"], 8)
    assert seen["stranger"] == ["EAUTH", 535]
    (message,) = received(mail, "node@example.com")
    assert (message["subject"], message["text"].strip(), message["html"]) == ("ご注文 🎉", "Hello", "<p>Hello</p>")
    assert message["attachments"] == [{"name": "名前.txt", "type": "text/plain", "size": 12}]
    assert [row["to"] for row in received(mail, seen["utf8"][0])] == ["愛子@example.com"]
    assert json.dumps(message)
