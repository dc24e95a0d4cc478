"""One deadline per call, however slowly the other side drips; and HTTP connections that keep it and know whether a request was sent."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@dataclass
class Call:
    """One call under way: when it must be over (monotonic clock), and whether any byte of the request may have left."""

    until: float
    sent: bool = False

    def left(self) -> float:
        """Seconds until the deadline; TimeoutError when it has passed."""
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("deadline passed")
        return seconds


_current: ContextVar[Call | None] = ContextVar("upstream_call", default=None)


class Deadlined(Protocol):
    """A client whose verbs may take no longer than this."""

    total_s: float


Client = TypeVar("Client", bound=Deadlined)
Given = ParamSpec("Given")
Answer = TypeVar("Answer")


@contextmanager
def deadline(total_s: float) -> Iterator[Call]:
    """Everything that is sent and read inside, by this thread, belongs to one call of at most so many seconds, and of no more
    than is left of a deadline around it."""
    outer, until = _current.get(), time.monotonic() + total_s
    token = _current.set(call := Call(min(until, outer.until) if outer else until))
    try:
        yield call
    finally:
        _current.reset(token)


def one_deadline(verb: Callable[Concatenate[Client, Given], Answer]) -> Callable[Concatenate[Client, Given], Answer]:
    """Marks a client's verb that makes several calls: together they keep the deadline of one, which leases are reckoned by."""

    @wraps(verb)
    def bounded(client: Client, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with deadline(client.total_s):
            return verb(client, *args, **kwargs)

    return bounded


class _Reader(io.RawIOBase):
    """A socket's bytes; each read may take only what is left of the call."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, call: Call | None) -> None:
        self._raw, self._sock, self._call = raw, sock, call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._call:
            self._sock.settimeout(self._call.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def reader(raw: io.RawIOBase, sock: socket.socket) -> io.BufferedReader:
    """What a socket gives, to be read within the call under way."""
    return io.BufferedReader(_Reader(raw, sock, _current.get()))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = reader(self.fp.detach(), sock)


def _before_send(connection: HTTPConnection) -> None:
    """The connection stands from here on: a failure after this may have had its effect."""
    if connection.sock is None:
        connection.connect()
    if call := _current.get():
        connection.sock.settimeout(call.left())
        call.sent = True


class _Plain(HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


class _Tls(HTTPSConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class DeadlineAdapter(HTTPAdapter):
    """requests over these connections: kept alive, never retried."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=16, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
