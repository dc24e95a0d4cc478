"""Mail over SMTP: renders a plain-text template in a person's language and hands it to the server, once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from console.clients.mail_server import Conversation, Server, close, house_error
from console.errors import Rejected, UpstreamError
from console.i18n import gettext, ngettext, use
from console.log import logger

if TYPE_CHECKING:
    from flask import Flask
    from flask_mail import Connection, Message

log = logger(__name__)


class Mailer:
    """The mail server, and the texts of `<template_folder>/<template>.txt`: a line `Subject: …`, an empty line, the body."""

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
        timeout_s: float = 30,
        ca_file: str | None = None,
        public_url: str,
    ) -> None:
        self._server = Server(server, port, use_tls, username, password, timeout_s, ca_file)
        self._sender, self._folder, self._public_url = sender, template_folder, public_url
        self._made: Flask | None = None

    def send(
        self, *, template: str, to: str, language: str, message_id: str, headers: Mapping[str, str], values: Mapping[str, object]
    ) -> None:
        """Sends one mail. Ambiguous means that it may have arrived; the same `message_id` lets the reader's program see a double."""
        subject, body = self._rendered(template, language, values)
        _refuse_line_breaks([subject, to, message_id, *headers, *headers.values()])
        if parseaddr(to)[1] != to or "@" not in to or not to.isascii():
            raise Rejected("mail", "address_invalid")
        from flask_mail import Message

        with self._app.app_context():
            message = Message(subject, recipients=[to], body=body, extra_headers=dict(headers))
            message.msgId = message_id
            self._deliver(message, template)

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
        connection = _connection(self._app, self._server)
        try:
            with connection:
                connection.send(message)
        except OSError as failure:  # smtplib's own errors are OSErrors too
            host = connection.host
            raise house_error(failure, isinstance(host, Conversation) and host.text_asked_for) from failure

    def _rendered(self, template: str, language: str, values: Mapping[str, object]) -> tuple[str, str]:
        with use(language):
            text = self._app.jinja_env.get_template(f"{template}.txt").render(**values)
        head, _, body = text.partition("\n")
        if not head.startswith("Subject: ") or not body.startswith("\n"):
            raise ValueError(f"mail template {template} does not open with a subject and an empty line")
        return head.removeprefix("Subject: ").strip(), body.lstrip("\n").rstrip() + "\n"

    @property
    def _app(self) -> Flask:
        if self._made is None:
            self._made = self._make_app()
        return self._made

    def _make_app(self) -> Flask:
        from flask import Flask
        from flask_mail import Mail
        from jinja2 import StrictUndefined

        app = Flask("console.mail", template_folder=self._folder, static_folder=None)
        app.config["MAIL_DEFAULT_SENDER"] = self._sender
        app.jinja_env.undefined = StrictUndefined
        app.jinja_env.add_extension("jinja2.ext.i18n")
        environment: Any = app.jinja_env
        environment.install_gettext_callables(gettext, ngettext, newstyle=False)
        environment.globals.update(gettext=gettext, ngettext=ngettext, _=gettext, public_url=self._public_url)
        Mail(app)
        return app


def _connection(app: Flask, server: Server) -> Connection:
    """Flask-Mail's connection over our server: with a time-out and checked certificates, which its own has not."""
    from flask_mail import Connection

    class Bounded(Connection):
        def configure_host(self) -> Conversation:
            return server.open()

        def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
            if isinstance(self.host, Conversation):
                close(self.host, politely=error is None)

    return Bounded(app.extensions["mail"])


def _refuse_line_breaks(headers: list[str]) -> None:
    if any("\n" in text or "\r" in text for text in headers):
        raise Rejected("mail", "header_line_break", "a header must be one line")
