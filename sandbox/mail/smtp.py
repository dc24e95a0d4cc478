"""The SMTP side: takes what is sent to whomever, with or without TLS and a login, and fails when it was told to."""

import asyncio
import functools
import socket
import sqlite3
import struct
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.mail import account
from sandbox.mail.messages import header, keep, parse
from sandbox.saying import complain
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.tls import Identity
from sandbox.wire import Fault, Wire

UPSTREAM, OPERATION = "mail", "send"
AT_ENVELOPE = ("refuse", "misconfigured", "throttle")
AT_RECIPIENT = ("smtp_4xx", "smtp_5xx")
KEPT = ("timeout_after", "error_after", "slow", "drop_after_data")
AT_DATA = (*KEPT, "timeout_before", "error_before", "reset", "late_effect")
TAKEN, TRY_LATER = "250 2.0.0 OK", "451 4.3.0 Requested action aborted: local error in processing"
WORDS = {
    "misconfigured": "530 5.7.0 Authentication required",
    "throttle": "421 4.7.0 Too many messages, try again later",
    "smtp_4xx": "450 4.2.0 Mailbox busy, try again later",
    "smtp_5xx": "550 5.1.1 No such user here",
}
FULL = "452 4.3.1 Insufficient system storage"
LOGIN_FIRST, TLS_FIRST = "530 5.7.0 Authentication required", "530 5.7.0 Must issue a STARTTLS command first"
LARGEST = 25 * 1024 * 1024
HUNG_UP = "421 4.3.0 closing"  # nobody hears it: the connection is gone


class Letterbox:
    """What aiosmtpd asks about each message."""

    def __init__(self, store: Store, wire: Wire, settings: SandboxSettings) -> None:
        self._store, self._wire, self._settings = store, wire, settings

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, said: list[str]) -> list[str]:
        session.host_name = hostname
        return [*said[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *said[-1:]]

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, sent: LoginPassword | None) -> AuthResult:
        known = isinstance(sent, LoginPassword) and account.knows(self._settings, sent.login, sent.password)
        return AuthResult(success=known, handled=False, auth_data=account.USERNAME if known else None)

    def _missing(self, session: Session) -> str | None:
        """What this client has to do before it may send."""
        switches = account.behaviour(self._store)
        if switches["starttls_required"] and session.ssl is None:
            return TLS_FIRST
        return LOGIN_FIRST if switches["auth_required"] and not session.authenticated else None

    async def handle_exception(self, error: Exception) -> str:
        """What no command expected, a login that is rubbish for one."""
        complain(f"mail: {type(error).__name__}: {error}")
        return TRY_LATER

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        fault = self._wire.pick(UPSTREAM, OPERATION, AT_ENVELOPE)
        if fault is None and (missing := self._missing(session)):
            return self._noted(None, None, missing)
        if fault is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
            return "250 2.1.0 OK"
        if fault.fault == "refuse":
            hang_up(server, reset=True)
            return self._noted(fault, None, HUNG_UP)
        return self._noted(fault, None, worded(fault))

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        fault = self._wire.pick(UPSTREAM, OPERATION, AT_RECIPIENT)
        if fault is not None:
            return self._noted(fault, None, worded(fault))
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        began, fault = time.monotonic(), self._wire.pick(UPSTREAM, OPERATION, AT_DATA)
        await asyncio.to_thread(self._wire.wait, UPSTREAM)
        if fault is None or fault.fault in KEPT:
            try:
                await asyncio.to_thread(self._keep, envelope)
            except sqlite3.OperationalError:
                # the disk is full: nothing was kept
                return self._noted(fault, envelope, FULL, began)
        answer = await self._suffer(server, fault, envelope) if fault else TAKEN
        return self._noted(fault, envelope, answer, began)

    def _keep(self, envelope: Envelope) -> None:
        keep(self._store, raw(envelope), envelope.mail_from or "", list(envelope.rcpt_tos))

    async def _suffer(self, server: SMTP, fault: Fault, envelope: Envelope) -> str:
        if fault.fault.startswith("error"):
            return TRY_LATER
        if fault.fault == "slow":
            await asyncio.sleep(self._wire.late.seconds(fault, share=1 / 3))
            return TAKEN
        if fault.fault.startswith("timeout"):
            await asyncio.sleep(self._wire.late.seconds(fault))
        if fault.fault == "late_effect":
            self._wire.late.do(fault, functools.partial(self._keep, envelope))
        hang_up(server, reset=fault.fault == "reset")
        return HUNG_UP

    def _noted(self, fault: Fault | None, envelope: Envelope | None, answer: str, began: float | None = None) -> str:
        correlation_id = header(parse(raw(envelope)), "X-Correlation-Id") or None if envelope else None
        status = None if answer == HUNG_UP else int(answer[:3])
        ms = (time.monotonic() - began) * 1000 if began else 0.0
        self._wire.record(UPSTREAM, OPERATION, correlation_id, status, fault.fault if fault else None, ms)
        return answer


def worded(fault: Fault) -> str:
    """`code` and `message` of the fault, or the usual words."""
    usual = WORDS[fault.fault]
    return f"{fault.code or usual[:3]} {fault.message or usual[4:]}"


def raw(envelope: Envelope) -> bytes:
    return envelope.original_content or b""


def hang_up(server: SMTP, reset: bool) -> None:
    transport = server.transport
    if not isinstance(transport, asyncio.Transport):
        return
    connection = transport.get_extra_info("socket")
    if reset and connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class PostOffice:
    """The SMTP port, which can be closed and opened again."""

    def __init__(self, store: Store, wire: Wire, settings: SandboxSettings, identity: Identity) -> None:
        self._letterbox, self._tls = Letterbox(store, wire, settings), identity.context()
        self.port = settings.ports.smtp
        self._controller: Controller | None = None
        self._lock = threading.Lock()
        wire.register(UPSTREAM, [OPERATION], [*AT_ENVELOPE, *AT_RECIPIENT, *AT_DATA])
        wire.door(UPSTREAM, self)

    def open(self) -> None:
        """Raises OSError when the port is taken."""
        with self._lock:
            if self._controller is None:
                controller = self._listening()
                controller.start()
                self._controller = controller

    def _listening(self) -> Controller:
        return Controller(
            self._letterbox, "127.0.0.1", self.port, enable_SMTPUTF8=True, server_hostname="sandbox.example", data_size_limit=LARGEST,
            tls_context=self._tls, authenticator=self._letterbox.login, auth_require_tls=False,
        )  # fmt: skip

    def close(self) -> None:
        with self._lock:
            if self._controller is not None:
                self._controller.stop()
                self._controller = None
