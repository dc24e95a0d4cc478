"""The sandbox's inbox: strangers' mails are shown without harm, files can be taken out, and mails deleted."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.letters import received

EVIL = "<script>document.title='owned'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"


def send(mail: dict[str, Any], to: str, source: bytes) -> None:
    with smtplib.SMTP(mail["smtp_host"], mail["smtp_port"], timeout=10) as server:
        server.sendmail("a@example.com", [to], source)


def with_file(to: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", to, EVIL
    message.set_content(EVIL)
    message.add_alternative(f"<p>{EVIL}</p>", subtype="html")
    message.add_attachment(b"\x00\x01<script>", maintype="text", subtype="html", filename="<b>évil</b>.html")
    return message.as_bytes(policy=SMTP)


def test_a_mail_can_do_no_harm(mail: dict[str, Any]) -> None:
    send(mail, "evil@example.com", with_file("evil@example.com"))
    (message,) = received(mail, "evil@example.com")
    page = requests.get(f"{mail['inbox_url']}/{message['id']}", timeout=10)
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_files_are_listed_and_only_ever_saved(mail: dict[str, Any]) -> None:
    send(mail, "file@example.com", with_file("file@example.com"))
    (message,) = received(mail, "file@example.com")
    assert message["attachments"] == [{"name": "<b>évil</b>.html", "type": "text/html", "size": 10}]
    url = f"{mail['inbox_url']}/{message['id']}"
    file = requests.get(f"{url}/attachments/0", timeout=10)
    assert (file.content, file.headers["Content-Type"]) == (b"\x00\x01<script>", "application/octet-stream")
    assert file.headers["Content-Disposition"] == "attachment"
    assert requests.get(f"{url}/attachments/1", timeout=10).status_code == 404
    assert requests.get(f"{url}.json", timeout=10).json() == message
    assert requests.get(f"{url}/raw", timeout=10).content.endswith(b"--\r\n")


def test_one_mail_is_deleted_or_all_of_a_person(mail: dict[str, Any]) -> None:
    for to in ("gone@example.com", "gone@example.com", "gone@example.com", "stays@example.com"):
        send(mail, to, b"Subject: x\r\n\r\n")
    inbox, first = mail["inbox_url"], received(mail, "gone@example.com")[0]["id"]
    assert [requests.delete(f"{inbox}/{first}", timeout=10).status_code for _ in range(2)] == [204, 404]
    second = received(mail, "gone@example.com")[0]["id"]
    assert requests.post(f"{inbox}/{second}/deletion", timeout=10).url == inbox
    assert requests.delete(f"{inbox}/messages.json", params={"to": "gone@example.com"}, timeout=10).json() == {"deleted": 1}
    assert (received(mail, "gone@example.com"), len(received(mail, "stays@example.com"))) == ([], 1)
    requests.post(f"{inbox}/deletion", timeout=10)
    assert received(mail, "") == []


def test_headers_come_as_they_were_sent(mail: dict[str, Any]) -> None:
    send(mail, "heads@example.com", b"X-Odd:  two  spaces\r\nReceived: one\r\nReceived: two\r\nSUBJECT: loud\r\n\r\n")
    headers = received(mail, "heads@example.com")[0]["headers"]
    assert headers == {"X-Odd": "two  spaces", "Received": "one\ntwo", "SUBJECT": "loud"}


LINES = st.sampled_from(
    [
        b"Subject: ", b"From: ", b"To: ", b"Message-ID: <", b"Date: ", b"X-Entity-Ref-ID: ", b"Content-Type: ", b"text/html; charset=",
        b"multipart/mixed; boundary=x", b"message/rfc822", b"Content-Transfer-Encoding: base64", b"\r\n", b"\r\n--x\r\n", b"=?utf-8?b?",
        b"Content-Disposition: attachment; filename*=utf-8''%ff", b"=?utf-8?q?=ff?=", b"@", b"<", b";", b'"', b"\xff\xfe", b"\x00", b"[",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(parts=st.lists(LINES | st.binary(max_size=12), max_size=14))
def test_no_message_makes_it_fail(mail: dict[str, Any], parts: list[bytes]) -> None:
    send(mail, "fuzz@example.com", b"".join(parts).replace(b"\r", b"\r\n").replace(b"\n\n", b"\n"))
    message = received(mail, "fuzz@example.com")[-1]
    assert requests.get(f"{mail['inbox_url']}/{message['id']}", timeout=10).status_code == 200
    assert requests.delete(f"{mail['inbox_url']}/{message['id']}", timeout=10).status_code == 204
