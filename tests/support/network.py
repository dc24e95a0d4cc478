"""Keeps tests on this machine: a connection to anywhere but loopback is refused and named."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

_connect = socket.socket.connect
_look_up = socket.getaddrinfo


class Outside(Exception):
    """A test tried to leave this machine. Not an OSError: no client may take it for an upstream that is down."""


def is_loopback(host: str) -> bool:
    """Whether it is this machine: localhost or a loopback address."""
    try:
        return host in {"localhost", ""} or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and not is_loopback(str(address[0])):
        raise Outside(f"a test tried to connect to {address[0]}")
    _connect(self, address)


def _guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None and not is_loopback(name) and not _is_address(name):
        raise Outside(f"a test tried to look up {name}")
    return _look_up(host, *args, **kwargs)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def stay_home() -> None:
    """From here on, for this process."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _guarded_look_up
