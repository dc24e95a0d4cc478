"""An SMTP server that answers as it is told, for what the sandbox's never says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = str | None | Callable[[socket.socket], None]
Replies = dict[str, Answer]
_FINE = {
    "HELLO": "220 hello", "EHLO": "250 fine", "MAIL": "250 fine", "RCPT": "250 fine", "DATA": "354 go on", "TEXT": "250 taken",
    "QUIT": "221 bye",
}  # fmt: skip


@contextmanager
def servers() -> Iterator[Callable[[Replies], int]]:
    """Starts servers of one conversation each, by their replies to a command (None hangs up, a function has the last word), and answers
    their ports."""
    doors: list[socket.socket] = []

    def start(replies: Replies) -> int:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)
        threading.Thread(target=_serve, args=(door, _FINE | replies), daemon=True).start()
        return int(door.getsockname()[1])

    yield start
    for door in doors:
        door.close()


def drip(peer: socket.socket) -> None:
    """A reply without an end: a byte each 20 ms, for as long as somebody listens."""
    with suppress(OSError):
        while True:
            peer.sendall(b"2")
            time.sleep(0.02)


def fall_silent(peer: socket.socket) -> None:
    """Agrees, and says nothing more, for as long as somebody waits."""
    peer.sendall(b"220 go on\r\n")
    with suppress(OSError):
        while peer.recv(1024):
            pass


def _serve(door: socket.socket, said: Replies) -> None:
    peer, _ = door.accept()
    with peer, peer.makefile("rb") as lines:
        command = "HELLO"
        while command and (reply := said.get(command, "250 fine")) is not None:
            if not isinstance(reply, str):
                reply(peer)
                return
            peer.sendall(reply.encode() + b"\r\n")
            line = lines.readline()
            while command == "DATA" and reply.startswith("354") and line not in (b".\r\n", b""):
                line = lines.readline()
            command = "TEXT" if line == b".\r\n" else line.decode().split(" ")[0].strip().upper()
