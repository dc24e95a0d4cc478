"""Pages served by gunicorn as in life, and the CPU that each costs the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench import world
from bench.servers import until
from deploy.processes import free_port

ASKED = 200  # times in each round
_GUNICORN = ("-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket", "--bind")


@dataclass
class Served:
    """An application behind one process, and a browser that keeps its connection and this cookie."""

    url: str
    pid: int
    session: requests.Session

    def ask(self, path: str, status: int) -> None:
        answer = self.session.get(self.url + path, headers={"HX-Request": "true"}, timeout=30)
        assert answer.status_code == status, f"{path}: {answer.status_code}"

    def cost(self, path: str, status: int) -> Callable[[], float]:
        """Microseconds of the server's CPU for one request of this address, which is answered with this status."""

        def measured() -> float:
            before = _busy(self.pid)
            for _ in range(ASKED):
                self.ask(path, status)
            return (_busy(self.pid) - before) / 1000 / ASKED

        return measured


@contextmanager
def served(app: str, variables: Mapping[str, str], log: Path, cookie: str = "") -> Iterator[Served]:
    """The application of that import path, once it answers."""
    address = f"127.0.0.1:{free_port()}"
    with world.process(world.python(*_GUNICORN, address, app), dict(variables), log) as gunicorn, requests.Session() as session:
        session.headers["Cookie"] = cookie
        session.trust_env = False
        until(lambda: _answers(session, f"http://{address}"), f"{app}: {log}", 60)
        yield Served(f"http://{address}", world.children(gunicorn.pid)[0], session)


def _answers(session: requests.Session, url: str) -> bool:
    try:
        return session.get(url, timeout=5).status_code < 500
    except (requests.ConnectionError, requests.Timeout):
        return False


def _busy(pid: int) -> int:
    """Nanoseconds of CPU that all threads of the process have used."""
    time.sleep(0.02)  # its last answer is still being written down
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").iterdir())
