"""`python -m sandbox`: arguments, the folder, every upstream started, sandbox.json, and a clean end on a signal."""

import argparse
import ctypes
import resource
import signal
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path

from sandbox import settings, world
from sandbox.files import Unreadable
from sandbox.saying import Unbroken, complain

CONNECTIONS = 65_536
# of mallopt(3), bytes
MMAP_THRESHOLD, LARGE = -3, 1024 * 1024


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox", description="The upstream world on this machine, on 127.0.0.1 only.")
    parser.add_argument("--dir", type=Path, required=True, help="where state, certificates and sandbox.json are kept")
    parser.add_argument("--port-base", type=_port_base, help="ports from here upward; without it the former or free ones")
    parser.add_argument("--reset", action="store_true", help="forget what happened; certificates and credentials stay")
    parser.add_argument("--fast", action="store_true", help="waits of seconds and minutes become milliseconds")
    parser.add_argument("--seed", type=int, help="ids, codes, numbers and dice come out the same for the same calls")
    return parser.parse_args(given)


def _port_base(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65_000:
        raise argparse.ArgumentTypeError("a number from 1024 to 65000")
    return port


def _let_many_in() -> None:
    """Every connection takes a file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS if most == resource.RLIM_INFINITY else min(most, CONNECTIONS), most))


def _give_memory_back() -> None:
    """glibc keeps for each thread what a large body once took, as long as large pieces are not mapped on their own."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, LARGE)


def main(given: list[str] | None = None) -> int:
    asked = arguments(sys.argv[1:] if given is None else given)
    stop = threading.Event()
    sys.stderr = Unbroken(sys.stderr)  # type: ignore[assignment]
    _let_many_in()
    _give_memory_back()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        folder = world.claim(asked.dir.resolve(), asked.reset)
        running = world.start(settings.load(folder.path, asked.fast, asked.port_base, asked.seed))
    except (OSError, sqlite3.Error, world.Taken, Unreadable) as error:
        complain(f"sandbox: {error}")
        return 2
    print(f"sandbox ready {running.info_file}", flush=True)
    stop.wait()
    running.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
