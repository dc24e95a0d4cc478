"""`python -m sandbox`: arguments, the folder, every upstream started, sandbox.json, and a clean end on a signal."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox import settings, world


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox", description="The upstream world on this machine, on 127.0.0.1 only.")
    parser.add_argument("--dir", type=Path, required=True, help="where state, certificates and sandbox.json are kept")
    parser.add_argument("--port-base", type=_port_base, help="ports from here upward; without it the former or free ones")
    parser.add_argument("--reset", action="store_true", help="forget what happened; certificates and credentials stay")
    parser.add_argument("--fast", action="store_true", help="waits of seconds and minutes become milliseconds")
    return parser.parse_args(given)


def _port_base(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65_000:
        raise argparse.ArgumentTypeError("a number from 1024 to 65000")
    return port


def main(given: list[str] | None = None) -> int:
    asked = arguments(sys.argv[1:] if given is None else given)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        folder = world.claim(asked.dir.resolve(), asked.reset)
        running = world.start(settings.load(folder.path, asked.fast, asked.port_base))
    except (OSError, world.Taken) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    print(f"sandbox ready {running.info_file}", flush=True)
    stop.wait()
    running.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
