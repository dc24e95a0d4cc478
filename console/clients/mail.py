"""Mail over SMTP: written in a person's language, as text with its HTML twin, and handed to the server, once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import TYPE_CHECKING, Any

from console.clients.deadline import Call, deadline
from console.clients.mail_server import Conversation, Server, close, house_error
from console.clients.mail_texts import Texts, Written
from console.errors import Rejected, UpstreamError
from console.log import logger

if TYPE_CHECKING:
    from flask import Flask
    from flask_mail import Connection, Message

log = logger(__name__)
_SEVEN_BIT = SMTP.clone(cte_type="7bit")


class Mailer:
    """The mail server, and the mails of `<template_folder>/<template>.mail`."""

    def __init__(
        self,
        *,
        server: str,
        port: int,
        use_tls: bool,
        username: str,
        password: str,
        sender: str,
        template_folder: str,
        connect_s: float,
        total_s: float,
        ca_file: str | None = None,
        public_url: str,
    ) -> None:
        self._server = Server(server, port, use_tls, username, password, connect_s, total_s, ca_file)
        self._sender, self._texts = sender, Texts(template_folder, public_url)
        self._made: Flask | None = None

    def send(
        self, *, template: str, to: str, language: str, message_id: str, headers: Mapping[str, str], values: Mapping[str, object]
    ) -> None:
        """Sends one mail. Ambiguous means that it may have arrived; the same `message_id` lets the reader's program see a double."""
        written = self.written(template, language, values)
        _refuse_line_breaks([written.subject, to, message_id, *headers, *headers.values()])
        if parseaddr(to)[1] != to or "@" not in to or not to.isascii():
            raise Rejected("mail", "address_invalid")
        with self._app.app_context():
            self._deliver(_letter(written, to, message_id, headers), template)

    def _deliver(self, message: Message, template: str) -> None:
        started = time.monotonic()
        code = "failed"
        try:
            self._converse(message)
            code = "sent"
        except UpstreamError as failure:
            code = failure.code
            raise
        finally:
            ms = round((time.monotonic() - started) * 1000)
            log.info("upstream_call", upstream="mail", operation="send", template=template, code=code, ms=ms)

    def _converse(self, message: Message) -> None:
        with deadline(self._server.total_s) as call:
            connection = _connection(self._app, self._server, call)
            try:
                with connection:
                    connection.send(message)
            except OSError as failure:  # smtplib's own errors are OSErrors too
                host = connection.host
                raise house_error(failure, isinstance(host, Conversation) and host.text_asked_for) from failure

    def written(self, template: str, language: str, values: Mapping[str, object]) -> Written:
        """The mail of these values, as it would be sent."""
        return self._texts.write(template, language, values)

    @property
    def _app(self) -> Flask:
        if self._made is None:
            self._made = self._make_app()
        return self._made

    def _make_app(self) -> Flask:
        from flask import Flask
        from flask_mail import Mail

        app = Flask("console.mail", static_folder=None)
        app.config["MAIL_DEFAULT_SENDER"] = self._sender
        Mail(app)
        return app


def _letter(written: Written, to: str, message_id: str, headers: Mapping[str, str]) -> Message:
    """Flask-Mail's message, sent as one multipart/alternative in 7 bit: its own is 8 bit, with lines as long as a paragraph."""
    from flask_mail import Message

    class Letter(Message):
        def as_bytes(self) -> bytes:
            made = EmailMessage(policy=_SEVEN_BIT)
            made["Subject"], made["From"], made["To"] = written.subject, self.sender, to
            made["Date"], made["Message-ID"] = formatdate(self.date, localtime=True), message_id
            for name, value in headers.items():
                made[name] = value
            made.set_content(written.text)
            made.add_alternative(written.html, subtype="html")
            return made.as_bytes()

    return Letter(written.subject, recipients=[to], body=written.text, html=written.html, extra_headers=dict(headers))


def _connection(app: Flask, server: Server, call: Call) -> Connection:
    """Flask-Mail's connection over our server: with a deadline and checked certificates, which its own has not."""
    from flask_mail import Connection

    class Bounded(Connection):
        def configure_host(self) -> Conversation:
            return server.open(call)

        def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
            if isinstance(self.host, Conversation):
                close(self.host, politely=error is None)

    return Bounded(app.extensions["mail"])


def _refuse_line_breaks(headers: list[str]) -> None:
    if any("\n" in text or "\r" in text for text in headers):
        raise Rejected("mail", "header_line_break", "a header must be one line")
