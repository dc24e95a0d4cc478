"""One conversation with an SMTP server: its deadline, TLS, and which failures may have delivered the mail."""

from __future__ import annotations

import smtplib
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from console.clients.deadline import Call, reader
from console.errors import Ambiguous, Misconfigured, Rejected, Unavailable, UpstreamError
from console.log import logger

log = logger(__name__)
UPSTREAM = "mail"
_IMPLICIT_TLS_PORT = 465
_AT_ONCE_S = 0.001  # sockets know no time-out that has passed


class Conversation(smtplib.SMTP):
    """Remembers whether the server asked for the text: from then on a lost answer may be a delivered mail."""

    text_asked_for = False

    def __init__(self, *args: Any, call: Call, **options: Any) -> None:
        self._call = call
        super().__init__(*args, **options)

    def getreply(self) -> tuple[int, bytes]:
        """The answer to what was said; each of its bytes may take only what is left of the conversation, and so may what is said next."""
        sock = self.sock
        if sock and self.file is None:
            self.file = reader(sock.makefile("rb", buffering=0), sock)
        code, said = super().getreply()
        self.text_asked_for = self.text_asked_for or code == 354
        if sock:
            sock.settimeout(max(self._call.until - time.monotonic(), _AT_ONCE_S))
        return code, said


class _Tls(Conversation, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


@dataclass(frozen=True)
class Server:
    """A mail server and how to get in."""

    host: str
    port: int
    use_tls: bool
    username: str
    password: str = field(repr=False)
    connect_s: float
    total_s: float
    ca_file: str | None

    def open(self, call: Call) -> Conversation:
        """A conversation in which a mail may be sent, encrypted and logged in as set up."""
        opened = self._connected(call)
        try:
            self._enter(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _enter(self, opened: Conversation) -> None:
        if self.use_tls and not isinstance(opened, _Tls):
            opened.starttls(context=self._context())
        if self.username and self.password:
            opened.login(self.username, self.password)

    def _connected(self, call: Call) -> Conversation:
        wait_s = min(self.connect_s, call.left())
        if self.port == _IMPLICIT_TLS_PORT:
            return _Tls(self.host, self.port, timeout=wait_s, context=self._context(), call=call)
        return Conversation(self.host, self.port, timeout=wait_s, call=call)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


def close(opened: Conversation, *, politely: bool) -> None:
    """Ends a conversation. A mail taken with a 250 stays taken, whatever the server says to QUIT."""
    try:
        if politely:
            opened.quit()
    except (smtplib.SMTPException, OSError) as failure:
        log.info("mail_quit_failed", upstream=UPSTREAM, code=type(failure).__name__)
    finally:
        opened.close()


def house_error(failure: Exception, text_asked_for: bool) -> UpstreamError:
    """The failure of a conversation in the house's words."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return Misconfigured(UPSTREAM, "certificate")
    if isinstance(failure, FileNotFoundError):
        return Misconfigured(UPSTREAM, "ca_file")
    if isinstance(failure, smtplib.SMTPNotSupportedError):
        return Misconfigured(UPSTREAM, "not_supported", "the server offers no STARTTLS or no AUTH")
    code = _reply_code(failure)
    if code == 530 or (isinstance(failure, smtplib.SMTPAuthenticationError) and code >= 500):
        return Misconfigured(UPSTREAM, f"smtp_{code}", "the server refused the user name or password")
    if code >= 500 and not isinstance(failure, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
        return Rejected(UPSTREAM, f"smtp_{code}")
    if code:
        return Unavailable(UPSTREAM, f"smtp_{code}")
    return (Ambiguous if text_asked_for else Unavailable)(UPSTREAM, "lost" if text_asked_for else "connect", type(failure).__name__)


def _reply_code(failure: Exception) -> int:
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in failure.recipients.values()), default=0)
    found: Any = getattr(failure, "smtp_code", 0)
    return found if isinstance(found, int) and found > 0 else 0
