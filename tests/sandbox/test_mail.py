"""The sandbox's mail server over SMTP: messages are kept as sent and can be read as pages and JSON."""

import smtplib
import time
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from tests.sandbox.letters import received
from tests.support.sandbox import Running

ORDER_ID = "801000000000001AAA"


def letter(to: str, subject: str = "ご注文を受け付けました", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Portal <noreply@portal.example>", to, subject
    message["Message-ID"], message["X-Entity-Ref-ID"], message["X-Correlation-Id"] = f"<{to}>", ORDER_ID, "corr-1"
    message.set_content("Aiko 様 <b>\n\nhttp://127.0.0.1:5000/orders/1?a=b&c=d.\n")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(mail: dict[str, Any], message: EmailMessage) -> None:
    with smtplib.SMTP(mail["smtp_host"], mail["smtp_port"], timeout=10) as server:
        server.send_message(message)


def test_it_keeps_a_message_with_its_headers(mail: dict[str, Any]) -> None:
    send(mail, letter("aiko@example.com"))
    send(mail, letter("other@example.com"))
    (message,) = received(mail, "AIKO@example.com")
    assert set(message) == {"id", "message_id", "to", "from", "subject", "at", "headers", "text", "html", "attachments"}
    assert (message["message_id"], message["to"], message["from"]) == ("<aiko@example.com>", "aiko@example.com", "noreply@portal.example")
    assert (message["subject"], message["html"], message["headers"]["X-Entity-Ref-ID"]) == ("ご注文を受け付けました", None, ORDER_ID)
    assert message["text"].startswith("Aiko 様 <b>")


def test_it_shows_messages_to_a_person(mail: dict[str, Any]) -> None:
    send(mail, letter("reader@example.com", html="<p>Hello <a href='http://127.0.0.1:5000/'>there</a></p>"))
    (message,) = received(mail, "reader@example.com")
    listed = requests.get(mail["inbox_url"], params={"to": "reader@example.com"}, timeout=10).text
    assert f'href="/mail/{message["id"]}"' in listed
    page = requests.get(f"{mail['inbox_url']}/{message['id']}", timeout=10).text
    assert '<a href="http://127.0.0.1:5000/orders/1?a=b&amp;c=d">' in page
    assert "Aiko 様 &lt;b&gt;" in page
    assert 'srcdoc="&lt;p&gt;Hello' in page
    assert "sandbox" in page
    source = requests.get(f"{mail['inbox_url']}/{message['id']}/raw", timeout=10)
    assert b"X-Entity-Ref-ID: " + ORDER_ID.encode() in source.content
    assert requests.get(f"{mail['inbox_url']}/99999", timeout=10).status_code == 404


def test_it_takes_what_is_hardly_a_message(mail: dict[str, Any]) -> None:
    with smtplib.SMTP(mail["smtp_host"], mail["smtp_port"], timeout=10) as server:
        server.sendmail("", ["odd@example.com"], b"Subject: =?nowhere?q?x?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\r\n")
        server.sendmail("a@example.com", ["empty@example.com"], b"")
    assert [len(received(mail, to)) for to in ("odd@example.com", "empty@example.com")] == [1, 1]


@pytest.mark.parametrize(
    ("fault", "error", "kept"),
    [
        ("error_before", smtplib.SMTPDataError, 0),
        ("error_after", smtplib.SMTPDataError, 1),
        ("timeout_before", smtplib.SMTPServerDisconnected, 0),
        ("timeout_after", smtplib.SMTPServerDisconnected, 1),
        ("misconfigured", smtplib.SMTPSenderRefused, 0),
        ("refuse", (smtplib.SMTPServerDisconnected, OSError), 0),
        ("reset", (smtplib.SMTPServerDisconnected, OSError), 0),
        ("throttle", smtplib.SMTPSenderRefused, 0),
        ("smtp_4xx", smtplib.SMTPRecipientsRefused, 0),
        ("smtp_5xx", smtplib.SMTPRecipientsRefused, 0),
        ("drop_after_data", smtplib.SMTPServerDisconnected, 1),
    ],
)
def test_it_fails_when_it_is_told_to(sandbox: Running, mail: dict[str, Any], fault: str, error: Any, kept: int) -> None:
    to = f"{fault}@example.com"
    sandbox.control.fault("mail", "send", fault, count=1, delay_ms=50)
    with pytest.raises(error):
        send(mail, letter(to))
    assert len(received(mail, to)) == kept
    assert [row["fault"] for row in sandbox.control.calls("mail")][-1] == fault
    send(mail, letter(to))
    assert len(received(mail, to)) == kept + 1
    assert sandbox.control.calls("mail")[-1] | {"at": "", "ms": 0} == {
        "at": "", "upstream": "mail", "operation": "send", "correlation_id": "corr-1", "status": 250, "fault": None, "ms": 0,
    }  # fmt: skip


def test_it_closes_its_port_and_opens_it_again(sandbox: Running, mail: dict[str, Any]) -> None:
    sandbox.control.fault("mail", "*", "refuse")
    with pytest.raises(ConnectionRefusedError):
        send(mail, letter("closed@example.com"))
    sandbox.control.clear_faults()
    send(mail, letter("open@example.com"))
    assert len(received(mail, "open@example.com")) == 1


def test_it_keeps_an_acknowledged_message_over_a_kill(sandbox: Running, mail: dict[str, Any]) -> None:
    send(mail, letter("kept@example.com"))
    sandbox.kill()
    sandbox.restart()
    assert len(received(sandbox.info["mail"], "kept@example.com")) == 1


def test_it_refuses_a_recipient_in_the_words_that_were_ordered(sandbox: Running, mail: dict[str, Any]) -> None:
    for fault, more, said in [
        ("smtp_4xx", {}, (450, b"4.2.0 Mailbox busy, try again later")),
        ("smtp_5xx", {}, (550, b"5.1.1 No such user here")),
        ("smtp_5xx", {"code": "552", "message": "5.2.2 Mailbox full"}, (552, b"5.2.2 Mailbox full")),
    ]:
        sandbox.control.fault("mail", "send", fault, count=1, **more)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(mail, letter("words@example.com"))
        assert refused.value.recipients == {"words@example.com": said}


def test_a_slow_message_is_taken(sandbox: Running, mail: dict[str, Any]) -> None:
    sandbox.control.fault("mail", "send", "slow", count=1, delay_ms=200)
    began = time.monotonic()
    send(mail, letter("slow@example.com"))
    assert time.monotonic() - began >= 0.2
    assert len(received(mail, "slow@example.com")) == 1


def test_a_message_arrives_after_its_answer_was_lost(sandbox: Running, mail: dict[str, Any]) -> None:
    sandbox.control.fault("mail", "send", "late_effect", count=1, delay_ms=400)
    began = time.monotonic()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mail, letter("late@example.com"))
    assert received(mail, "late@example.com") == []
    time.sleep(max(0.0, began + 0.8 - time.monotonic()))
    assert len(received(mail, "late@example.com")) == 1
