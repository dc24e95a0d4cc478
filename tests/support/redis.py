"""A Redis server of the test's own, on a free port, without files: to be stopped, frozen, emptied and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from tests.support.absent import absent


class Server:
    """Its address does not change when it is restarted; what it held does."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        limit = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > limit or self._process.poll() is not None:
                raise RuntimeError("Redis did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It accepts connections and says nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        """What redis-cli would be told."""
        import redis

        with redis.Redis(port=self.port) as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def server() -> Iterator[Server]:
    """For the time of a block."""
    if find_spec("redis") is None:
        absent("redis is not installed (requirements-scale.txt)")
    if not shutil.which("redis-server"):
        absent("Redis is not installed (Debian: apt-get install redis-server)")
    made = Server()
    made.start()
    try:
        yield made
    finally:
        made.stop()
