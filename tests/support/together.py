"""Deeds of several people at one moment."""

import threading
from collections.abc import Callable

from console.models import database


def at_once(*deeds: Callable[[], object]) -> None:
    """Each in a thread of its own, started at the same moment."""
    gate = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            deed()
        finally:
            database.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
