"""The ports of all doors: chosen, remembered, and held, so that nobody else takes them before a door opens or while one is shut."""

import json
import random
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sandbox.files import kept

FILE = "ports.json"
HOST = "127.0.0.1"
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST, TRIES = 15_000, 200


@dataclass(frozen=True)
class Ports:
    """All on 127.0.0.1."""

    salesforce: int
    salesforce_plain: int
    pubsub: int
    pubsub_plain: int
    whmcs: int
    mobile: int
    smtp: int
    inbox: int
    control: int

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        return cls(*range(base, base + len(fields(cls))))


class Berth:
    """Ports that are ours as long as this object lives.

    On Linux a socket that is bound but does not listen keeps a port from being given to others, and lets a second socket of the same
    user listen on it. Elsewhere that is no rule, and the ports are only known to have been free.
    """

    def __init__(self, ports: Ports, held: list[socket.socket]) -> None:
        self.ports, self._held = ports, held
        if sys.platform != "linux":
            self.leave()

    def leave(self) -> None:
        for one in self._held:
            one.close()
        self._held = []


def free() -> Berth:
    """Where the system gives no port to others by itself, so that they are ours again after a restart."""
    held = [_chosen() for _ in fields(Ports)]
    return Berth(Ports(*[int(one.getsockname()[1]) for one in held]), held)


def _chosen() -> socket.socket:
    range_of_ours = range(LOWEST, _given_from())
    for port in random.sample(range_of_ours, k=min(TRIES, len(range_of_ours))):
        with suppress(OSError):
            return _bound(port, alone=True)
    return _bound(0, alone=True)


def _given_from() -> int:
    """The first port that the system gives to outgoing connections, and to whoever asks for any."""
    try:
        return int(GIVEN.read_text().split()[0])
    except (OSError, ValueError):
        return LOWEST


def at(ports: Ports) -> Berth:
    """Exactly these. Raises OSError when one is taken."""
    held: list[socket.socket] = []
    try:
        for port in asdict(ports).values():
            held.append(_bound(port))
    except OSError:
        Berth(ports, held).leave()
        raise
    return Berth(ports, held)


def former(folder: Path) -> Berth | None:
    """Those of the last run in this folder, as long as they are free."""
    path = folder / FILE
    try:
        return at(Ports(**json.loads(path.read_text()))) if path.exists() else None
    except (OSError, ValueError, TypeError):
        # taken, or a file that says nothing
        return None


def remember(folder: Path, ports: Ports) -> None:
    kept(folder / FILE, json.dumps(asdict(ports)).encode())


def _bound(port: int, alone: bool = False) -> socket.socket:
    """`alone`: also those count as taken that somebody else only holds, or whose connections ended a moment ago."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, not alone)
    try:
        made.bind((HOST, port))
        # the server that will listen has it set, too
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
    except OverflowError as error:
        made.close()
        raise OSError(f"no port: {port}") from error
    except OSError as error:
        made.close()
        raise OSError(error.errno, f"port {port} is taken: {error.strerror}") from error
    return made
